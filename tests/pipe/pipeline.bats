# SPDX-License-Identifier: Apache-2.0
# Whole pipelines, from a registry to a release, with skopeo and umoci as judges.
load ../helpers
load ../peers

local_setup() {
	given_pipeline
}

# whole [RELEASE OPTION...]: the pipeline of the README.  enc-release has no
# network: the sleeve is fetched before.
# shellcheck disable=SC2120
whole() {
	set -o pipefail
	enc-pull -q "$registry_url/base/sleeve:1" >sleeve &&
	enc-pull -q "$registry_url/team/app:1" | enc-amend -q -f enclaver.yaml |
		enc-eif -q -f enclaver.yaml | enc-release -q -f enclaver.yaml "$@"
}

# unpack IMAGE-PATH FOLDER
unpack() {
	local rest=${1#oci:}
	umoci unpack --rootless --image "${rest%%:*}:${rest#*:}" "$2"
}

@test "registry to release: skopeo and umoci accept every step" {
	enc-pull -q "$registry_url/team/app:1" >pulled
	enc-amend -q -f enclaver.yaml "$(cat pulled)" >amended
	enc-pull -q "$registry_url/base/sleeve:1" >sleeve
	enc-eif -q -f enclaver.yaml -o app.eif "$(cat amended)" >eif
	enc-release -q -f enclaver.yaml "$(cat eif)" >release
	for step in pulled amended release; do
		same 1 "$(wc -l <$step)" "$step: one line"
		expect 0 skopeo inspect "$(cat $step)"
		same "$(sed 's/.*@//' $step)" "$(skopeo inspect --format '{{.Digest}}' "$(cat $step)")"
		expect 0 skopeo copy -q --dest-tls-verify=false "$(cat $step)" \
			"docker://$registry_url/copy/$step:1"
		expect 0 skopeo copy -q "$(cat $step)" "docker-archive:$step.tar:copy:1"
		expect 0 unpack "$(cat $step)" "$step.bundle"
	done
	same "sha256:$(skopeo inspect --raw "docker://$registry_url/team/app:1" \
		--tls-verify=false | sha256sum | cut -d' ' -f1)" "$(sed 's/.*@//' pulled)"
}

@test "the whole pipeline: what comes out of it is all there" {
	expect 0 whole
	same '' "$stderr"
	same 1 "${#lines[@]}"
	contains "$output" "oci:$ENCLAVER_STORE:$registry_url/team/app:enclave@sha256:"
	release=$output
	[ -f application.eif ]
	unpack "$release" bundle
	cmp application.eif bundle/rootfs/enclave/application.eif
	cmp <(yaml_of bundle/rootfs/enclave/enclaver.yaml) <(yaml_of enclaver.yaml)
	[ -x bundle/rootfs/usr/local/bin/enclaver-run ]
	same '["/usr/local/bin/enclaver-run"]' "$(config_of "$release" | jq -c .config.Entrypoint)"
	same 3 "$(manifest_of "$release" | jq '.layers | length')"
	for n in 0 1 2; do
		same "$(pcr $n application.eif)" \
			"$(manifest_of "$release" | jq -r ".annotations[\"io.enclaver.pcr$n\"]")"
	done
	# The moving name leads to it too.
	same "${release##*@}" "$(skopeo inspect --format '{{.Digest}}' "${release%@*}")"
}

yaml_of() {
	python3 -c 'import sys; print(open(sys.argv[1]).read().strip())' "$1"
}

@test "the EIF in the release begins at a multiple of 4096 of an uncompressed layer" {
	expect 0 whole
	layer=$(manifest_of "$output" | jq -c '.layers[-1]')
	same application/vnd.oci.image.layer.v1.tar "$(jq -r .mediaType <<<"$layer")"
	blob=$(blob_of "$ENCLAVER_STORE" "$(jq -r .digest <<<"$layer")")
	at=$(python3 - "$blob" <<-'END'
	import sys, tarfile
	for member in tarfile.open(sys.argv[1]):
	    if member.name == "enclave/application.eif":
	        print(member.offset_data, member.mode, member.uid, member.gid)
	END
	)
	same 0 "$((${at%% *} % 4096))"
	same '420 0 0' "${at#* }"
}

@test "what enc-amend added is in the ramdisk, and the application's files too" {
	expect 0 whole
	mkdir parts
	eif_read application.eif parts >pcrs
	(mkdir out && cd out && cpio -i --quiet -d <../parts/ramdisk2)
	same '/sbin/odyn
--config-dir
/etc/enclaver
--
/bin/app
-v
serve' "$(cat out/cmd)"
	cmp out/rootfs/sbin/odyn "$(our_odyn)"
	same some "$(cat out/rootfs/srv/data)"
	same '["/bin/app","-v","serve"] /srv 2 1000 50 [50]' "$(jq -r '"\(.argv) \(.cwd) \(.stop_signal) \(.uid) \(.gid) \(.groups)"' \
		out/rootfs/etc/enclaver/process.json)"
	contains "$(cat out/rootfs/etc/enclaver/enclaver.yaml)" 'target: "-"'
	tree_of_ramdisk parts/ramdisk2 >tree
	contains "$(grep ^sbin/odyn tree)" ' 0755 0:0 '
	contains "$(grep ^etc/enclaver/enclaver.yaml tree)" ' 0644 0:0 '
}

