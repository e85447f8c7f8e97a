#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# memory.bats - what the programs take of memory and of the disk, at gigabytes
#
# The bounds are those of design.md section 7.  Images are of zeros, which are
# made quickly; the layers that enc-pull gets are not compressed.
load ../helpers
load ../peers

MIB=1024

local_setup() {
	requires python3 time
	fake_blobs blobs
	# It would touch all that is allocated, used or not.
	unset MALLOC_PERTURB_
}

# at_most KIB COMMAND...: the highest resident size that it may reach.
at_most() {
	local most=$1
	shift
	expect 0 "$(command -v time)" -o peak -f %M "$@"
	echo "$(cat peak) KiB, at most $most: $*"
	[ "$(cat peak)" -le "$most" ]
}

# gigabytes N [KIND]: an image of N layers of a gigabyte.
gigabytes() {
	local layer
	echo 'config {"Entrypoint": ["/l1/large"]}'
	for layer in $(seq "$1"); do
		echo "layer ${2:-gzip}"
		echo "dir l$layer"
		echo "file l$layer/large size=1000000000 mode=0755"
	done
}

@test "enc-pull: 32 MiB, two gigabytes from a registry" {
	start_registry
	push "$(gigabytes 2 none | mkimage source app:1)" app:1
	rm -rf source
	at_most $((32 * MIB)) enc-pull -q "$registry_url/app:1"
	[ "$(du -sm "$ENCLAVER_STORE" | cut -f 1)" -gt 1900 ]
}

# One goes in a single request, one in pieces.
@test "enc-push: 32 MiB, a gigabyte and two to a registry" {
	requires jq
	start_registry
	image=$(mkimage source app:1 <<<"layer none
file one size=1000000000
layer none
file two size=2000000000")
	at_most $((32 * MIB)) enc-push -q --target "$registry_url/app:1" "$image"
	same "$registry_url/app@${image##*@}" "$output"
	for digest in $(manifest_of "$image" | jq -r '.layers[].digest'); do
		curl -s "http://$registry_url/v2/app/blobs/$digest" |
			cmp - "$(blob_of source "$digest")"
	done
	same 8 "$(grep -c 'PATCH /v2/app/blobs/uploads/' registry.*/log)"
}

@test "enc-eif: 64 MiB, three gigabytes; no more temporary space than the EIF" {
	image=$(gigabytes 3 | mkimage layout app:1)
	(
		ulimit -f $((3100 * MIB))
		at_most $((64 * MIB)) enc-eif -q --blobs blobs -o out.eif "$image"
	)
	[ "$(stat -c %s out.eif)" -gt 3000000000 ]
	rm out.eif
	at_most $((64 * MIB)) env ENC_NO_ISAL=1 \
		enc-eif -q --blobs blobs -o out.eif "$image"
}

@test "enc-eif: 64 MiB, and 256 bytes and its path a file: a million files" {
	image=$(mkimage layout app:1 <<-'END'
	config {"Entrypoint": ["/app"]}
	layer
	file app mode=0755 data=app
	many usr/share/below/ 500000
	layer
	many usr/share/beyond/ 500000
	END
	)
	at_most $((64 * MIB + 1000000 * (256 + 23) / 1024)) \
		enc-eif -q --blobs blobs -o out.eif "$image"
}

@test "enc-amend: 32 MiB, whatever the image's size" {
	manifest app:1 target:1 >enclaver.yaml
	image=$(gigabytes 2 none | mkimage layout app:1)
	at_most $((32 * MIB)) enc-amend -q -f enclaver.yaml \
		--odyn "$(our_odyn)" "$image"
	same 2 "$(find layout/blobs -size +900M | wc -l)"
}

@test "enc-release, enc-inspect: 32 MiB, with an EIF of two gigabytes" {
	manifest app:1 target:1 >enclaver.yaml
	head -c 2000000000 /dev/zero >zeros
	enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk zeros -o app.eif
	rm zeros
	sleeve=$(mkimage_sleeve sleeve)
	at_most $((32 * MIB)) enc-release -q -f enclaver.yaml \
		--sleeve "$sleeve" app.eif
	at_most $((32 * MIB)) enc-inspect pcrs app.eif
}

@test "enc-inspect diff: 32 MiB, two images of a gigabyte, and two EIFs" {
	one=$(gigabytes 1 | mkimage layout one:1)
	two=$(gigabytes 1 none | mkimage layout two:1)
	at_most $((32 * MIB)) enc-inspect -q diff "$one" "$two"
	same "" "$output"
	enc-eif -q --blobs blobs -o one.eif "$one"
	enc-eif -q --blobs blobs -o two.eif --cmdline another "$two"
	at_most $((32 * MIB)) sh -c 'enc-inspect diff one.eif two.eif || [ $? -eq 1 ]'
	contains "$output" '! section cmdline: size 31 -> 7'
}
