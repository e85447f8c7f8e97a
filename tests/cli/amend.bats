#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# amend.bats - enc-amend: an image becomes one for an enclave
load ../helpers
load ../peers

local_setup() {
	requires python3 skopeo jq
	printf 'version: v1\nname: app\ntarget: app:enclave\nsources: {app: app:1}\n' \
		>enclaver.yaml
	fake_odyn odyn
}

amend() {
	enc-amend -f enclaver.yaml --odyn odyn "$@"
}

# layer_of IMAGE: the tar of its topmost layer.
layer_of() {
	local rest=${1#oci:}
	blob_of "${rest%%:*}" "$(manifest_of "$1" | jq -r '.layers[-1].digest')"
}

@test "amend: the image gets odyn, the manifest and the process" {
	requires tar
	image=$(mkimage_app "$T/layout" app:1)
	expect 0 amend "$image"
	same "" "$stderr"
	contains "$output" "oci:$T/layout:app:1-amended@sha256:"
	amended=$output
	tar -tvf "$(layer_of "$amended")" --full-time --utc --numeric-owner >list
	same 'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 etc/enclaver/
-rw-r--r-- 0/0 56 1970-01-01 00:00:00 etc/enclaver/enclaver.yaml
-rw-r--r-- 0/0 169 1970-01-01 00:00:00 etc/enclaver/process.json
-rwxr-xr-x 0/0 64 1970-01-01 00:00:00 sbin/odyn' "$(tr -s ' ' <list)"
	same 'version: v1
name: "app"
target: "-"
sources:
  app: "-"' "$(tar -xOf "$(layer_of "$amended")" etc/enclaver/enclaver.yaml)"
	same '{"argv":["/bin/app","-v","serve"],"cwd":"/srv","env":["PATH=/usr/local/bin:/usr/bin:/bin","GREETING=two words"],"schema":"process/1","stop_signal":2,"user":"app:staff"}' \
		"$(tar -xOf "$(layer_of "$amended")" etc/enclaver/process.json)"
	tar -xOf "$(layer_of "$amended")" sbin/odyn | cmp - odyn
	same '{"Entrypoint":["/sbin/odyn","--config-dir","/etc/enclaver","--","/bin/app","-v","serve"],"Env":["PATH=/usr/local/bin:/usr/bin:/bin","GREETING=two words"],"StopSignal":"SIGINT"}' \
		"$(skopeo inspect --config --raw "$amended" | jq -Sc .config)"
	skopeo inspect --raw "$amended" >manifest
	same 1 "$(jq -r '.annotations["io.enclaver.amended"]' manifest)"
	same app:1 "$(jq -r '.annotations["org.opencontainers.image.base.name"]' manifest)"
	same "${image##*@}" "$(jq -r '.annotations["org.opencontainers.image.base.digest"]' manifest)"
	same null "$(jq -r '.annotations["io.enclaver.signature.certificate"]' manifest)"
	same "builtin@sha256:$(sha256sum <odyn | cut -d' ' -f1)" \
		"$(jq -r '.annotations["io.enclaver.odyn"]' manifest)"
}

@test "amend: skopeo copies it, umoci unpacks it" {
	requires umoci
	image=$(mkimage_app "$T/layout" app:1)
	amended=$(amend "$image")
	skopeo copy -q --preserve-digests "$amended" "oci:$T/copy:x"
	umoci unpack --rootless --image "$T/copy:x" bundle
	cmp bundle/rootfs/sbin/odyn odyn
	same 755 "$(stat -c %a bundle/rootfs/sbin/odyn)"
	same $'enclaver.yaml\nprocess.json' "$(ls bundle/rootfs/etc/enclaver)"
	same $'#!/bin/sh\necho "$GREETING"' "$(cat bundle/rootfs/bin/app)"
}

@test "amend: a symbolic link /sbin stays what it is" {
	requires umoci
	image=$(mkimage "$T/layout" app:1 <<-'END'
	config {"Cmd": ["/x"]}
	layer
	dir usr
	dir usr/sbin
	symlink sbin to=usr/sbin
	END
	)
	amended=$(amend "$image")
	umoci unpack --rootless --image "${amended#oci:}" bundle
	same usr/sbin "$(readlink bundle/rootfs/sbin)"
	cmp bundle/rootfs/usr/sbin/odyn odyn
}

@test "amend: same inputs, same bytes, whatever the surroundings" {
	image=$(mkimage_app "$T/layout" app:1)
	first=$(amend "$image")
	mkdir -p elsewhere/layout
	cp -r layout/* elsewhere/layout
	cd elsewhere
	cp ../odyn other-name
	chmod 600 other-name
	second=$(umask 077; TZ=Asia/Tokyo LC_ALL=C.UTF-8 \
		enc-amend -f - --odyn other-name "${image/"$T/layout"/$PWD/layout}" <../enclaver.yaml)
	same "${first##*@}" "${second##*@}"
}

@test "amend: target, sources, signature and defaults change no layer" {
	requires openssl
	image=$(mkimage_app "$T/layout" app:1)
	before=$(layer_of "$(amend "$image")")
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes \
		-keyout key.pem -out cert.pem -subj /CN=x 2>/dev/null
	cat >enclaver.yaml <<-'END'
	# another text
	defaults: {memory_mb: 1024}
	signature: {certificate: cert.pem, key: key.pem}
	sources: {app: "other:2", sleeve: s}
	target: another:name
	name: "app"
	version: v1
	END
	expect 0 amend "$image"
	same "$before" "$(layer_of "$output")"
	same "sha256:$(openssl x509 -in cert.pem -outform DER | sha256sum | cut -d' ' -f1)" \
		"$(manifest_of "$output" | jq -r '.annotations["io.enclaver.signature.certificate"]')"
}

@test "amend: a certificate that cannot be read is an error before anything is written" {
	image=$(mkimage_app "$T/layout" app:1)
	printf 'signature: {certificate: cert.pem, key: key.pem}\n' >>enclaver.yaml
	find layout -type f | sort >before
	expect 6 amend "$image"
	same "" "$output"
	contains "$stderr" "cert.pem"
	find layout -type f | sort >after
	cmp before after
	expect 6 enc-amend -f enclaver.yaml --sources
	contains "$stderr" "enclaver.yaml: signature: "
}

@test "amend: a target that is no name is found before anything is fetched" {
	sed -i 's/^target: .*/target: "Repo\/App"/' enclaver.yaml
	expect 3 enc-amend -f enclaver.yaml --sources
	same "" "$output"
	contains "$stderr" "enclaver.yaml: target 'Repo/App': "
}

# runs_as WANT-JSON CONFIG-JSON
runs_as() {
	image=$(mkimage "$T/layout" "app:$((++count))" <<<"config $2
layer
file x")
	expect 0 amend "$image"
	same "$1" "$(tar -xOf "$(layer_of "$output")" etc/enclaver/process.json)"
}

@test "amend: ENTRYPOINT, CMD, ENV, WORKDIR, USER and STOPSIGNAL survive" {
	count=0
	runs_as '{"argv":["/a"],"cwd":"/","env":[],"schema":"process/1","stop_signal":15,"user":""}' \
		'{"Cmd": ["/a"]}'
	runs_as '{"argv":["/a"],"cwd":"/w","env":[],"schema":"process/1","stop_signal":9,"user":"1000:5"}' \
		'{"Entrypoint": ["/a"], "Cmd": null, "WorkingDir": "w", "StopSignal": "9", "User": "1000:5"}'
	runs_as '{"argv":["/a","","b c","d\ne"],"cwd":"/x y","env":["A=","B=1\n2","C==ä"],"schema":"process/1","stop_signal":37,"user":"u"}' \
		'{"Entrypoint": ["/a", ""], "Cmd": ["b c", "d\ne"], "Env": ["A=", "B=1\n2", "C==\u00e4"], "WorkingDir": "/x y", "StopSignal": "RTMIN+3", "User": "u"}'
}

# refused WHAT CONFIG-JSON
refused() {
	image=$(mkimage "$T/layout" "app:$((++count))" <<<"config $2
layer
file x")
	expect 3 amend "$image"
	same "" "$output"
	same "enc-amend: image '$image': $1" "$stderr"
}

@test "amend: what cannot be honoured is refused" {
	count=0
	refused "the image has neither ENTRYPOINT nor CMD: there is nothing to run; set one where the image is built" '{}'
	refused "the image has neither ENTRYPOINT nor CMD: there is nothing to run; set one where the image is built" '{"Cmd": []}'
	refused "the image's 'Cmd' is not an array" '{"Cmd": "x"}'
	refused "the image's 'Cmd'[1] is not a string" '{"Cmd": ["x", 1]}'
	refused "the image's 'Env'[1] is 'B', not NAME=value" '{"Cmd": ["x"], "Env": ["A=1", "B"]}'
	refused "the image's 'Env'[0] is '=1', not NAME=value" '{"Cmd": ["x"], "Env": ["=1"]}'
	refused "the image's 'StopSignal' is 'SIGNOPE', which is no signal" '{"Cmd": ["x"], "StopSignal": "SIGNOPE"}'
	refused "the image's 'User' is not a string" '{"Cmd": ["x"], "User": 0}'
}

@test "amend: an image for another platform, and one that is amended" {
	image=$(mkimage "$T/layout" w:1 <<<$'image {"os": "windows"}\nconfig {"Cmd": ["x"]}\nlayer\nfile x')
	expect 3 amend "$image"
	same "enc-amend: image '$image': the image is for windows/amd64; an enclave runs linux/amd64 or linux/arm64" "$stderr"
	image=$(mkimage "$T/layout" w:2 <<<$'image {"architecture": "riscv64"}\nconfig {"Cmd": ["x"]}\nlayer\nfile x')
	expect 3 amend "$image"
	contains "$stderr" "the image is for linux/riscv64;"
	image=$(mkimage_app "$T/layout" app:1)
	amended=$(amend "$image")
	expect 3 amend "$amended"
	same "enc-amend: image '$amended': the image was amended before: give the one that it was made of" "$stderr"
	# The annotation does not survive every copy; the entrypoint does.
	skopeo copy -q "$amended" docker-archive:a.tar
	skopeo copy -q docker-archive:a.tar "oci:$T/copied:x"
	expect 3 amend "oci:$T/copied:x"
	contains "$stderr" "the image was amended before"
}

@test "amend: odyn must be a program for the image's architecture" {
	image=$(MKIMAGE_ARCH=arm64 mkimage_app "$T/layout" app:arm)
	expect 3 amend "$image"
	contains "$stderr" "odyn 'odyn' is for architecture amd64, the image for arm64: give the right one, --odyn FILE"
	fake_odyn odyn b7
	expect 0 amend "$image"
	echo '#!/bin/sh' >odyn
	expect 3 amend "$image"
	contains "$stderr" "odyn 'odyn' is not a program (ELF)"
}

@test "amend: odyn out of an image, by name or by path" {
	hex=$(xxd -p odyn | tr -d '\n' | sed 's/../\\x&/g')
	from=$(mkimage "$T/layout" docker.io/repo/odyn:2 <<-END
	config {"Entrypoint": ["/usr/local/bin/odyn"]}
	layer zstd
	file usr/local/bin/odyn mode=0755 data='$hex'
	END
	)
	image=$(mkimage_app "$T/layout" app:1)
	plain=$(amend "$image")
	sed -i 's/app:1}/app:1, odyn: "repo\/odyn:2"}/' enclaver.yaml
	expect 0 enc-amend -f enclaver.yaml "$image"
	same "$(layer_of "$plain")" "$(layer_of "$output")" "the same layer"
	same "docker.io/repo/odyn:2@${from##*@}" "$(manifest_of "$output" | jq -r '.annotations["io.enclaver.odyn"]')"
	expect 0 enc-amend -f enclaver.yaml --odyn "$from" "$image"
	same "$(layer_of "$plain")" "$(layer_of "$output")" "the same layer"
	sed -i 's/odyn:2/odyn:3/' enclaver.yaml
	expect 3 enc-amend -f enclaver.yaml "$image"
	same "enc-amend: image '$image': odyn 'repo/odyn:3': no image 'docker.io/repo/odyn:3' in the store '$T/store': pull it first, enc-pull repo/odyn:3" "$stderr"
	expect 3 enc-amend -f enclaver.yaml --odyn "$image" "$image"
	contains "$stderr" "there is no file /usr/local/bin/odyn in it"
}

@test "amend: the built-in odyn is the default" {
	image=$(mkimage_app "$T/layout" app:1)
	if [ -n "${ENCLAVER_LIBEXEC:-}" ]; then
		mkdir libexec
		ENCLAVER_LIBEXEC=$T/libexec expect 6 enc-amend -f enclaver.yaml "$image"
		contains "$stderr" "no odyn for x86_64, cannot read '$T/libexec/odyn' (install the package enclaver-odyn, or give --odyn FILE, or sources.odyn in the manifest): No such file or directory"
		cp odyn libexec/odyn
		export ENCLAVER_LIBEXEC=$T/libexec
	fi
	expect 0 enc-amend -f enclaver.yaml "$image"
	contains "$(manifest_of "$output" | jq -r '.annotations["io.enclaver.odyn"]')" "builtin@sha256:"
}

@test "amend: for another architecture odyn is in the folder of its name" {
	image=$(MKIMAGE_ARCH=arm64 mkimage_app "$T/layout" app:arm)
	mkdir -p libexec/aarch64
	cp odyn libexec
	export ENCLAVER_LIBEXEC=$T/libexec
	expect 6 enc-amend -f enclaver.yaml "$image"
	same "" "$output"
	contains "$stderr" "no odyn for aarch64, cannot read '$T/libexec/aarch64/odyn' (install the package enclaver-odyn, or give --odyn FILE, or sources.odyn in the manifest): No such file or directory"
	cp odyn libexec/aarch64
	expect 3 enc-amend -f enclaver.yaml "$image"
	contains "$stderr" "odyn 'builtin' is for architecture amd64, the image for arm64"
	fake_odyn libexec/aarch64/odyn b7
	expect 0 enc-amend -f enclaver.yaml "$image"
	tar -xOf "$(layer_of "$output")" sbin/odyn | cmp - libexec/aarch64/odyn
	same arm64 "$(config_of "$output" | jq -r .architecture)"
}

@test "amend: SOURCE_DATE_EPOCH is the date of the new image" {
	image=$(mkimage_app "$T/layout" app:1)
	expect 0 amend "$image"
	same 2024-01-02T03:04:05Z "$(config_of "$output" | jq -r .created)"
	SOURCE_DATE_EPOCH=86400 expect 0 amend "$image"
	same 1970-01-02T00:00:00Z "$(config_of "$output" | jq -r .created)"
	SOURCE_DATE_EPOCH=x expect 2 amend "$image"
	same "" "$output"
}

@test "amend: HEALTHCHECK is kept, with a warning" {
	image=$(mkimage "$T/layout" app:1 <<<$'config {"Cmd": ["x"], "Healthcheck": {"Test": ["NONE"]}}\nlayer\nfile x')
	expect 0 amend "$image"
	same "enc-amend: the image's HEALTHCHECK is kept, but nobody runs it in an enclave" "$stderr"
	same '{"Test":["NONE"]}' "$(config_of "$output" | jq -c .config.Healthcheck)"
}

@test "amend: the image path comes through the pipe too" {
	image=$(mkimage_app "$T/layout" app:1)
	expect 0 amend <<<"$image"
	first=$output
	expect 0 amend - <<<"$image"
	same "$first" "$output"
	expect 2 amend </dev/null
	contains "$stderr" "no image path on standard input"
}

@test "amend: --log-buffer becomes a word of odyn's" {
	image=$(mkimage_app "$T/layout" app:1)
	local given
	for given in 1M 1048576; do
		expect 0 amend --log-buffer "$given" "$image"
		same '["/sbin/odyn","--config-dir","/etc/enclaver","--log-buffer","1048576","--","/bin/app","-v","serve"]' \
			"$(skopeo inspect --config --raw "$output" | jq -c .config.Entrypoint)"
	done
}

@test "amend: usage" {
	expect 0 enc-amend --help
	contains "$output" "usage: enc-amend"
	expect 0 enc-amend --version
	contains "$output" "enc-amend (enclaver) "
	expect 2 enc-amend
	same $'enc-amend: no manifest: give --file enclaver.yaml\nenc-amend: try \'enc-amend --help\'' "$stderr"
	expect 2 enc-amend --nope
	contains "$stderr" "unknown option '--nope'"
	expect 2 enc-amend -f -
	contains "$stderr" "standard input is the manifest: give the image as an argument"
	expect 2 enc-amend -f enclaver.yaml a b
	contains "$stderr" "more than one image: 'b'"
	expect 2 enc-amend -f enclaver.yaml --sources a
	contains "$stderr" "--sources takes no image, no --odyn and no --log-buffer"
	local bad
	for bad in 0 -1 x 1Q ''; do
		expect 2 amend --log-buffer "$bad" a
		contains "$stderr" "enc-amend: --log-buffer is a number of bytes, or of k, M, G or T, not '$bad'"
	done
	for bad in 1073741825 2G; do
		expect 2 amend --log-buffer "$bad" a
		contains "$stderr" "enc-amend: --log-buffer is at most 1G, not '$bad'"
	done
	expect 6 amend "oci:$T/nothing:a@sha256:$(printf 0 | sha256sum | cut -c-64)"
	same "" "$output"
	same "enc-amend: cannot open store '$T/nothing': No such file or directory" "$stderr"
}

@test "amend: a failure leaves the layout as it was" {
	image=$(mkimage_app "$T/layout" app:1)
	find layout | sort >before
	echo broken >odyn
	expect 3 amend "$image"
	find layout | sort >after
	cmp before after
}

@test "amend: a manifest or a configuration that was changed is refused" {
	image=$(mkimage_app "$T/layout" app:1)
	config=$(blob_of "$T/layout" "$(manifest_of "$image" | jq -r .config.digest)")
	cp "$config" saved
	sed -i 's/GREETING/greeting/' "$config"
	expect 4 amend "$image"
	same "" "$output"
	contains "$stderr" "enc-amend: image '$image': "
	cp saved "$config"
	blob=$(blob_of "$T/layout" "${image##*@}")
	cp "$blob" saved
	sed -i 's/schemaVersion/schemaversion/' "$blob"
	expect 4 amend "$image"
	same "" "$output"
	cp saved "$blob"
	rm "$config"
	expect 3 amend "$image"
	contains "$stderr" "pull the image again"
}

@test "amend: many at once leave a layout with all of them" {
	image=$(mkimage_app "$T/layout" app:1)
	pids=
	for i in 1 2 3 4 5 6 7 8; do
		sed "s/name: app/name: app$i/" enclaver.yaml >"$i.yaml"
		enc-amend -f "$i.yaml" --odyn odyn "$image" >"$i.path" &
		pids="$pids $!"
	done
	for pid in $pids; do wait "$pid"; done
	same 8 "$(jq '[.manifests[].annotations["org.opencontainers.image.ref.name"] |
		select(startswith("app:1-amended@"))] | length' layout/index.json)"
	for i in 1 2 3 4 5 6 7 8; do
		same "${image##*@}" "$(skopeo inspect --raw "$(cat $i.path)" |
			jq -r '.annotations["org.opencontainers.image.base.digest"]')"
	done
	same "" "$(ls -A layout/tmp)"
}
