#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run.bats - enc-run without an enclave: what is run, what is refused, what is
# said of it
load ../helpers
load ../peers

local_setup() {
	requires python3 jq
	export ENCLAVER_RUN=$T/run
	fake_blobs blobs
	head -c 20000 /dev/zero | tr '\0' r >ramdisk
	enc-eif -q --kernel blobs/bzImage --cmdline console=ttyS0 \
		--ramdisk ramdisk --ramdisk ramdisk -o app.eif >path
	manifest app:1 repo/app:enclave sleeve:1 >enclaver.yaml
}

# release: a release image of app.eif, in the store; its path in $image
release() {
	mkimage_sleeve "$ENCLAVER_STORE" docker.io/library/sleeve:1 >/dev/null
	image=$(enc-release -q -f enclaver.yaml app.eif)
}

# refused TEXT COMMAND...: enc-run fails before anything runs, and says why
refused() {
	local text=$1
	shift
	expect 125 enc-run "$@"
	same "" "$output"
	contains "$stderr" "$text"
}

@test "run: print-manifest and describe-eif, of an EIF, a release, a name, a pipe" {
	release
	local what
	for what in app.eif "$image" repo/app:enclave; do
		expect 0 enc-run print-manifest "$what"
		same "$(cat enclaver.yaml)" "$output"
		expect 0 enc-run describe-eif "$what"
		same "$(enc-inspect pcrs --json app.eif | jq -c '{Measurements:
			{PCR0: .pcr0, PCR1: .pcr1, PCR2: .pcr2}}')" "$output"
	done
	enc-run describe-eif app.eif >described
	expect 0 sh -c 'echo "$1" | enc-run describe-eif -' sh "$image"
	same "$(cat described)" "$output"
	# another manifest, and the EIF by itself
	sed s/8080/9090/ enclaver.yaml >other.yaml
	expect 0 enc-run --manifest_file other.yaml print-manifest "$image"
	same "$(cat other.yaml)" "$output"
	expect 0 enc-run --eif-file app.eif print-manifest
	same "$(cat enclaver.yaml)" "$output"
}

@test "run: it is enclaver-run, too" {
	ln -s "$(command -v enc-run)" enclaver-run
	expect 0 ./enclaver-run --version
	same "enclaver-run (enclaver) $ENC_VERSION" "$output"
	expect 0 ./enclaver-run --eif_file app.eif --manifest_file enclaver.yaml \
		--cpu_count 2 --memory_mb 512 --debug_mode -v describe-eif
	contains "$output" '{"Measurements":{"PCR0":"'
	expect 125 ./enclaver-run --no-such
	contains "$stderr" "enclaver-run: unknown option '--no-such'"
}

@test "run: what cannot be run is refused with its place, status 125" {
	refused "cannot open './none.eif'" ./none.eif
	refused "no image 'docker.io/library/none:latest' in the store" none
	printf 'not an EIF\n' >text
	refused "'text' is not an EIF" text
	mkdir alone
	cp app.eif alone
	refused "no manifest for 'alone/app.eif': give one with --manifest-file" alone/app.eif
	cp app.eif wrong.eif
	printf x | dd of=wrong.eif bs=1 seek=6000 conv=notrunc 2>/dev/null
	refused "'wrong.eif' is damaged: its CRC is" wrong.eif
	image=$(printf 'config {}\nlayer none\ndir srv\n' | mkimage images plain:1)
	refused "is no release image: no plain layer of it has '/enclave/enclaver.yaml'" "$image"
	refused "no launcher is called 'moon'" --launcher moon app.eif
	head -c 2000000 /dev/zero >large
	enc-eif -q --kernel blobs/bzImage --cmdline console=ttyS0 --ramdisk large \
		-o large.eif >/dev/null
	refused "has 1 MiB of memory, and an EIF of this size needs 8: give --memory-mb 8" \
		--memory-mb 1 --launcher sandbox large.eif
}

