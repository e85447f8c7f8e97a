# SPDX-License-Identifier: Apache-2.0
# What umoci unpacks and what the ramdisk holds are the same tree.
#
# Without root: owners, attributes and devices are left out of the comparison;
# tests/root/tree.bats compares them too.
load ../helpers
load ../peers
load ../trees

local_setup() {
	requires umoci python3 jq cpio
	fake_blobs blobs
}

# same_tree LAYOUT NAME: compares NAME of LAYOUT with the EIF made of it.
same_tree() {
	local image
	image=$(mkimage "$1" "$2" <"$2.txt")
	expect 0 enc-eif -q --blobs blobs -o "$2.eif" "$image"
	mkdir -p "$2.parts"
	eif_read "$2.eif" "$2.parts" >"$2.pcrs"
	# umoci 0.4 knows neither zstd nor Docker's types: it gets OCI's, in gzip.
	sed '/^docker$/d; s/^layer zstd/layer gzip/' "$2.txt" >judge.txt
	mkimage judge "$2" <judge.txt >judge.path
	expect 0 umoci unpack --rootless --image "judge:$2" "$2.bundle"
	nitro_folders "$2.bundle/rootfs"
	tree_of_dir "$2.bundle/rootfs" --rootless >want
	tree_of_ramdisk "$2.parts/ramdisk2" --rootless >got
	diff -u want got
}

@test "the same tree as umoci's: hard cases, one by one" {
	for name in $TREES; do
		echo "tree $name"
		"tree_$name" >"$name.txt"
		same_tree layout "$name"
		[ "$(wc -l <got)" -gt 10 ]
	done
}

@test "a file that an upper layer hides takes no room, not even for a while" {
	image=$(mkimage layout hidden:1 <<-'END'
	config {"Entrypoint": ["/app"]}
	layer gzip
	file app mode=0755 data=app
	dir d
	file d/large size=12000000 fill=a
	layer gzip
	whiteout d
	END
	)
	(
		ulimit -f 9000
		expect 0 enc-eif -q --blobs blobs -o out.eif "$image"
	)
	[ "$(stat -c %s out.eif)" -lt 9000000 ]
}

@test "the same tree as umoci's, whatever the compression" {
	for kind in zstd none; do
		for name in whiteout links longnames; do
			echo "tree $name, $kind"
			"tree_$name" | sed "s/^layer gzip/layer $kind/" >"$name.txt"
			rm -rf "$name.bundle" "$name.parts" layout
			same_tree layout "$name"
		done
	done
}

@test "the same tree as umoci's: layers of many gzip members or zstd frames" {
	for kind in gzip zstd; do
		tree_big | sed "s/^layer gzip/layer $kind split=1000000/" >big.txt
		rm -rf big.bundle big.parts layout judge
		same_tree layout big
		[ "$(wc -l <got)" -gt 2000 ]
	done
}

@test "the same tree as umoci's: the formats of tar" {
	for form in gnu pax ustar; do
		for name in opaque replaced symlinks; do
			echo "tree $name, $form"
			"tree_$name" | sed "s/^layer gzip.*/layer gzip $form/" >"$name.txt"
			rm -rf "$name.bundle" "$name.parts" layout
			same_tree layout "$name"
		done
	done
}

@test "the same tree as umoci's: Docker's media types" {
	{ echo docker; tree_whiteout; } >docker.txt
	same_tree layout docker
}

@test "folders that no layer names are there, root's, 0755, in every layering" {
	mkimage l implied <<-'END' >path
	config {"Entrypoint": ["/a/b/c"]}
	layer
	file a/b/c data=x mode=0755
	END
	expect 0 enc-eif -q --blobs blobs -o x.eif "$(cat path)"
	mkdir parts
	eif_read x.eif parts >pcrs
	tree_of_ramdisk parts/ramdisk2 >got
	grep -q '^a dir 0755 0:0 0$' got
	grep -q '^a/b dir 0755 0:0 0$' got
	grep -q '^\. dir 0755 0:0 0$' got
}

@test "a real Debian: the same tree, and GNU cpio reads the ramdisk" {
	debian_as_root layout
	expect 0 enc-eif -q --blobs blobs -o x.eif "$debian"
	mkdir parts
	eif_read x.eif parts >pcrs
	expect 0 umoci unpack --rootless --image layout:debian:root bundle
	nitro_folders bundle/rootfs
	tree_of_dir bundle/rootfs --rootless >want
	tree_of_ramdisk parts/ramdisk2 --rootless >got
	diff -u want got
	[ "$(wc -l <got)" -gt 1000 ]

	expect 0 cpio -t --quiet <parts/ramdisk2
	same '' "$stderr"
	same "$(($(wc -l <got) + 2))" "$(wc -l <<<"$output")"
	mkdir unpacked
	(cd unpacked && cpio -i -d --quiet --no-absolute-filenames \
		'rootfs/usr/bin/*' 'rootfs/bin' 'rootfs/etc/passwd' cmd env <../parts/ramdisk2)
	cmp unpacked/rootfs/etc/passwd bundle/rootfs/etc/passwd
	cmp unpacked/rootfs/usr/bin/dash bundle/rootfs/usr/bin/dash
}

# cpio writes into folders whose times it has set.
drop_times() {
	sed 's/^\([^ ]* [^ ]* [^ ]* [^ ]*\) [0-9]*/\1/'
}

@test "GNU cpio lists and unpacks the hard cases" {
	for name in $TREES; do
		echo "tree $name"
		image=$("tree_$name" | mkimage layout "$name")
		expect 0 enc-eif -q --blobs blobs -o "$name.eif" "$image"
		mkdir -p parts "$name.out"
		eif_read "$name.eif" parts >pcrs
		expect 0 cpio -t --quiet <parts/ramdisk2
		same '' "$stderr"
		(cd "$name.out" && cpio -i --quiet -d -m --no-absolute-filenames <../parts/ramdisk2)
		tree_of_dir "$name.out/rootfs" --rootless | drop_times >got
		tree_of_ramdisk parts/ramdisk2 --rootless | drop_times >want
		diff -u want got
	done
}

@test "both ramdisks have nitro's layout" {
	image=$(mkimage layout app:1 <<-'END'
	config {"Entrypoint": ["/bin/app", "-v"], "Cmd": ["serve"], "Env": ["PATH=/bin", "GREETING=two words"]}
	layer
	dir bin
	file bin/app mode=0755
	END
	)
	expect 0 enc-eif -q --blobs blobs -o app.eif "$image"
	mkdir parts
	eif_read app.eif parts >pcrs
	expect 0 cpio -t --quiet <parts/ramdisk1
	same 'dev
init
nsm.ko' "$output"
	expect 0 cpio -t --quiet <parts/ramdisk2
	for name in cmd env rootfs rootfs/{dev,run,sys,var,proc,tmp}; do
		grep -qx "$name" <<<"$output"
	done
	same '' "$(grep -v -e '^rootfs' -e '^cmd$' -e '^env$' <<<"$output")"
	(mkdir out && cd out && cpio -i --quiet -d <../parts/ramdisk2)
	same 'GREETING=two words
PATH=/bin' "$(sort out/env)"
	same '/bin/app
-v
serve' "$(cat out/cmd)"
}
