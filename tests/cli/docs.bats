#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docs.bats - pages, --help and completions say the same
load ../helpers

@test "docs: pages, help, completions and examples agree" {
	requires mandoc
	# shellcheck disable=SC2086
	expect 0 "$abs_top_srcdir/scripts/checkdocs" "$abs_top_builddir/bin" \
		$ENC_PROGRAMS
	same "" "$output"
	same "" "$stderr"
}

@test "docs: what README says to run says what it does, and knows wrong use" {
	local script
	for script in demo check build-kernel kernel-from-debian install-deps; do
		contains "$(cat "$abs_top_srcdir/README")" "scripts/$script"
	done
	# and so does each of the others
	for script in "$abs_top_srcdir"/scripts/*; do
		script=${script##*/}
		case $script in autogen.sh | run.in | base-images.sh) continue ;; esac
		expect 0 "$abs_top_srcdir/scripts/$script" --help
		contains "$output" "$script "
		same "" "$stderr"
		expect 2 "$abs_top_srcdir/scripts/$script" --no-such-option
		same "" "$output"
		contains "$stderr" "usage: $script"
	done
}

@test "docs: README says that a kernel is needed before it says to build" {
	local first
	first=$(sed '/^To use it:/q' "$abs_top_srcdir/README")
	contains "$first" "needs a kernel"
	contains "$first" "ENCLAVER_BLOBS=DIR"
	contains "$first" "PREFIX/share/enclaver/blobs"
}

@test "docs: each name of a page has one, and no example is wider than a terminal" {
	requires mandoc
	local page name
	for page in "$abs_top_srcdir"/man/*.1; do
		[ "$(head -c 4 "$page")" != '.so ' ] || continue
		for name in $(sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \([^ ]*\).*/\1/p' "$page"); do
			[ -e "$abs_top_srcdir/man/$name.1" ]
		done
		same "" "$(sed -n 's/^\.Dl //p' "$page" | grep -E '^.{73}')" "$page"
	done
}

# A tree of one program, whose documents can be broken.
fake() {
	rm -rf tree
	mkdir -p tree/bin tree/man tree/scripts tree/share/completions
	cp "$abs_top_srcdir"/scripts/{checkdocs,examples} tree/scripts
	cat >tree/bin/enc-x <<-'END'
	#!/bin/sh
	echo "usage: enc-x [-o FILE]"
	echo "  -o, --output FILE   write here"
	echo "      --json          print --other things"
	END
	chmod +x tree/bin/enc-x
	printf 'enc-x|-o,--output|file|\nenc-x|--json||\n' >tree/share/completions/options
	printf '    enc-x --json | enc-x -o file\n' >tree/README
	cat >tree/man/enc-x.1 <<-'END'
	.Dd November 23, 2026
	.Dt ENC-X 1
	.Os
	.Sh NAME
	.Nm enc-x
	.Nd a program
	.Sh DESCRIPTION
	.Bl -tag -width Ds
	.It Fl o , Fl -output Ar FILE
	Writes.
	.It Fl -json
	Prints.
	.El
	.Sh EXIT STATUS
	Yes.
	.Sh EXAMPLES
	.Dl enc-x -o file
	.Sh SEE ALSO
	.Xr true 1
	END
}

@test "docs: checkdocs passes what agrees and finds each fault" {
	requires mandoc
	fake
	expect 0 tree/scripts/checkdocs tree/bin enc-x
	same "" "$output"

	sed -i 's/^enc-x|--json/enc-x|--jsonn/' tree/share/completions/options
	expect 1 tree/scripts/checkdocs tree/bin enc-x
	same 'share/completions/options: enc-x: --json is missing
share/completions/options: enc-x: --jsonn is not in --help' "$output"

	fake
	sed -i '/^\.It Fl -json/d' tree/man/enc-x.1
	expect 1 tree/scripts/checkdocs tree/bin enc-x
	contains "$output" 'man/enc-x.1: --json is missing'

	fake
	sed -i 's/^\.Dl enc-x -o/.Dl enc-x -p/' tree/man/enc-x.1
	echo '    enc-x file | enc-x --jason' >>tree/README
	expect 1 tree/scripts/checkdocs tree/bin enc-x
	same 'README:1: an example gives enc-x --jason
enc-x.1:17: an example gives enc-x -p' "$output"

	fake
	echo '.so man1/enc-x.1' >tree/man/also-x.1
	expect 0 tree/scripts/checkdocs tree/bin enc-x
	same "" "$output"
	echo '.so man1/enc-y.1' >tree/man/also-x.1
	expect 1 tree/scripts/checkdocs tree/bin enc-x
	same 'man/also-x.1: no page enc-y.1' "$output"

	fake
	sed -i '/^\.Sh EXIT/d' tree/man/enc-x.1
	echo .Nosuch >>tree/man/enc-x.1
	expect 1 tree/scripts/checkdocs tree/bin enc-x
	contains "$output" 'man/enc-x.1: no section EXIT STATUS'
	contains "$output" 'Nosuch'
}
