#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# enclaver.bats - the script that glues the programs
load ../helpers
load ../peers

local_setup() {
	requires python3 skopeo jq
	fake_blobs blobs
	export ENCLAVER_BLOBS="$T/blobs"
	mkdir tmp libexec
	export TMPDIR="$T/tmp"
	if [ -n "${ENCLAVER_LIBEXEC:-}" ]; then
		cp "$ENCLAVER_LIBEXEC/init" libexec/init
		fake_odyn libexec/odyn
		fake_runner libexec/enc-run
		export ENCLAVER_LIBEXEC="$T/libexec"
	fi
	app=$(mkimage_app "$ENCLAVER_STORE" docker.io/repo/app:1)
	sleeve=$(mkimage_sleeve "$ENCLAVER_STORE" docker.io/library/sleeve:1)
	manifest repo/app:1 repo/app:enclave sleeve:1 >enclaver.yaml
}

# No file of ours in TMPDIR, none in the store's.
clean() {
	same "" "$(ls -A tmp)"
	same "" "$(find "$ENCLAVER_STORE/tmp" -mindepth 1 2>/dev/null)"
}

@test "enclaver: build prints sources, measurements and the image" {
	expect 0 enclaver build -q
	same "" "$stderr"
	same 1 "${#lines[@]}"
	jq . <<<"$output" >build.json
	same '["Sources","Measurements","Image"]' "$(jq -c keys_unsorted build.json)"
	same '["App","NitroCLI","Odyn","Sleeve"]' "$(jq -c '.Sources | keys' build.json)"
	same '["PCR0","PCR1","PCR2"]' "$(jq -c '.Measurements | keys' build.json)"
	same "docker.io/repo/app@${app##*@}" "$(jq -r .Sources.App.RepoDigest build.json)"
	same "docker.io/library/sleeve@${sleeve##*@}" "$(jq -r .Sources.Sleeve.RepoDigest build.json)"
	release="oci:$ENCLAVER_STORE:docker.io/repo/app:enclave"
	same "$(jq -r .Image.RepoDigest build.json)" \
		"docker.io/repo/app@$(skopeo inspect --format '{{.Digest}}' "$release")"
	same "$(jq -r .Measurements.PCR0 build.json)" \
		"$(skopeo inspect --raw "$release" | jq -r '.annotations["io.enclaver.pcr0"]')"
	clean
}

@test "enclaver: build without a sleeve builds on enc-run alone" {
	sed -i '/sleeve:/d' enclaver.yaml
	expect 0 enclaver build -q
	same "" "$stderr"
	release="oci:$ENCLAVER_STORE:docker.io/repo/app:enclave"
	runner=$(skopeo inspect --raw "$release" | jq -r '.annotations["io.enclaver.runner"]')
	same "{\"ID\":\"$runner\",\"Name\":\"builtin\"}" \
		"$(jq -c .Sources.Sleeve <<<"$output")"
	digest=$(jq -r .Image.RepoDigest <<<"$output")
	piped=$(enc-amend -f enclaver.yaml "$app" | enc-eif -q -f enclaver.yaml |
		enc-release -q -f enclaver.yaml)
	same "${digest##*@}" "${piped##*@}"
	clean
}

@test "enclaver: build and the pipeline make the same image" {
	digest=$(enclaver build -q | jq -r .Image.RepoDigest)
	piped=$(enc-amend -f enclaver.yaml "$app" | enc-eif -q -f enclaver.yaml |
		enc-release -q -f enclaver.yaml)
	same "${digest##*@}" "${piped##*@}"
}

@test "enclaver: sources are relative to the current folder, signatures to the manifest's" {
	mkimage_app "$T/layout" a:1 >/dev/null
	mkdir sub
	manifest oci:layout:a:1 x sleeve:1 >sub/enclaver.yaml
	expect 0 enclaver build -q -f sub/enclaver.yaml --eif-only x.eif
	echo 'signature: {certificate: cert.pem, key: key.pem}' >>sub/enclaver.yaml
	expect 6 enclaver build -q -f sub/enclaver.yaml --eif-only x.eif
	contains "$stderr" "'sub/cert.pem'"
}

@test "enclaver: by its path it finds what is beside it" {
	local here
	here=$(command -v enclaver)
	PATH=/usr/bin:/bin expect 0 "$here" pull -V
	contains "$output" "enc-pull (enclaver) "
}

