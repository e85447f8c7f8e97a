#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hostile.bats - hostile images that take gigabytes, or minutes, to be refused
load ../helpers
load ../peers

local_setup() {
	requires python3 jq
	fake_blobs blobs
	export ENCLAVER_BLOBS="$T/blobs"
}

# layers DESCRIPTION-LINE...: as in hostile/layers.bats
layers() {
	printf '%s\n' 'config {"Entrypoint": ["/bin/app"]}' layer \
		'file bin/app mode=0755 data=app' "$@" | mkimage layout evil:1
}

# refused TEXT: enc-eif refuses $image in these words, and nothing stays.
refused() {
	expect 3 enc-eif -q -o out.eif "$image"
	same '' "$output"
	same 1 "${#stderr_lines[@]}"
	contains "$stderr" "$1"
	same '' "$(find . -name 'out.eif*' -o -name '*.tmp')"
}

@test "a file of five gigabytes, bytes that are there and holes" {
	image=$(layers 'file big size=5368709120')
	refused "'big' has 5368709120 bytes, and a ramdisk takes files of less than 4 GiB: split it or leave it out"
	# Covered by a later layer it is in nobody's way.
	image=$(layers 'file big size=5368709120' layer 'file big data=small')
	expect 0 enc-eif -q -o out.eif "$image"
	[ "$(stat -c %s out.eif)" -lt 1000000 ]
}

@test "the largest file that a ramdisk takes" {
	image=$(layers 'layer none' 'file x data=xy pax.GNU.sparse.name=big pax.GNU.sparse.map=0,1,4294967294,1 pax.GNU.sparse.numblocks=2 pax.GNU.sparse.size=4294967295')
	expect 0 enc-eif -q -o out.eif "$image"
	enc-inspect extract -q out.eif ramdisk:1 -o ramdisk
	rm out.eif
	python3 "$abs_top_srcdir/tests/tools/treecmp.py" ramdisk ramdisk rootfs >tree
	want=$({ printf x; head -c 4294967293 /dev/zero; printf y; } | sha256sum)
	grep -qx "big file 0644 0:0 0 4294967295 ${want%% *}" tree
}

@test "a bomb of names: eight million folders in one megabyte" {
	deep=$(printf 'l/%.0s' {1..2040})
	image=$(for i in {1000..4999}; do echo "dir $i/$deep"; done | layers "$(cat)")
	[ "$(du -sk layout | cut -f1)" -lt 2000 ]
	refused 'more than 8000000 files and folders'
}

@test "a bomb of look-ups: a short name that leads through two thousand folders" {
	deep=$(printf 'l/%.0s' {1..2000})
	image=$(layers "dir $deep" "symlink a to=$deep" 'many a/f 140000')
	refused "the paths of the image's members have more than 268435456 components, with those of the links that they lead through"
}
