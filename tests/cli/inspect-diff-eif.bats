#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# inspect-diff-eif.bats - enc-inspect diff: two EIFs
load ../helpers
load ../peers

local_setup() {
	requires python3 jq
}

# eif FILE [OPTION...]: of the image that image() makes of standard input
eif() {
	local file=$1
	shift
	[ -d blobs ] || fake_blobs blobs
	enc-eif -q --blobs blobs -o "$file" "$@" \
		"$({
			printf 'config {"Entrypoint":["/app"]}\nlayer gzip\n'
			cat
		} | mkimage layout app:1)" >/dev/null
}

# pcrs A B N...: the lines of these registers
pcrs() {
	local a=$1 b=$2 n
	shift 2
	for n; do
		printf -- '- pcr%s "%s"\n+ pcr%s "%s"\n' "$n" "$(pcr "$n" "$a")" "$n" "$(pcr "$n" "$b")"
	done
}

# said A B: what is said but of the metadata, which has the image's digests
said() {
	expect 1 enc-inspect diff "$1" "$2"
	same "" "$stderr"
	said=$(grep -v -e '^. metadata\.DockerInfo\.' -e '^! section metadata: content$' <<<"$output")
}

@test "diff: an EIF and itself, and one that was made again" {
	eif a.eif <<<'file app data=x mode=0755'
	eif b.eif <<<'file app data=x mode=0755'
	expect 0 enc-inspect diff a.eif b.eif
	same "" "$output$stderr"
	expect 0 enc-inspect diff --json a.eif b.eif
	same 'eif true' "$(jq -r '"\(.of) \(.same)"' <<<"$output")"
	expect 0 enc-inspect diff a.eif - <<<b.eif
}

@test "diff: EIFs of images that differ in one byte" {
	eif a.eif <<-'END'
	file app data=one mode=0755
	link same to=app
	file other data=o
	END
	eif b.eif <<-'END'
	file app data=onE mode=0755
	link same to=app
	file other data=o
	END
	said a.eif b.eif
	same "$(pcrs a.eif b.eif 0 2)
! section ramdisk:1: content
! ramdisk:1 rootfs/app: content" "$said"
	expect 1 enc-inspect --json diff a.eif b.eif
	same '{"path":"rootfs/app","ramdisk":1,"changed":["content"]}' \
		"$(jq -c '.files[] | {path, ramdisk, changed}' <<<"$output")"
	same 'metadata ramdisk:1' "$(jq -r '[.sections[].name] | join(" ")' <<<"$output")"
	same "$(pcr 2 a.eif) $(pcr 2 b.eif)" \
		"$(jq -r '.members[] | select(.name == "pcr2") | "\(.a) \(.b)"' <<<"$output")"
}

@test "diff: what files of ramdisks can differ in" {
	eif a.eif <<-'END'
	file app data=x mode=0755
	file gone
	file f data=x mode=0644 mtime=3
	symlink l to=a
	char c major=1 minor=3
	file one data=1
	link two to=one
	END
	eif b.eif <<-'END'
	file app data=x mode=0755
	file '\x1bnew'
	file f data=xy mode=0600 uid=3 mtime=4
	symlink l to='\x1b'
	char c major=1 minor=5
	file one data=1
	file two data=1
	END
	said a.eif b.eif
	same '+ ramdisk:1 rootfs/\x1bnew
! ramdisk:1 rootfs/c: device 1,3 -> 1,5
! ramdisk:1 rootfs/f: mode 0644 -> 0600, owner 0:0 -> 3:0, size 1 -> 2, content, mtime 3 -> 4
- ramdisk:1 rootfs/gone
! ramdisk:1 rootfs/l: target a -> \x1b
! ramdisk:1 rootfs/two: size 0 -> 1, content, link rootfs/one -> none' "$(grep ' ramdisk:1 ' <<<"$said")"
}

@test "diff: the command line, and the kernel" {
	eif a.eif <<<'file app data=x mode=0755'
	eif b.eif --cmdline $'quiet \e' <<<'file app data=x mode=0755'
	expect 1 enc-inspect diff a.eif b.eif
	same "- cmdline \"reboot=k panic=30 console=ttyS0\"
+ cmdline \"quiet \\\\x1b\"
$(pcrs a.eif b.eif 0 1)
! section cmdline: size 31 -> 7" "$output"
	printf x >>blobs/bzImage
	eif c.eif <<<'file app data=x mode=0755'
	expect 1 enc-inspect diff a.eif c.eif
	same "$(pcrs a.eif c.eif 0 1)
! section kernel: size 4518 -> 4519" "$output"
}

@test "diff: the metadata, which is in no measurement" {
	eif a.eif --name one <<<'file app data=x mode=0755'
	eif b.eif --name two <<<'file app data=x mode=0755'
	expect 1 enc-inspect diff a.eif b.eif
	same '- metadata.ImageName "one"
+ metadata.ImageName "two"
! section metadata: content' "$output"
}

# cert NAME: NAME.pem and NAME.key
cert() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes \
		-keyout "$1.key" -out "$1.pem" -days 2 -subj "/CN=$1" 2>/dev/null
}

pcr8() {
	enc-inspect pcrs "$1" | sed -n 's/^PCR8 //p'
}