@test "enclaver: -v tells each step and each program says more" {
	expect 0 enclaver build -v
	quiet=$(enclaver build -q)
	same "$quiet" "$output"
	contains "$stderr" "enclaver: enc-amend -f enclaver.yaml -- repo/app:1"
	contains "$stderr" "enc-amend: amending 'repo/app:1' with odyn 'builtin'"
	contains "$stderr" "enc-eif: kernel 'bzImage' of '$T/blobs'"
	contains "$stderr" "enc-release: 'docker.io/repo/app:enclave' is built on sleeve 'sleeve:1'"
	expect 0 enc-inspect -v layers repo/app:1
	contains "$stderr" "enc-inspect: 'repo/app:1' is an image"
	expect 0 enclaver build
	[[ $stderr != *"enclaver: enc-"* ]]
	# The EIF is in a temporary folder, which says nothing to anybody.
	contains "$stderr" "enc-eif: the EIF is for x86_64 and has "
	[[ $stderr != *application.eif* ]]
	clean
}

@test "enclaver: --eif-only writes an EIF and prints its measurements" {
	expect 0 enclaver build --eif-only out.eif -q
	same "Built EIF: out.eif" "${lines[0]}"
	same "EIF Info:" "${lines[1]}"
	same "{\"Measurements\":{\"PCR0\":\"$(pcr 0 out.eif)\",\"PCR1\":\"$(pcr 1 out.eif)\",\"PCR2\":\"$(pcr 2 out.eif)\"}}" \
		"${lines[2]}"
	same 3 "${#lines[@]}"
	same "" "$stderr"
	clean
	first=$output
	expect 0 enclaver --eif-only=out.eif build -q --file=enclaver.yaml
	same "$first" "$output"
}

@test "enclaver: -f - reads the manifest once" {
	first=$(enclaver build -q)
	mkdir elsewhere
	cd elsewhere
	expect 0 enclaver build -q -f - <../enclaver.yaml
	same "$first" "$output"
	cd ..
	clean
}

@test "enclaver: a manifest in a pipe is read once, too" {
	first=$(enclaver build -q)
	mkfifo fifo
	cat enclaver.yaml >fifo &
	expect 0 enclaver build -q -f fifo
	same "$first" "$output"
	wait $!
	expect 0 enclaver build -q -f /dev/stdin < <(cat enclaver.yaml)
	same "$first" "$output"
	expect 3 enclaver build -q -f /dev/null
	contains "$stderr" "enc-amend: <stdin>:1:1: there is nothing in it"
	clean
}

@test "enclaver: a missing image is pulled, with --pull also one that is there" {
	start_registry
	push "$app" app:1
	manifest "$registry_url/app:1" repo/app:enclave sleeve:1 >enclaver.yaml
	expect 0 enclaver build -q
	same "$registry_url/app@${app##*@}" "$(jq -r .Sources.App.RepoDigest <<<"$output")"
	other=$(mkimage "$T/other" x <<<$'config {"Cmd": ["/x"]}\nlayer\nfile x mode=0755 data=1')
	push "$other" app:1
	expect 0 enclaver build -q
	same "$registry_url/app@${app##*@}" "$(jq -r .Sources.App.RepoDigest <<<"$output")"
	sed -i 's/sleeve: .*/sleeve: "oci:'"${T//\//\\/}"'\/sleeve:s:1"/' enclaver.yaml
	mkimage_sleeve "$T/sleeve" s:1
	sed -i "s/app: .*/app: \"$registry_url\/app:1\"/" enclaver.yaml
	expect 0 enclaver build -q --pull
	same "$registry_url/app@${other##*@}" "$(jq -r .Sources.App.RepoDigest <<<"$output")"
	clean
}

# arch_of BUILD: the architectures of its EIF and of its release, from the JSON
# that build prints
arch_of() {
	local release
	release=oci:$ENCLAVER_STORE:$(jq -r '"\(.Image.Name)@\(.Image.RepoDigest | sub(".*@"; ""))"' "$1")
	tar -xOf "$(blob_of "$ENCLAVER_STORE" "$(manifest_of "$release" |
		jq -r '.layers[-1].digest')")" enclave/application.eif >"$1.eif"
	echo "$(enc-inspect --json "$1.eif" | jq -r .architecture)" \
		"$(config_of "$release" | jq -r .architecture)"
}

