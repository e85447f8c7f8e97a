#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# install.bats - what "make install DESTDIR=" puts where
load ../helpers

@test "install: programs, pages and completions, and nothing else" {
	requires make
	local program
	# The make that runs the tests is not the one meant here.
	unset MAKEFLAGS MFLAGS MAKELEVEL
	expect 0 make -s -C "$abs_top_builddir" install DESTDIR="$T/root" prefix=/usr
	cd root/usr
	{
		for program in $ENC_PROGRAMS; do
			echo "bin/$program"
			echo "share/bash-completion/completions/$program"
			echo "share/fish/vendor_completions.d/$program.fish"
			echo "share/man/man1/$program.1"
		done
		echo libexec/enclaver/init
		echo libexec/enclaver/odyn
		echo share/man/man5/enclaver.yaml.5
		echo share/man/man7/enclaver.7
		echo share/zsh/site-functions/_enclaver
	} | LC_ALL=C sort >"$T/want"
	find . ! -type d | sed 's|^\./||' | LC_ALL=C sort >"$T/got"
	same "" "$(diff "$T/want" "$T/got")"
	for program in $ENC_PROGRAMS; do
		[ -x "bin/$program" ]
	done
	same usr "$(ls "$T/root")"
}
