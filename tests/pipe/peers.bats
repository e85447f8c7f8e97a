# SPDX-License-Identifier: Apache-2.0
# The tests' own tools: an image made by mkimage is one that others accept.
load ../helpers
load ../peers

@test "mkimage: skopeo and umoci accept the image, twice the same bytes" {
	requires skopeo umoci jq python3
	mkimage_app a app:1 >one
	mkimage_app b app:1 >two
	same "$(sed 's/.*@//' one)" "$(sed 's/.*@//' two)"
	expect 0 skopeo inspect "$(cat one)"
	same 2 "$(jq '.Layers | length' <<<"$output")"
	expect 0 umoci unpack --rootless --image "a:app:1" bundle
	same some "$(cat bundle/rootfs/srv/data)"
	[ ! -e bundle/rootfs/etc/old ]
}

@test "mkimage: every kind of entry survives tar's own reading of it" {
	requires jq python3 zstd
	long=$(printf 'd%.0s' {1..90})/$(printf 'f%.0s' {1..90})
	for form in pax gnu ustar; do
		for kind in gzip zstd none; do
			image=$(mkimage "l-$form-$kind" x <<-END
			layer $kind $form
			file $long data=x mode=04755 uid=7 gid=8 mtime=86400
			symlink s to=$long
			link h to=$long
			fifo p
			char null major=1 minor=3
			file 'caf\xe9' size=3000000 fill=seed
			END
			)
			blob=$(blob_of "l-$form-$kind" "$(manifest_of "$image" |
				jq -r '.layers[0].digest')")
			case $kind in
			gzip) gzip -dc "$blob" ;;
			zstd) zstd -dc "$blob" ;;
			none) cat "$blob" ;;
			esac >layer.tar
			expect 0 tar -tvf layer.tar --numeric-owner --utc --quoting-style=escape
			output=$(tr -s ' ' <<<"$output")
			contains "$output" "-rwsr-xr-x 7/8 1 1970-01-02 00:00 $long"
			contains "$output" "s -> $long"
			contains "$output" "h link to $long"
			contains "$output" 'crw-r--r-- 0/0 1,3 1970-01-01 00:00 null'
			contains "$output" '3000000 1970-01-01 00:00 caf\351'
		done
	done
}

@test "registry: plain, with a password, with a certificate" {
	requires skopeo
	image=$(mkimage_app layout app:1)
	start_registry
	push "$image" team/app:1
	expect 0 skopeo inspect --tls-verify=false "docker://$registry_url/team/app:1"
	start_registry auth tls
	push "$image" team/app:1 --dest-creds "$PEER_USER:$PEER_PASSWORD"
	expect 0 curl -s --cacert "$registry_ca" -u "$PEER_USER:$PEER_PASSWORD" \
		"https://$registry_url/v2/_catalog"
	same '{"repositories":["team/app"]}' "$output"
	expect 0 curl -s -o answer -w '%{http_code}' --cacert "$registry_ca" \
		"https://$registry_url/v2/_catalog"
	same 401 "$output"
}

@test "treecmp: a folder and GNU cpio's ramdisk of it give the same list" {
	requires python3 cpio
	mkdir -p rootfs/a
	echo hi >rootfs/a/f
	ln rootfs/a/f rootfs/b
	ln -s x rootfs/s
	mkfifo rootfs/p
	echo e >rootfs/a/e
	find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort | grep ^rootfs |
		cpio -o -H newc --quiet >ok.cpio
	tree_of_dir rootfs >want
	tree_of_ramdisk ok.cpio >got
	diff want got
	contains "$(cat got)" '98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4 same as a/f'

	# And what is not a sound ramdisk is refused.
	printf '%s\n' rootfs/s rootfs | cpio -o -H newc --quiet >order.cpio
	expect 1 tree_of_ramdisk order.cpio
	same 'treecmp.py: rootfs/s comes before its folder' "$stderr"
	printf '%s\n' rootfs rootfs/a/e | cpio -o -H newc --quiet >parent.cpio
	expect 1 tree_of_ramdisk parent.cpio
	same 'treecmp.py: rootfs/a/e comes before its folder' "$stderr"
	printf '%s\n' rootfs rootfs/b | cpio -o -H newc --quiet >links.cpio
	expect 1 tree_of_ramdisk links.cpio
	same 'treecmp.py: link count of rootfs/b is not 1' "$stderr"
	head -c 200 ok.cpio >cut.cpio
	expect 1 tree_of_ramdisk cut.cpio
	contains "$stderr" 'treecmp.py: the file ends in'
}

@test "eifread: what is no EIF is refused" {
	requires python3
	head -c 700 /dev/zero >none.eif
	expect 1 eif_read none.eif
	same 'eifread.py: no header of version 4' "$stderr"
	same '' "$output"
}