@test "enclaver: --platform chooses the images, of the store and of registries" {
	local arm_app
	mkdir blobs/aarch64 libexec/aarch64
	fake_image blobs/aarch64/Image
	echo x >blobs/aarch64/cmdline
	fake_odyn libexec/aarch64/odyn b7
	fake_odyn libexec/aarch64/init b7
	start_registry
	push "$app" app:1
	push "$sleeve" sleeve:1
	manifest "$registry_url/app:1" repo/app:enclave "$registry_url/sleeve:1" >enclaver.yaml
	enclaver build -q >x86
	same "x86_64 amd64" "$(arch_of x86)"
	# What the store has is for the other; what the registry has is not.
	expect 3 enclaver build -q --platform linux/arm64
	same "" "$output"
	same "enc-pull: '$registry_url/app:1' has no image for linux/arm64: it is for linux/amd64 alone" "$stderr"
	arm_app=$(MKIMAGE_ARCH=arm64 mkimage_app "$T/layout" app:arm)
	push "$arm_app" app:1
	push "$(MKIMAGE_ARCH=arm64 mkimage_sleeve "$T/layout" sleeve:arm)" sleeve:1
	same "$(cat x86)" "$(enclaver build -q)"
	expect 0 enclaver build -q --platform linux/arm64
	echo "$output" >arm
	same "aarch64 arm64" "$(arch_of arm)"
	same "$registry_url/app@${arm_app##*@}" "$(jq -r .Sources.App.RepoDigest arm)"
	# Then the store has them, and the registry is not asked.
	kill "${PEER_PIDS##* }"
	wait "${PEER_PIDS##* }" || :
	same "$(cat arm)" "$(enclaver build -q --platform=linux/arm64)"
	expect 5 enclaver build -q --platform linux/amd64
	clean
}

@test "enclaver: options of one letter may stand together" {
	mv enclaver.yaml other.yaml
	first=$(enclaver build -q -f other.yaml)
	expect 0 enclaver build -qf other.yaml
	same "$first" "$output"
	same "" "$stderr"
	expect 0 enclaver build -qqfother.yaml
	same "$first" "$output"
	same "" "$stderr"
}

@test "enclaver: odyn out of an image" {
	fake_odyn odyn
	hex=$(xxd -p odyn | tr -d '\n' | sed 's/../\\x&/g')
	odyn=$(mkimage "$T/layout" o:2 <<-END
	config {}
	layer
	file usr/local/bin/odyn mode=0755 data='$hex'
	END
	)
	sed -i "s|^  sleeve|  odyn: oci:$T/layout:o:2\n  sleeve|" enclaver.yaml
	expect 0 enclaver build -q
	same "o:2 $(manifest_of "$odyn" | jq -r .config.digest)" \
		"$(jq -r '.Sources.Odyn | .Name + " " + .ID' <<<"$output")"
	clean
}

@test "enclaver: the status is that of the program that failed" {
	expect 6 enclaver build -f nothing.yaml
	same "" "$output"
	same "enc-amend: cannot open 'nothing.yaml': No such file or directory" "$stderr"
	printf 'version: v1\n' >wrong.yaml
	expect 3 enclaver build -f wrong.yaml
	same "enc-amend: wrong.yaml:1:1: 'name' is missing" "$stderr"
	expect 3 enclaver build -f - <wrong.yaml
	same "enc-amend: <stdin>:1:1: 'name' is missing" "$stderr"
	manifest 127.0.0.1:1/none x sleeve:1 >none.yaml
	expect 5 enclaver build -q -f none.yaml
	same "" "$output"
	same 2 "${#stderr_lines[@]}"
	contains "${stderr_lines[0]}" "enc-pull: "
	contains "${stderr_lines[1]}" "enclaver: '127.0.0.1:1/none' is not in the store, nor in the docker daemon: DOCKER_HOST: no docker daemon at '$DOCKER_HOST'"
	expect 5 enclaver build -q -f none.yaml --pull
	same 1 "${#stderr_lines[@]}"
	hex=sha256:$(printf %064d 0)
	manifest "127.0.0.1:1/none@$hex" x sleeve:1 >none.yaml
	expect 5 enclaver build -q -f none.yaml
	same "enclaver: '127.0.0.1:1/none@$hex' is not in the store" "${stderr_lines[1]}"
	ENCLAVER_BLOBS=$T/none expect 6 enclaver build -q
	contains "$stderr" "enc-eif: "
	manifest repo/app:1 'A B' sleeve:1 >target.yaml
	expect 3 enclaver build -q -f target.yaml
	contains "$stderr" "enc-amend: target.yaml: target 'A B'"
	manifest repo/app:1 "x@sha256:$(printf %064d 0)" sleeve:1 >target.yaml
	expect 3 enclaver build -q -f target.yaml
	contains "$stderr" "enc-release: target 'x@sha256:"
	manifest '--help' x sleeve:1 >app.yaml
	expect 3 enclaver build -q -f app.yaml
	contains "$stderr" "enc-pull: '--help' is not the name of a repository"
	TMPDIR=$T/none expect 6 enclaver build -q
	contains "$stderr" 'is TMPDIR right?'
	clean
}

