#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# install.bats - what "make install DESTDIR=" puts where
load ../helpers

@test "install: programs, pages and completions, and nothing else" {
	requires make
	local program page example
	# The make that runs the tests is not the one meant here.
	unset MAKEFLAGS MFLAGS MAKELEVEL
	expect 0 make -s -C "$abs_top_builddir" install DESTDIR="$T/root" prefix=/usr
	cd root/usr
	{
		for program in $ENC_PROGRAMS; do
			echo "bin/$program"
			echo "share/bash-completion/completions/$program"
			echo "share/fish/vendor_completions.d/$program.fish"
		done
		echo etc/enclaver/enclaver.conf
		echo lib/systemd/system/enclaver@.service
		echo lib/sysusers.d/enclaver.conf
		echo lib/tmpfiles.d/enclaver.conf
		echo libexec/enclaver/init
		echo libexec/enclaver/odyn
		for page in "$abs_top_srcdir"/man/*.[1-8]; do
			echo "share/man/man${page##*.}/${page##*/}"
		done
		for example in "$abs_top_srcdir"/share/examples/*; do
			echo "share/enclaver/examples/${example##*/}"
		done
		echo share/enclaver/seccomp.json
		echo share/zsh/site-functions/_enclaver
	} | LC_ALL=C sort >"$T/want"
	find . ! -type d | sed 's|^\./||' | LC_ALL=C sort >"$T/got"
	same "" "$(diff "$T/want" "$T/got")"
	for program in $ENC_PROGRAMS; do
		[ -x "bin/$program" ]
	done
	same usr "$(ls "$T/root")"
}

@test "install: a configuration that is there stays, and goes when nobody changed it" {
	requires make
	local conf=root/usr/etc/enclaver/enclaver.conf
	unset MAKEFLAGS MFLAGS MAKELEVEL
	make_into() {
		expect 0 make -s -C "$abs_top_builddir" "$1" DESTDIR="$T/root" prefix=/usr
	}
	mkdir -p "${conf%/*}"
	echo 'odyn_image=own:1' >"$conf"
	make_into install-data-local
	same 'odyn_image=own:1' "$(cat "$conf")"
	make_into uninstall-local
	same 'odyn_image=own:1' "$(cat "$conf")"
	rm "$conf"
	make_into install-data-local
	cmp "$abs_top_builddir/share/enclaver.conf" "$conf"
	make_into uninstall-local
	[ ! -e "$conf" ]
}
