# SPDX-License-Identifier: Apache-2.0
# Images made at random: umoci and we flatten each to the same tree.
#
# tools/randimage.py makes an image of a seed.  ENC_TEST_SEEDS=N tries N of them
# from ENC_TEST_SEED on (20, 1).  As root owners, devices and attributes are
# compared too ("make check-root").
load ../helpers
load ../peers

local_setup() {
	requires umoci python3 jq cpio
	fake_blobs blobs
	rootless=--rootless
	[ "$(id -u)" -ne 0 ] || rootless=
}

# cpio sets no attributes, and writes into folders whose times it has set.
as_cpio() {
	sed -e 's/^\([^ ]* [^ ]* [^ ]* [^ ]*\) [0-9]*/\1/' -e 's/ user\.[^ ]*//g' \
		-e 's/ security\.[^ ]*//g'
}

# same_tree SEED
same_tree() {
	python3 "$abs_top_srcdir/tests/tools/randimage.py" "$1" >image.txt
	image=$(mkimage "layout$1" x <image.txt)
	expect 0 enc-eif -q --blobs blobs -o x.eif "$image"
	mkdir parts
	eif_read x.eif parts >pcrs
	# umoci 0.4 does not know zstd, nor several members.
	sed '/^layer/ { s/zstd/gzip/; s/ split=.*//; }' image.txt |
		mkimage "judge$1" x >judge.path
	expect 0 umoci unpack $rootless --image "judge$1:x" bundle
	nitro_folders bundle/rootfs
	tree_of_dir bundle/rootfs $rootless >want
	tree_of_ramdisk parts/ramdisk2 $rootless >got
	diff -u want got
	[ "$(wc -l <got)" -gt 10 ]
	# cpio makes devices, or fails.
	[ -z "$rootless" ] || return 0
	mkdir out
	(cd out && cpio -i --quiet -d -m --no-absolute-filenames <../parts/ramdisk2)
	tree_of_dir out/rootfs $rootless | as_cpio >got
	as_cpio <want | diff -u - got
}

@test "the same tree as umoci's: images made at random" {
	: "${ENC_TEST_SEED:=1}" "${ENC_TEST_SEEDS:=20}"
	for seed in $(seq "$ENC_TEST_SEED" $((ENC_TEST_SEED + ENC_TEST_SEEDS - 1))); do
		echo "seed $seed"
		same_tree "$seed"
		rm -rf bundle parts out "layout$seed" "judge$seed"
	done
}