@test "run: what a release image was not made with is refused" {
	release
	# the same image with another EIF in its place
	local dir=${image#oci:} blob
	blob=$(manifest_of "$image" | jq -r '.layers[-1].digest')
	blob=$(blob_of "${dir%%:*}" "$blob")
	enc-eif -q --kernel blobs/bzImage --cmdline console=ttyS1 \
		--ramdisk ramdisk --ramdisk ramdisk -o other.eif >/dev/null
	chmod u+w "$blob"
	dd if=other.eif of="$blob" bs=4096 seek=1 conv=notrunc 2>/dev/null
	expect 4 enc-run describe-eif "$image"
	contains "$stderr" "its PCR0 is $(pcr 0 other.eif), the image says $(pcr 0 app.eif)"
}

@test "run: --expect, measurements in each of their forms" {
	enc-run describe-eif app.eif >described
	jq -c .Measurements described >bare
	jq -c '{Measurements: {PCR0: .Measurements.PCR0 | ascii_upcase}}' described >upper
	local good
	{ printf 'Built EIF: app.eif\nEIF Info:\n' && cat described; } >built
	for good in described bare upper built; do
		expect 0 enc-run --expect "$good" describe-eif app.eif
	done
	jq -c '.Measurements.PCR2 |= sub("^."; "g")' described >other
	expect 4 enc-run --expect other describe-eif app.eif
	contains "$stderr" "'app.eif' has another PCR2 than expected"
	jq -c '.Measurements.PCR8 = "00"' described >signed
	expect 4 enc-run --expect signed describe-eif app.eif
	contains "$stderr" "'app.eif' is not signed, and PCR8 is expected to be 00"
	refused "'app.eif' has another PCR2 than expected" --expect other --launcher sandbox app.eif
	jq -c '.Measurements.PCR3 = "00"' described >role
	expect 4 enc-run --expect role describe-eif app.eif
	contains "$stderr" "'app.eif' tells no PCR3, and it is expected to be 00"
	echo '{"pcr0": "00"}' >none
	expect 3 enc-run --expect none describe-eif app.eif
	contains "$stderr" "'none' has no PCR0"
	echo '{"PCR0": 5}' >number
	expect 3 enc-run --expect number describe-eif app.eif
	contains "$stderr" "'number': PCR0 is no string of hex digits"
}

@test "run: wrong command lines" {
	local args text
	while IFS='|' read -r args text; do
		# shellcheck disable=SC2086 # words
		refused "$text" $args
	done <<'END'
--cpu-count 0 app.eif|--cpu-count is a number from 1 to 4096, not '0'
--memory-mb -1 app.eif|--memory-mb is a number from 1 to
--cid 3 app.eif|--cid is a number from 4 to
--status-fd 77 app.eif|--status-fd 77 is not open
--grace 1x app.eif|--grace is a number from 0 to 86400, not '1x'
--json app.eif|--json is for 'ps'
ps app.eif|'ps' takes no argument
--eif-file app.eif app.eif|an EIF and 'app.eif': give one of them
app.eif other.eif|more than one image: 'other.eif'
describe-eif a b|too many arguments
-p none -p 1:1 app.eif|'none' goes with no other --publish
-p 9001:8080 -p 127.0.0.1:9001:8080 app.eif|port 9001 is published twice
-p 80 app.eif|'80' is not [ADDRESS:]HOST:ENCLAVE
--resolver ns.example app.eif|--resolver: 'ns.example' is no name server
-p 1:8081 app.eif|the enclave has no port 8081
END
}

@test "run: where enclaves have their folders" {
	ENCLAVER_RUN=rel expect 2 enc-run ps
	contains "$stderr" "ENCLAVER_RUN is 'rel': give an absolute path of at most 72 bytes"
	ENCLAVER_RUN=/$(printf '%080d' 0) expect 2 enc-run ps
	contains "$stderr" "give an absolute path of at most 72 bytes"
	[ "$(id -u)" -ne 0 ] || return 0
	unset ENCLAVER_RUN
	mkdir -m 700 runtime
	# both are looked into, and one that is not there is done without
	XDG_RUNTIME_DIR=$T/runtime expect 0 enc-run ps
	XDG_RUNTIME_DIR=/nowhere expect 0 enc-run ps
}

@test "run: nothing to run" {
	[ ! -e /enclave ] || skip "there is an /enclave"
	refused "no release image or EIF: name one, or - for standard input"
}

@test "run: ps lists nothing, and what a killed one left is not in it" {
	expect 0 enc-run ps
	same "PID      LAUNCHER   CID        CPUS      MIB  NAME" "$output"
	expect 0 enc-run ps --json
	same '{"enclaves":[],"schema":"enc-run-ps/1"}' "$output"
	mkdir -p "$ENCLAVER_RUN/run.dead42/deep"
	chmod 700 "$ENCLAVER_RUN"
	echo '{"name":"dead","pid":1}' >"$ENCLAVER_RUN/run.dead42/enclave.json"
	expect 0 enc-run ps --json
	same '{"enclaves":[],"schema":"enc-run-ps/1"}' "$output"
}

@test "run: a release image that says no measurements is verified by its layer's digest" {
	release
	local dir=${image#oci:} blob json
	dir=${dir%%:*}
	json=$(manifest_of "$image" | jq -c 'del(.annotations)')
	blob=$(printf %s "$json" | sha256sum | cut -d ' ' -f 1)
	printf %s "$json" >"$dir/blobs/sha256/$blob"
	image=oci:$dir:plain@sha256:$blob
	expect 0 enc-run describe-eif "$image"
	blob=$(blob_of "$dir" "$(jq -r '.layers[-1].digest' <<<"$json")")
	enc-eif -q --kernel blobs/bzImage --cmdline console=ttyS1 \
		--ramdisk ramdisk --ramdisk ramdisk -o other.eif >/dev/null
	chmod u+w "$blob"
	dd if=other.eif of="$blob" bs=4096 seek=1 conv=notrunc 2>/dev/null
	expect 4 enc-run describe-eif "$image"
	contains "$stderr" "that has the EIF is damaged: it is sha256:"
}

@test "run: a layer above that could have another manifest or EIF" {
	release
	local dir=${image#oci:} top json
	dir=${dir%%:*}
	# what an engine would see is not what lies in the layers below
	for top in "layer gzip
dir enclave" "layer none
symlink enclave/enclaver.yaml to=/etc/passwd" "layer none
whiteout enclave/enclaver.yaml" "layer none
symlink enclave to=srv"; do
		upper=$({ echo 'config {}' && echo "$top"; } | mkimage upper up:1)
		json=$(manifest_of "$upper" | jq -c '.layers[0]')
		cp "$(blob_of upper "$(jq -r .digest <<<"$json")")" "$dir/blobs/sha256/"
		json=$(manifest_of "$image" | jq -c --argjson top "$json" 'del(.annotations) | .layers += [$top]')
		blob=$(printf %s "$json" | sha256sum | cut -d ' ' -f 1)
		printf %s "$json" >"$dir/blobs/sha256/$blob"
		expect 3 enc-run describe-eif "oci:$dir:x@sha256:$blob"
		same "" "$output"
	done
}

@test "run: a folder of an enclave is emptied by descriptors; links stay links" {
	mkdir -p "$ENCLAVER_RUN/run.dead42/deep" precious
	chmod 700 "$ENCLAVER_RUN"
	echo kept >precious/file
	ln -s "$T/precious" "$ENCLAVER_RUN/run.dead42/link"
	ln -s "$T/precious" "$ENCLAVER_RUN/run.dead42/deep/link"
	mkfifo "$ENCLAVER_RUN/run.dead42/deep/fifo"
	# the next enclave removes it, even one that cannot start
	printf '#!/bin/sh -u\nexit 1\n' >none
	chmod +x none
	ENCLAVER_NITRO_CLI=$T/none expect 125 enc-run --launcher nitro-cli -p none app.eif
	contains "$stderr" "nitro-cli ended with status 1"
	# and one that cannot start is not started again
	ENCLAVER_NITRO_CLI=$T/none expect 125 enc-run --launcher nitro-cli -p none --restart 3 app.eif
	same 1 "$(grep -c "nitro-cli ended with status 1" <<<"$stderr")"
	! grep "again in" <<<"$stderr" || return 1
	same "" "$(ls "$ENCLAVER_RUN")"
	same kept "$(cat precious/file)"
}