sha256_of_cert() {
	openssl x509 -in "$1" -outform DER | sha256sum | cut -d ' ' -f 1
}

@test "diff: signed by another certificate, and not signed" {
	requires openssl
	cert one
	cert two
	eif a.eif --sign-cert one.pem --sign-key one.key <<<'file app mode=0755'
	eif b.eif --sign-cert two.pem --sign-key two.key <<<'file app mode=0755'
	eif c.eif <<<'file app mode=0755'
	expect 1 enc-inspect diff a.eif b.eif
	contains "$output" "- pcr8 \"$(pcr8 a.eif)\"
+ pcr8 \"$(pcr8 b.eif)\"
- signature.certificate_sha256 \"$(sha256_of_cert one.pem)\"
+ signature.certificate_sha256 \"$(sha256_of_cert two.pem)\"
- signature.issuer \"CN=one\"
+ signature.issuer \"CN=two\""
	contains "$output" '! section signature: '
	! grep -e 'pcr[0-2]' -e ramdisk <<<"$output" || false
	expect 1 enc-inspect diff c.eif a.eif
	contains "$output" '- signature null
+ signature {"algorithm":"ES384",'
	contains "$output" "+ pcr8 \"$(pcr8 a.eif)\""
	contains "$output" '+ section signature'
}

newc() {
	python3 "$abs_top_srcdir/tests/tools/newc.py"
}

# parts FILE RAMDISK...: an EIF of these ramdisks
parts() {
	local file=$1 ramdisk options=()
	shift
	[ -d blobs ] || fake_blobs blobs
	for ramdisk; do options+=(--ramdisk "$ramdisk"); done
	enc-eif -q --kernel blobs/bzImage --cmdline x "${options[@]}" -o "$file" >/dev/null
}

@test "diff: a ramdisk that is no archive is compared as bytes" {
	printf 'ramdisk zero' >r0
	printf 'ramdisk one' >r1
	printf 'ramdisk two' >r2
	parts a.eif r0 r1
	parts b.eif r0 r2
	expect 1 enc-inspect diff a.eif b.eif
	same "$(pcrs a.eif b.eif 0 2)
! section ramdisk:1: content; compared as bytes, for the ramdisk in 'a.eif' is damaged at byte 0: it ends inside of a header" "$output"
	expect 1 enc-inspect --json diff a.eif b.eif
	same 'ramdisk:1 11 11 false' \
		"$(jq -r '.sections[] | "\(.name) \(.a_size) \(.b_size) \(.by_file)"' <<<"$output")"
	# and one that only one of them has
	parts c.eif r0
	expect 1 enc-inspect diff a.eif c.eif
	same "$(pcrs a.eif c.eif 0 2)
- sections [\"kernel\",\"cmdline\",\"metadata\",\"ramdisk\",\"ramdisk\"]
+ sections [\"kernel\",\"cmdline\",\"metadata\",\"ramdisk\"]
- section ramdisk:1" "$output"
}

@test "diff: one ramdisk is an archive, and one is damaged behind its first file" {
	newc >r0 <<<'file one data=x'
	printf 'file one data=x\ntrailer\nbytes 070702x\n' | newc >r1
	parts a.eif r0
	parts b.eif r1
	expect 1 enc-inspect diff a.eif b.eif
	contains "$output" "; compared as bytes, for the ramdisk in 'b.eif' is damaged at byte "
	! grep -F 'ramdisk:0 ' <<<"$output" || false
}

@test "diff: the same files in another order, or with other numbers" {
	newc >r0 <<-'END'
	file one data=1 ino=1
	file two data=2 ino=2
	END
	newc >r1 <<-'END'
	file two data=2 ino=2
	file one data=1 ino=1
	END
	newc >r2 <<-'END'
	file one data=1 ino=3
	file two data=2 ino=2
	END
	parts a.eif r0
	for other in r1 r2; do
		parts b.eif $other
		expect 1 enc-inspect diff a.eif b.eif
		same "$(pcrs a.eif b.eif 0 1)
! section ramdisk:0: content; no file differs, but their order, their inodes' numbers or what is between them" "$output"
	done
}

@test "diff: a name that an archive has twice, and names that lead elsewhere" {
	newc >r0 <<-'END'
	file ../../one data=1
	file /abs data=1
	file twice data=1
	file twice data=2
	END
	newc >r1 <<-'END'
	file ../../one data=2
	file twice data=1
	file twice data=3
	file twice data=4
	END
	parts a.eif r0
	parts b.eif r1
	expect 1 enc-inspect diff a.eif b.eif
	same '! ramdisk:0 ../../one: content
- ramdisk:0 /abs
! ramdisk:0 twice: content
+ ramdisk:0 twice' "$(grep ' ramdisk:0 ' <<<"$output")"
}

@test "diff: a wrong CRC is told, whatever differs" {
	eif a.eif <<<'file app data=x mode=0755'
	eif b.eif <<<'file app data=y mode=0755'
	printf XXXX | dd of=b.eif bs=1 seek=544 conv=notrunc status=none
	expect 4 enc-inspect diff a.eif b.eif
	contains "$output" '! ramdisk:1 rootfs/app: content'
	contains "$stderr" "enc-inspect: 'b.eif' is damaged: its CRC is"
	expect 4 enc-inspect diff b.eif b.eif
	same "" "$output"
}
