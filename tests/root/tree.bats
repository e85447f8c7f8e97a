# SPDX-License-Identifier: Apache-2.0
# As root umoci restores owners, devices and attributes: they are compared too.
load ../helpers
load ../peers
load ../trees

local_setup() {
	requires root umoci python3 jq
	fake_blobs blobs
}

@test "the same tree as umoci's, owners, devices and attributes too" {
	for name in $TREES $ROOT_TREES; do
		echo "tree $name"
		"tree_$name" >"$name.txt"
		image=$(mkimage layout "$name" <"$name.txt")
		expect 0 enc-eif -q --blobs blobs -o "$name.eif" "$image"
		mkdir -p "$name.parts"
		eif_read "$name.eif" "$name.parts" >"$name.pcrs"
		expect 0 umoci unpack --image "layout:$name" "$name.bundle"
		nitro_folders "$name.bundle/rootfs"
		tree_of_dir "$name.bundle/rootfs" >want
		tree_of_ramdisk "$name.parts/ramdisk2" >got
		diff -u want got
		[ "$(wc -l <got)" -gt 10 ]
	done
}

@test "a real Debian, to the last owner" {
	debian_as_root layout
	expect 0 enc-eif -q --blobs blobs -o x.eif "$debian"
	mkdir parts
	eif_read x.eif parts >pcrs
	expect 0 umoci unpack --image layout:debian:root bundle
	nitro_folders bundle/rootfs
	tree_of_dir bundle/rootfs >want
	tree_of_ramdisk parts/ramdisk2 >got
	diff -u want got
}