@test "enc-release --output: archives that skopeo reads" {
	expect 0 whole --output "oci-archive:$T/release.tar"
	digest=${output##*@}
	same "$digest" "$(skopeo inspect --format '{{.Digest}}' "oci-archive:$T/release.tar")"
	expect 0 enc-release -q -f enclaver.yaml --output "docker-archive:$T/docker.tar" application.eif
	expect 0 skopeo inspect "docker-archive:$T/docker.tar"
	same '["'"$registry_url"'/team/app:enclave"]' \
		"$(tar -xOf docker.tar manifest.json | jq -c '.[0].RepoTags')"
	expect 0 skopeo copy -q "docker-archive:$T/docker.tar" oci:again:1
	umoci unpack --rootless --image again:1 bundle
	cmp application.eif bundle/rootfs/enclave/application.eif
	for file in release.tar docker.tar; do
		expect 0 tar -tf "$file"
	done
}

@test "archives and layouts feed the pipeline, and give the same EIF" {
	expect 0 whole
	mv application.eif registry.eif
	skopeo copy -q "$(mkimage_app source app:1)" oci-archive:app.tar:app:1
	skopeo copy -q "$(mkimage_app source app:1)" docker-archive:docker.tar:app:1
	for source in oci:source:app:1 "oci-archive:app.tar" "docker-archive:docker.tar"; do
		echo "$source"
		enc-pull -q "$source" >pulled
		enc-amend -q -f enclaver.yaml "$(cat pulled)" >amended
		expect 0 enc-eif -q -f enclaver.yaml -o other.eif "$(cat amended)"
		same "$(pcr 2 registry.eif)" "$(pcr 2 other.eif)"
	done
}

@test "an error in the middle of the pipe: its status, its words, no result" {
	run --separate-stderr bash -c '
		enc-pull -q "$0/team/none:1" | enc-amend -q -f enclaver.yaml |
		enc-eif -q -f enclaver.yaml | enc-release -q -f enclaver.yaml
		echo "${PIPESTATUS[@]}"' "$registry_url"
	same '5 2 2 2' "$output"
	contains "$stderr" 'enc-pull: '
	contains "$stderr" 'team/none:1'
	for program in enc-amend enc-eif enc-release; do
		contains "$stderr" "$program: "
	done
	[ ! -e application.eif ]

	echo 'unknown: 1' >>enclaver.yaml
	run --separate-stderr bash -c '
		enc-pull -q "$0/team/app:1" | enc-amend -q -f enclaver.yaml |
		enc-eif -q | enc-release -q -f enclaver.yaml
		echo "${PIPESTATUS[@]}"' "$registry_url"
	# enc-pull wrote its line, or found that nobody was there to read it.
	[[ $output =~ ^(0|141)\ 3\ 2\ 3$ ]]
	contains "$stderr" "enc-amend: enclaver.yaml:11:1: "
	contains "$stderr" "unknown"
	[ ! -e application.eif ]
}

@test "nothing is written but the store and the EIF" {
	mkdir work
	mv enclaver.yaml work
	cd work
	touch ../stamp
	sleep 0.05
	whole >../written
	find "$T" -newer "$T/stamp" -not -path "$T/store*" -not -path "$T/registry.*" \
		-not -name stamp -not -name written -type f >../written
	same "$T/work/application.eif
$T/work/sleeve" "$(sort ../written)"
	# Of temporaries nothing stays, not in the store either.
	same '' "$(find "$ENCLAVER_STORE/tmp" -type f -size +0 2>/dev/null)"
}

@test "a second run fetches and writes nothing anew, and says the same" {
	expect 0 whole
	first=$output
	find "$ENCLAVER_STORE/blobs" -type f -printf '%p %i %T@\n' | sort >before
	expect 0 whole
	same "$first" "$output"
	find "$ENCLAVER_STORE/blobs" -type f -printf '%p %i %T@\n' | sort >after
	same "$(cut -d' ' -f1 before)" "$(cut -d' ' -f1 after)"
	digest=$(manifest_of "$(enc-pull -q "$registry_url/team/app:1")" | jq -r '.layers[0].digest')
	same 1 "$(grep -c "GET /v2/team/app/blobs/$digest " "$T"/registry.*/log)"
}
