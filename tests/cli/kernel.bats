#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernel.bats - scripts/kernel-from-debian takes a package apart
load ../helpers

local_setup() {
	requires dpkg-deb xz
	SCRIPT=$abs_top_srcdir/scripts/kernel-from-debian
}

# module NAME DEPENDS: a file as modinfo would read it, packed
module() {
	printf '\177ELF\0license=GPL\0depends=%s\0name=%s\0' "$2" "$1" |
		xz -c >"package/lib/modules/6.0-test/kernel/$1.ko.xz"
}

# package: test.deb, a kernel package with three modules and one too many
package() {
	mkdir -p package/DEBIAN package/boot package/lib/modules/6.0-test/kernel
	printf 'Package: linux-image-6.0-test\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: test\n' \
		>package/DEBIAN/control
	echo kernel >package/boot/vmlinuz-6.0-test
	echo config >package/boot/config-6.0-test
	module vmw_vsock_virtio_transport virtio,vsock,built_in
	module vsock ''
	module virtio ''
	module virtio_mmio virtio
	module floppy ''
	dpkg-deb --root-owner-group -b package test.deb >/dev/null
}

@test "kernel-from-debian: modules in the order of their needs, plain" {
	package
	expect 0 "$SCRIPT" --package test.deb blobs
	same "" "$output"
	contains "$stderr" "Linux 6.0-test in '$T/blobs', for scripts/demo and --launcher sandbox; Nitro and --launcher qemu need scripts/build-kernel's"
	same '10-virtio.ko
11-virtio_mmio.ko
12-vsock.ko
13-vmw_vsock_virtio_transport.ko' "$(ls blobs/modules)"
	xz -dc package/lib/modules/6.0-test/kernel/vsock.ko.xz | cmp - blobs/modules/12-vsock.ko
	same kernel "$(cat blobs/bzImage)"
	same config "$(cat blobs/bzImage.config)"
	contains "$(cat blobs/cmdline)" "console=ttyS0"
	expect 0 "$SCRIPT" --package test.deb blobs
	same 4 "$(find blobs/modules -type f | wc -l)"
}

@test "kernel-from-debian: what is no kernel package is refused" {
	echo no >no.deb
	expect 3 "$SCRIPT" --package no.deb blobs
	contains "$stderr" "kernel-from-debian: 'no.deb' is no package"
	expect 6 "$SCRIPT" --package none.deb blobs
	same "kernel-from-debian: cannot read 'none.deb'" "$stderr"
	expect 2 "$SCRIPT"
	expect 2 "$SCRIPT" --package
	expect 2 "$SCRIPT" --bogus blobs
}

@test "build-kernel: wrong use; each paragraph of its options has a reason" {
	expect 2 "$abs_top_srcdir/scripts/build-kernel"
	contains "$stderr" "usage: build-kernel"
	expect 2 "$abs_top_srcdir/scripts/build-kernel" --source
	[ "$(uname -m)" != x86_64 ] || {
		expect 6 "$abs_top_srcdir/scripts/build-kernel" --source none.tar blobs
		same "build-kernel: cannot read 'none.tar'" "$stderr"
	}
	expect 0 awk '/^$/ { blank = 1; next } blank && /^CONFIG/ { print } { blank = 0 }' \
		"$abs_top_srcdir/share/kernel/config-x86_64"
	same "" "$output"
}
