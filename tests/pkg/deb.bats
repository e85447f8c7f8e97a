#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# deb.bats - the .deb packages, as they are built
load ../helpers
load ../peers
load ../packages

setup_file() {
	requires dpkg-buildpackage dh
	build_packages deb
}

local_setup() {
	deb=$packages/deb
}

# field PACKAGE FIELD
field() {
	dpkg-deb -f "$deb/$1"_*.deb "$2"
}

@test "deb: three packages of one version" {
	local arch
	arch=$(dpkg --print-architecture)
	same "$deb/enclaver-kernel_${package_version}_all.deb
$deb/enclaver-odyn_${package_version}_$arch.deb
$deb/enclaver-tools_${package_version}_$arch.deb" "$(cat "$deb/paths")"
	same "$(cat "$deb/paths")" "$(printf '%s\n' "$deb"/*.deb)"
}

@test "deb: lintian has nothing to say" {
	requires lintian
	expect 0 lintian --fail-on error,warning --tag-display-limit 0 "$deb"/*.deb
	same "" "$(grep -v '^N:' <<<"$output")"
}

@test "deb: the tools need odyn of their version and libraries, and no more" {
	local depends
	depends=$(field enclaver-tools Depends | tr ',' '\n' |
		sed 's/^ *//;s/ (>=[^)]*)//' | sort)
	same "enclaver-odyn (= $package_version)
libarchive13
libc6
libcurl4
libjansson4
libseccomp2
libssl3
libyaml-0-2
systemd | systemd-standalone-sysusers | systemd-sysusers
zlib1g" "$depends"
	same "" "$(field enclaver-odyn Depends)$(field enclaver-kernel Depends)"
	# What has to be built again when a library is mended.
	contains "$(field enclaver-odyn Built-Using)" "openssl (= "
}

@test "deb: what is where" {
	local package
	for package in tools odyn kernel; do
		dpkg-deb -c "$deb/enclaver-${package}"_*.deb >"$package"
		same "" "$(grep -v ' root/root ' "$package")"
	done
	contains "$(cat tools)" " ./usr/bin/enc-run"
	contains "$(cat tools)" " ./lib/systemd/system/enclaver@.service"
	contains "$(cat tools)" " ./usr/lib/sysusers.d/enclaver.conf"
	contains "$(cat tools)" " ./usr/lib/tmpfiles.d/enclaver.conf"
	dpkg-deb -e "$deb"/enclaver-tools_*.deb control
	same /etc/enclaver/enclaver.conf "$(cat control/conffiles)"
	contains "$(cat odyn)" " ./usr/libexec/enclaver/odyn"
	contains "$(cat odyn)" " ./usr/libexec/enclaver/init"
	if [ "$(uname -m)" = x86_64 ]; then
		dpkg-deb -x "$deb"/enclaver-odyn_*.deb root
		other_arch root
	fi
	contains "$(cat kernel)" " ./usr/share/enclaver/blobs/bzImage"
	contains "$(cat kernel)" " ./usr/share/enclaver/blobs/cmdline"
}

@test "deb: nothing is enabled, started or stopped" {
	dpkg-deb -e "$deb"/enclaver-tools_*.deb control
	same "" "$(grep -rE 'deb-systemd|systemctl|invoke-rc' control)"
	contains "$(cat control/postinst)" "systemd-sysusers"
	contains "$(cat control/postinst)" "systemd-tmpfiles"
}

@test "deb: another user elsewhere makes the same bytes of the tarball" {
	requires userns
	local name
	# The date of what is in them is the tree's.
	expect 0 build_again deb "$(dpkg-deb --fsys-tarfile "$deb"/enclaver-odyn_*.deb |
		python3 -c 'import sys, tarfile
print(max(t.mtime for t in tarfile.open(fileobj=sys.stdin.buffer, mode="r|")))')"
	for name in $(sed 's/.*\///' "$deb/paths"); do
		expect 0 cmp "$deb/$name" "again/$name"
	done
}

@test "packaging/build: says what it is at, and why it fails" {
	mkdir bin kernel
	echo kernel | tee kernel/bzImage >kernel/cmdline
	printf '#!/bin/sh\necho there is no room\nexit 1\n' >bin/dpkg-buildpackage
	chmod 755 bin/dpkg-buildpackage
	expect 6 env PATH="$T/bin:$PATH" "$abs_top_srcdir/packaging/build" deb \
		--out out --kernel kernel
	same "" "$output"
	same "build: there is no aarch64/Image in 'kernel': enclaver-kernel is for x86_64 alone
build: the source, by 'make dist'
build: the packages, by dpkg-buildpackage: a minute or more
there is no room
build: dpkg-buildpackage failed, its last words are above" "$stderr"
	[ ! -e out ]
}

@test "packaging/build: wrong usage and a folder without a kernel" {
	local build=$abs_top_srcdir/packaging/build
	expect 0 "$build" --help
	contains "$output" "build deb|rpm"
	same "" "$stderr"
	for arguments in "" "tar" "deb --out" "deb --nonsense"; do
		# shellcheck disable=SC2086 # words
		expect 2 "$build" $arguments
		contains "$stderr" "usage: build deb|rpm"
		same "" "$output"
	done
	mkdir empty
	expect 3 "$build" deb --out out --kernel empty
	same "" "$output"
	same "build: there is no kernel in 'empty': it lacks bzImage" "$stderr"
	[ ! -e out ]
	# A kernel's folder may have any name, and what cannot be written is said.
	mkdir -- -k
	expect 3 "$build" deb --out out --kernel -k
	TMPDIR=$T/none expect 6 "$build" deb --kernel empty
	contains "$stderr" "build: cannot make a temporary folder: is TMPDIR right?"
	# A tool that is missing is named before anything is done.
	mkdir bin
	ln -s "$(command -v dirname)" bin
	expect 6 env PATH="$T/bin" /bin/sh "$build" deb
	same "build: there is no dpkg-buildpackage: scripts/install-deps packages brings it" "$stderr"
}
