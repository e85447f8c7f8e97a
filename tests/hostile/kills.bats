#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kills.bats - SIGKILL at any moment, alone and with a second run beside it;
# twenty at once
#
# tools/faults.py says what is looked at.  ENC_TEST_KILLS=200 kills oftener.
load ../helpers
load ../peers
load ../faults

# killed COMMAND...: before each change of the disk, and at random moments.
killed() {
	export FAULTS_KILLS="${ENC_TEST_KILLS:-20}"
	faults kill "$@"
	faults random "$@"
}

@test "enc-pull killed" {
	given_layout
	killed enc-pull -q --store store oci:layout:app:1
}

@test "enc-pull docker-daemon: killed" {
	given_daemon
	killed enc-pull -q --store store docker-daemon:app:1
}

@test "enc-pull and enc-eif killed where every file has a name" {
	given_amended
	export FAIL_NAMED=1
	faults kill enc-pull -q --store store "oci:layout:$app"
	faults kill enc-eif -q -o out.eif --blobs blobs "oci:layout:$app"
}

@test "enc-amend killed" {
	given_layout
	killed enc-amend -q -f enclaver.yaml --odyn odyn "oci:layout:$app"
}

@test "enc-eif killed" {
	given_amended
	killed enc-eif -q -o out.eif --measurements m.json --blobs blobs \
		"oci:layout:$app"
}

@test "enc-release killed" {
	given_eif
	killed enc-release -q -f enclaver.yaml --store store \
		--output oci-archive:out.tar app.eif
}

# given_build: a manifest for "enclaver build", and a folder first in PATH.
given_build() {
	requires flock jq
	given_layout
	mkimage_sleeve given/layout2 sleeve:1 >path
	manifest "oci:$T/given/layout:app:1" app:enclave \
		"oci:$T/given/layout2:sleeve:1" >enclaver.yaml
	export ENCLAVER_BLOBS="$T/given/blobs"
	mkdir first
	real=$(command -v enc-release)
}

# instead_of_release <SCRIPT: what the next build runs for enc-release.
instead_of_release() {
	{ echo '#!/bin/sh'; cat; } >first/enc-release
	chmod +x first/enc-release
}

@test "enclaver build killed: the next one sweeps its folder" {
	given_build
	instead_of_release <<-'END'
	kill -9 $PPID
	END
	expect 137 env PATH="$T/first:$PATH" enclaver build -q
	same 1 "$(find store/tmp -name application.eif | wc -l)" 'EIFs left'
	expect 0 enclaver build -q
	contains "$output" '"Measurements"'
	same '' "$(find store/tmp -mindepth 1)"
}

@test "enclaver build beside another leaves its folder alone" {
	given_build
	instead_of_release <<-END
	enclaver() { PATH='$PATH' command enclaver "\$@"; }
	enclaver build -q >'$T/inner' && exec '$real' "\$@"
	END
	expect 0 env PATH="$T/first:$PATH" enclaver build -q
	same "$(cat inner)" "$output"
	same '' "$(find store/tmp -mindepth 1)"
}

@test "twenty pulls of overlapping layers into one store, builds beside them" {
	given_build
	local n pid pids=()
	mkdir layouts
	for n in $(seq 20); do
		# Layers 1 to 5 in common, each with some of its neighbours.
		for layer in $((n % 5)) $(((n + 1) % 5)) $(((n + 2) % 5)); do
			echo layer
			echo "file f$layer size=300000 fill=$layer"
		done | { echo 'config {"Cmd": ["/f"]}'; cat; } |
			mkimage "layouts/$n" "app$n:1" >>images
	done
	while read -r image; do
		enc-pull -q "$image" >>paths &
		pids+=($!)
	done <images
	enclaver build -q >one &
	pids+=($!)
	enclaver build -q >two &
	pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	cmp one two
	same 20 "$(sort -u paths | wc -l)" 'images pulled'
	(cd store/blobs/sha256 && sha256sum -- *) | awk '$1 != $2' >bad
	same '' "$(cat bad)"
	same 20 "$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' \
		store/index.json | grep -cE 'app[0-9]+:1@')" 'images in the index'
	while read -r path; do
		expect 0 enc-inspect -q layers "$path"
	done <paths
	same '' "$(find store/tmp -mindepth 1)"
}
