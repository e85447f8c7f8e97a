#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# release.bats - this tree's own tarball: twice the same, and it builds as it is
load ../helpers

@test "release: this tree makes the same tarball twice, which wants no autoconf" {
	requires git autoreconf xz make
	export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b.example \
		GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b.example
	# The make that runs the tests is not the one meant here.
	unset MAKEFLAGS MFLAGS MAKELEVEL
	local name=enclaver-$ENC_VERSION
	mkdir repo
	tar -C "$abs_top_srcdir" --exclude=./.git --exclude=./build -cf - . |
		tar -C repo -xf -
	cd repo
	git init -q -b main
	git add -A
	git commit -qm 'a release'
	git tag "v$ENC_VERSION"
	git clone -q . "$T/another"
	git tag -d "v$ENC_VERSION"
	expect 0 scripts/release
	same "$T/repo/build/release/$name.tar.xz" "$output"
	cd "$T/another"
	umask 077
	TZ=Asia/Tokyo expect 0 scripts/release --verify "$output"

	cd "$T"
	tar -xf "repo/build/release/$name.tar.xz"
	mkdir build
	cd build
	expect 0 "../$name/configure" -q
	expect 0 make -s bin/enclaver AUTOCONF=false AUTOMAKE=false ACLOCAL=false \
		AUTOHEADER=false
}