@test "enclaver: a signal in the middle leaves nothing" {
	mkdir bin
	cat >bin/enc-eif <<-END
	#!/bin/sh
	kill -TERM \$PPID
	sleep 0.1
	END
	chmod +x bin/enc-eif
	PATH=$T/bin:$PATH expect 143 enclaver build -q
	same "" "$output"
	clean
}

@test "enclaver: another verb is a program" {
	expect 0 enclaver release --version
	same "enc-release (enclaver) $ENC_VERSION" "$output"
	expect 3 enclaver amend -f enclaver.yaml nothing:1
	contains "$stderr" "enc-amend: "
	expect 2 enclaver nope
	same $'enclaver: unknown verb \'nope\'\nenclaver: try \'enclaver --help\'' "$stderr"
	expect 2 enclaver ../nope
	contains "$stderr" "unknown verb '../nope'"
}

@test "enclaver: an image beyond --max-size is not built" {
	expect 3 enclaver build -q --max-size 10 --eif-only x.eif
	contains "$stderr" "enc-eif: layer 1 ("
	contains "$stderr" "more than 10 bytes, and enc-eif takes no more without a larger --max-size"
	same "" "$output"
	[ ! -e x.eif ]
	expect 3 enclaver build -q --max-size=10
	contains "$stderr" "enc-eif: "
	clean
	expect 0 enclaver build -q --max-size 16M --eif-only x.eif
}

@test "enclaver: build takes the kernel from --blobs, as enc-eif does" {
	fake_blobs other
	echo other >other/cmdline
	expect 0 enclaver build -q --blobs other --eif-only x.eif
	same other "$(enc-inspect extract x.eif cmdline)"
	expect 0 enclaver build -v --blobs=other
	contains "$stderr" "enc-eif: kernel 'bzImage' of 'other'"
	expect 6 enclaver build -q --blobs ./none
	contains "$stderr" "enc-eif: cannot open the blobs folder './none'"
	clean
}

@test "enclaver: --log-buffer is in the measurements" {
	expect 0 enclaver build -q --eif-only x.eif
	expect 0 enclaver build -q --log-buffer 1M --eif-only y.eif
	run cmp -s x.eif y.eif
	same 1 "$status"
	grep -aq -- --log-buffer y.eif
	expect 0 enclaver build -q --log-buffer=1048576 --eif-only z.eif
	cmp y.eif z.eif
}

@test "enclaver: usage" {
	expect 2 enclaver
	same $'enclaver: no verb: build, run, push, ps, pull, amend, eif, release, inspect\nenclaver: try \'enclaver --help\'' "$stderr"
	expect 2 enclaver -q
	contains "$stderr" "enclaver: no verb"
	expect 2 enclaver build x
	contains "$stderr" "'build' takes no argument: 'x'"
	expect 2 enclaver build build
	contains "$stderr" "'build' takes no argument: 'build'"
	expect 2 enclaver build --nope
	contains "$stderr" "unknown option '--nope'"
	expect 2 enclaver build -qx
	contains "$stderr" "unknown option '-x'"
	expect 2 enclaver build -qf
	contains "$stderr" "option '-f' needs a value"
	expect 2 enclaver build --eif-only
	contains "$stderr" "option '--eif-only' needs a value"
	expect 2 enclaver build --eif-only ''
	contains "$stderr" "option '--eif-only' needs a value"
	expect 2 enclaver build --max-size ''
	contains "$stderr" "option '--max-size' needs a value"
	expect 2 enclaver build -q --max-size x
	same $'enclaver: --max-size is a number of bytes, or of k, M, G or T, not \'x\'\nenclaver: try \'enclaver --help\'' "$stderr"
	expect 2 enclaver build -q --max-size=10X --eif-only x.eif
	contains "$stderr" "enclaver: --max-size is a number"
	expect 2 enclaver build --platform linux/
	contains "${stderr_lines[0]}" "enclaver: --platform: 'linux/' is not a platform"
	expect 125 enclaver run --platform linux/arm64
	contains "$stderr" "option '--platform' is for build"
	expect 2 enclaver build --log-buffer=2G
	same $'enclaver: --log-buffer is at most 1G, not \'2G\'\nenclaver: try \'enclaver --help\'' "$stderr"
	expect 2 enclaver build --log-buffer=
	contains "$stderr" "option '--log-buffer' needs a value"
	expect 2 enclaver build --eif-only=
	contains "$stderr" "option '--eif-only' needs a value"
	same "" "$output"
}
