#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernel.bats - scripts/kernel-from-debian takes a package apart, and
# scripts/build-kernel what is shaped like a kernel's source; tests/kernel builds
# real ones
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
	# a disk that is full leaves none that looks whole
	package
	expect 0 "$SCRIPT" --package test.deb blobs
	mkdir bin
	printf '#!/bin/sh\nexit 1\n' >bin/install
	chmod +x bin/install
	PATH=$T/bin:$PATH expect 6 "$SCRIPT" --package test.deb blobs
	contains "$stderr" "kernel-from-debian: cannot write to '$T/blobs'"
	[ ! -e blobs/cmdline ]
	expect 6 "$SCRIPT" --package test.deb no.deb/blobs
	contains "$stderr" "kernel-from-debian: cannot make the folder 'no.deb/blobs'"
}


# kernel_source: linux.tar, a tree that is built as a kernel is, in no time.  Its
# kernel is the environment that make got.
kernel_source() {
	mkdir -p linux-6.99/scripts/kconfig
	cat >linux-6.99/scripts/kconfig/merge_config.sh <<-'END'
	#!/bin/sh
	cat "$3" >.config
	END
	cat >linux-6.99/Makefile <<-'END'
	.RECIPEPREFIX = >
	allnoconfig:
	> : >.config
	olddefconfig:
	> { printf '#\n#\n# Linux/%s 6.99 Kernel Configuration\n' $(ARCH); grep -v '$(LACKS)' .config; } >.new
	> mv .new .config
	bzImage:
	> mkdir -p arch/x86/boot
	> env | grep -v -e ^MAKE -e ^MFLAGS= -e ^PWD= -e ^OLDPWD= -e ^SHLVL= | sort | sed "s,$$PWD,HERE,g; s,$${PWD%/*},WORK,g" >arch/x86/boot/bzImage
	> umask >>arch/x86/boot/bzImage
	Image:
	> mkdir -p arch/arm64/boot
	> printf 'MZ345678abcdefghARMd$(CROSS_COMPILE)' >arch/arm64/boot/Image
	END
	[ $# -eq 0 ] || sed -i "s/\$(LACKS)/$1/" linux-6.99/Makefile
	sed -i 's/\$(LACKS)/CONFIG_NO_SUCH/' linux-6.99/Makefile
	chmod +x linux-6.99/scripts/kconfig/merge_config.sh
	touch -d @1700000000 linux-6.99/Makefile
	tar -cf linux.tar linux-6.99
}

build_kernel() {
	"$abs_top_srcdir/scripts/build-kernel" "$@"
}

@test "build-kernel: the blobs folder of either architecture" {
	kernel_source
	# both cross compilers are there, so that it is the same on any machine
	mkdir bin
	ln -s "$(command -v true)" bin/aarch64-linux-gnu-gcc
	ln -s "$(command -v true)" bin/x86_64-linux-gnu-gcc
	PATH=$T/bin:$PATH
	expect 0 build_kernel --source linux.tar --arch x86_64 --out x86
	same "" "$output"
	same "build-kernel: Linux/x86_64 6.99 in '$T/x86'" "$stderr"
	same "bzImage
bzImage.config
cmdline" "$(ls -A x86)"
	same 'reboot=k panic=30 pci=off nomodules console=ttyS0 random.trust_cpu=on' \
		"$(cat x86/cmdline; echo)"
	same 0 "$(tr -dc '\n' <x86/cmdline | wc -c)"
	grep -qx CONFIG_IA32_EMULATION=y x86/bzImage.config
	grep -qx CONFIG_NSM=y x86/bzImage.config
	expect 0 build_kernel --source linux.tar --arch aarch64 --cmdline 'a b' --out arm
	same "Image
Image.config
cmdline" "$(ls -A arm)"
	same 'a b' "$(cat arm/cmdline)"
	grep -qx CONFIG_SERIAL_OF_PLATFORM=y arm/Image.config
	grep -qx CONFIG_NSM=y arm/Image.config
	# the place to load it at: 2 MiB, where Linux has zeros
	same "4d5a333435363738 0000200000000000 41524d64" \
		"$(head -c 20 arm/Image | xxd -p -c 8 | tr '\n' ' ' | sed 's/ $//')"
	if [ "$(uname -m)" = x86_64 ]; then
		contains "$(cat arm/Image)" aarch64-linux-gnu-
		contains "$(cat x86/bzImage)" "CROSS_COMPILE=
"
	fi
}

@test "build-kernel: nothing of who builds, where and when, comes to make" {
	kernel_source
	expect 0 build_kernel --source linux.tar --out one
	mkdir -p elsewhere/deep
	export KCFLAGS=-O0 CFLAGS=-O0 KBUILD_BUILD_USER=me LOCALVERSION=-mine \
		KCONFIG_CONFIG=other ARCH=sparc MAKEFLAGS=k SOURCE_DATE_EPOCH=5
	umask 077
	LANG=de_DE.UTF-8 LC_ALL=C.UTF-8 TZ=Asia/Tokyo USER=me HOME=/ \
		TMPDIR=$T/elsewhere/deep expect 0 build_kernel --source "$T/linux.tar" --out two
	diff one/bzImage two/bzImage
	contains "$(cat one/bzImage)" KBUILD_BUILD_TIMESTAMP=@1700000000
	contains "$(cat one/bzImage)" KBUILD_BUILD_USER=enclaver
	contains "$(cat one/bzImage)" KBUILD_BUILD_HOST=enclaver
	contains "$(cat one/bzImage)" KBUILD_BUILD_VERSION=1
	contains "$(cat one/bzImage)" KCFLAGS=-ffile-prefix-map=HERE=.
	same "" "$(ls -A elsewhere/deep)"
}

@test "build-kernel: what a kernel does not take is said, and NSM it must" {
	kernel_source 'CONFIG_TUN='
	expect 0 build_kernel --source linux.tar --out b
	contains "$stderr" "build-kernel: this kernel does not take CONFIG_TUN=y"
	rm -r b
	kernel_source 'CONFIG_NSM='
	expect 3 build_kernel --source linux.tar --out b
	contains "$stderr" "build-kernel: 'linux.tar' has no driver of the security module: Linux 6.8 is the first"
	same "" "$(ls -A b)"
	echo text >text
	expect 3 build_kernel --source text --out b
	contains "$stderr" "build-kernel: cannot unpack 'text': is it a kernel's source, and is there room"
	mkdir t
	tar -cf t.tar t
	expect 3 build_kernel --source t.tar --out b
	contains "$stderr" "build-kernel: 't.tar' is no kernel's source"
	kernel_source
	sed -i 's/mkdir -p arch.*/false/' linux-6.99/Makefile
	tar -cf linux.tar linux-6.99
	expect 6 build_kernel --source linux.tar --out b
	contains "$stderr" "build-kernel: the kernel does not build"
	same "" "$(ls -A b)"
	# a disk that is full
	kernel_source
	mkdir bin
	printf '#!/bin/sh\necho part >"$2"; exit 1\n' >bin/cp
	chmod +x bin/cp
	expect 6 env PATH="$T/bin:$PATH" "$abs_top_srcdir/scripts/build-kernel" \
		--source linux.tar --out b
	contains "$stderr" "build-kernel: cannot write '$T/b/"
	same "" "$(ls -A b)"
	expect 6 build_kernel --source linux.tar --out text/b
	contains "$stderr" "build-kernel: cannot make the folder '$T/text/b'"
	TMPDIR=$T/none expect 6 build_kernel --source linux.tar --out b
	contains "$stderr" "build-kernel: cannot make a temporary folder: is TMPDIR right?"
}

@test "build-kernel: wrong use" {
	expect 2 build_kernel
	contains "$stderr" "usage: build-kernel"
	for wrong in --source --arch --out --cmdline blobs '--out b blobs' \
		'--debian --source x --out b'; do
		# shellcheck disable=SC2086
		expect 2 build_kernel $wrong
		contains "$stderr" "usage: build-kernel"
	done
	expect 2 build_kernel --arch riscv64 --out b
	same "build-kernel: there is no configuration for 'riscv64': give --arch x86_64 or aarch64" "$stderr"
	expect 6 build_kernel --source none.tar --out b
	same "build-kernel: cannot read 'none.tar'" "$stderr"
	mkdir bin
	for name in sh uname dirname mkdir; do
		ln -s "$(command -v $name)" bin
	done
	if [ "$(uname -m)" = x86_64 ]; then
		expect 6 env PATH="$T/bin" "$abs_top_srcdir/scripts/build-kernel" \
			--arch aarch64 --out b
		same "build-kernel: no aarch64-linux-gnu-gcc: scripts/install-deps cross installs it" "$stderr"
	fi
	[ ! -e b ]
}

@test "build-kernel: each paragraph of its options has a reason, each option one place" {
	cd "$abs_top_srcdir/share/kernel"
	for file in config-common config-x86_64 config-aarch64; do
		expect 0 awk '/^$/ { blank = 1; next } blank && /^CONFIG/ { print } { blank = 0 }' $file
		same "" "$output" $file
	done
	same "" "$(cat config-common config-x86_64 | grep ^CONFIG | sort | uniq -d)"
	same "" "$(cat config-common config-aarch64 | grep ^CONFIG | sort | uniq -d)"
}

@test "build-kernel: Debian's source is fetched once, the newest there is" {
	mkdir bin package package/DEBIAN package/usr package/usr/src
	kernel_source
	xz -c linux.tar >package/usr/src/linux-source-6.100.tar.xz
	printf 'Package: linux-source-6.100\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: test\n' \
		>package/DEBIAN/control
	dpkg-deb --root-owner-group -b package linux-source-6.100_1_all.deb >/dev/null
	printf '#!/bin/sh\nprintf "linux-source-6.100\\nlinux-source-6.99\\nlinux-source-6\\n"\n' >bin/apt-cache
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nfor last; do :; done\necho "$last" >>%s/fetched\ncp "%s/${last}_1_all.deb" .\n' \
		"$T" "$T" >bin/apt-get
	chmod +x bin/*
	PATH=$T/bin:$PATH
	expect 0 build_kernel --debian --out b
	same 6.99 "$(sed -n 's/^# Linux[^ ]* \([^ ]*\) .*/\1/p' b/*Image.config)"
	for _ in 1 2; do
		expect 0 "$abs_top_srcdir/scripts/linux-source" src
		same "$T/src/linux-source-6.100.tar.xz" "$output"
	done
	cmp src/linux-source-6.100.tar.xz package/usr/src/linux-source-6.100.tar.xz
	same linux-source-6.100.tar.xz "$(ls -A src)"
	same 2 "$(grep -c 'linux-source-6.100' fetched)"
	printf '#!/bin/sh\nexit 1\n' >bin/mv
	chmod +x bin/mv
	expect 6 "$abs_top_srcdir/scripts/linux-source" full
	contains "$stderr" "linux-source: cannot unpack 'linux-source-6.100' in '$T/full'"
	same "" "$(ls -A full)"
	rm bin/mv
	expect 6 "$abs_top_srcdir/scripts/linux-source" linux.tar/x
	contains "$stderr" "linux-source: cannot make the folder 'linux.tar/x'"
	printf '#!/bin/sh\nexit 100\n' >bin/apt-get
	expect 5 "$abs_top_srcdir/scripts/linux-source" other
	contains "$stderr" "linux-source: cannot fetch 'linux-source-6.100'"
	same "" "$(ls -A other)"
	printf '#!/bin/sh\necho linux-source-extra\n' >bin/apt-cache
	expect 6 "$abs_top_srcdir/scripts/linux-source" other
	same "linux-source: apt knows no linux-source-X.Y" "$stderr"
	expect 5 build_kernel --debian --out c
	contains "$stderr" "build-kernel: no linux-source package: give the source with --source"
}
