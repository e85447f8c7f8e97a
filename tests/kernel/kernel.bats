#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernel.bats - scripts/build-kernel builds real kernels, which boot: twelve
# minutes of a processor for each, so "make check-kernel" alone has this
#
# ENC_TEST_LINUX   the kernel's source; without it what /usr/src has, or Debian's
# The rest is as in tests/vm; for aarch64 there is no emulated security module,
# so its measurements are not read from inside.
load ../helpers
load ../odyn
load ../peers
load ../vm/vm

local_setup() {
	requires gcc make flex bison bc jq python3 timeout vhost-device-vsock
}

local_teardown() {
	kill "$vm_pid" "${vm_peers[@]}" 2>/dev/null || :
}

# build ARGUMENT...
build() {
	"$abs_top_srcdir/scripts/build-kernel" \
		${ENC_TEST_LINUX:+--source "$ENC_TEST_LINUX"} "$@"
}

# application_image ARCH PROBE ARGUMENTS: sets $app to the image path of the boot
# tests' probe, which has an extended attribute; its arguments are words of JSON
application_image() {
	mkdir tree
	cp "$2" tree/probe
	tar --owner=0 --group=0 --format=pax --xattrs --transform 's,^,srv/,' \
		--pax-option='SCHILY.xattr.user.note:=two words' \
		-C tree -cf app.tar probe
	app=$(MKIMAGE_ARCH=$1 mkimage layout app:1 <<-END
	config {"Entrypoint": ["/srv/probe", $3], "User": "1000:1000"}
	layer
	tar app.tar
	END
	)
}

# eif BLOBS EIF: of $app, twice the same
eif() {
	local amended
	manifest app:1 app:enclave >enclaver.yaml
	amended=$(enc-amend -q -f enclaver.yaml "$app")
	enc-eif -q --blobs "$1" --measurements pcrs -o "$2" "$amended" >/dev/null
	enc-eif -q --blobs "$1" -o again.eif "$amended" >/dev/null
	cmp "$2" again.eif
}

# It ran as its image says, and said so where the parent listens.
it_ran() {
	on_log 'odyn: application exited with status 0'
	on_console "init: '/sbin/odyn' exited with status 0"
	same '{"status":"exited","code":0}' "$(tail -n 1 status)"
}

@test "kernel: x86_64, twice the same bytes whoever builds it, and it boots" {
	requires emulator userns
	local cmdline='reboot=t panic=30 console=ttyS0 no_timer_check'
	expect 0 build --arch x86_64 --cmdline "$cmdline" --out one
	contains "$stderr" "build-kernel: Linux/x86_64 "
	[[ $stderr != *"does not take"* ]]
	mkdir -p some/where/else
	umask 077
	TMPDIR=$PWD/some/where/else TZ=Asia/Tokyo LANG=de_DE.UTF-8 LC_ALL=C.UTF-8 \
		USER=other KCFLAGS=-O1 expect 0 unshare --user --map-root-user \
		"$abs_top_srcdir/scripts/build-kernel" \
		${ENC_TEST_LINUX:+--source "$ENC_TEST_LINUX"} \
		--arch x86_64 --cmdline "$cmdline" --out two
	umask 022
	diff -r one two
	application_image amd64 "$abs_top_builddir/tests/vm/probe" '"pcrs"'
	eif one app.eif
	boot app.eif
	it_ran
	# its driver of the security module reads what was printed
	for n in 0 1 2; do
		on_log "PCR$n $(jq -r --arg n "PCR$n" \
			'.. | objects | select(has("PCR0")) | .[$n]' pcrs)"
	done
}

# boot_arm EIF: its parts, for no emulator reads an EIF for aarch64
boot_arm() {
	local part
	for part in kernel cmdline ramdisk:0 ramdisk:1; do
		enc-inspect -o "$part" extract "$1" "$part"
	done
	cat ramdisk:0 ramdisk:1 >initrd
	peers_start
	timeout "$BOOT_LIMIT" qemu-system-aarch64 -M virt,memory-backend=memory \
		-object memory-backend-memfd,id=memory,size=512M,share=on \
		-accel tcg -cpu max -m 512 -smp 2 -nodefaults -no-user-config \
		-display none -serial file:console -no-reboot -kernel kernel \
		-initrd initrd -append "$(cat cmdline) console=ttyAMA0" \
		-global virtio-mmio.force-legacy=false \
		-chardev socket,id=c,path=vhost.socket \
		-device vhost-user-vsock-device,chardev=c \
		</dev/null >qemu.log 2>&1 3>&- &
	vm_pid=$!
	boot_wait
}

@test "kernel: aarch64, by the cross compiler, and it boots an arm64 image" {
	requires qemu-system-aarch64 aarch64-linux-gnu-gcc
	local cross=$abs_top_builddir/cross
	[ -x "$cross/libexec/odyn" ] || missing "the aarch64 build ($cross, by make check-kernel)"
	expect 0 build --arch aarch64 --out blobs/aarch64
	contains "$stderr" "build-kernel: Linux/arm64 "
	[[ $stderr != *"does not take"* ]]
	[[ " $(cat blobs/aarch64/cmdline) " != *" root="* ]]
	same "0000200000000000" "$(xxd -s 8 -l 8 -p blobs/aarch64/Image)" "text_offset"
	mkdir -p libexec/aarch64
	ln -s "$cross/libexec/odyn" "$cross/libexec/init" libexec/aarch64
	export ENCLAVER_LIBEXEC=$T/libexec
	application_image arm64 "$cross/tests/vm/probe" '"xattr", "/srv/probe", "user.note"'
	eif blobs app.eif
	same aarch64 "$(enc-inspect --json app.eif | jq -r .architecture)"
	same "$(pcr 0 app.eif)" "$(jq -r '.. | objects | select(has("PCR0")) | .PCR0' pcrs)"
	boot_arm app.eif
	it_ran
	# the root is a tmpfs, by the command line
	on_log 74776f20776f726473
}
