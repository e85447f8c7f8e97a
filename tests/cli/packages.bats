#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# packages.bats - packaging/build, without building: the packages themselves are
# in tests/pkg
load ../helpers

# candidate: a tree, in own, of which "make dist" is quick
candidate() {
	mkdir -p own/packaging/debian made/enclaver-1.2.0-rc1
	cp "$abs_top_srcdir"/packaging/build "$abs_top_srcdir"/packaging/*.spec own/packaging
	cp "$abs_top_srcdir/packaging/debian/control" own/packaging/debian
	touch own/NEWS
	cp -R own/packaging made/enclaver-1.2.0-rc1
	cat >own/configure <<-END
	#!/bin/sh
	printf 'dist:\n\ttar -cJf enclaver-1.2.0-rc1.tar.xz -C $T/made enclaver-1.2.0-rc1\n' >Makefile
	END
	chmod +x own/configure
}

# stub NAME: a program that comes first in PATH, its text on standard input
stub() {
	mkdir -p bin
	cat >"bin/$1"
	chmod +x "bin/$1"
}

@test "packages: a release candidate sorts before the release, for dpkg and rpm" {
	requires rpmspec dpkg dpkg-parsechangelog
	candidate
	stub dpkg-buildpackage <<-'END'
	#!/bin/sh
	: >"../enclaver-tools_$(dpkg-parsechangelog -S Version)_all.deb"
	END
	# As it is called: -bb --nodeps, and then what rpmspec takes, too.
	stub rpmbuild <<-'END'
	#!/bin/sh
	shift 2
	mkdir "${2#_topdir }"
	rpmspec -q --builtrpms --qf "${2#_topdir }/%{name}-%{version}.rpm\n" "$@" | xargs touch
	rpmspec -P "$@" | grep -x 'Source0: enclaver-1.2.0-rc1.tar.xz'
	END
	expect 0 env PATH="$T/bin:$PATH" own/packaging/build deb --out out --without-kernel
	same "$T/out/enclaver-tools_1.2.0~rc1_all.deb" "$output"
	expect 0 env PATH="$T/bin:$PATH" own/packaging/build rpm --out out --without-kernel
	same "$T/out/enclaver-odyn-1.2.0~rc1.rpm
$T/out/enclaver-tools-1.2.0~rc1.rpm" "$output"
	expect 0 dpkg --compare-versions 1.2.0~rc1 lt 1.2.0
	same -1 "$(rpm --eval '%{lua:print(rpm.vercmp("1.2.0~rc1", "1.2.0"))}')"
}
