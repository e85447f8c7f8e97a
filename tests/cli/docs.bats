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
	expect 0 "$abs_top_srcdir/scripts/checkdocs" "$abs_top_builddir/libexec" odyn
	same "" "$output"
}

# each word of enc-run's --help that is an option, but what is for ps alone
@test "docs: enclaver run takes all options of enc-run" {
	local option n=0
	for option in $(enc-run --help | grep -oE '^ +(-[a-zV], )?--[a-z-]+' | grep -oE -- '--[a-z-]+$'); do
		n=$((n + 1))
		case $option in
		--json) expect 125 enclaver run $option --help ;;
		--debug-mode | --check | --quiet | --verbose | --help | --version)
			expect 0 enclaver run $option --help
			;;
		*) expect 0 enclaver run $option 1 --help ;;
		esac
	done
	[ $n -ge 19 ]
}

# what a program says in a message, and what a page says that it says
@test "docs: a page that a message names is there, and a message that a page shows" {
	local page line part
	for page in $(grep -rhoE '"[^"]*"' "$abs_top_srcdir/src" --include='*.c' |
		grep -oE '(enc[a-z@.-]*|odyn|eif|process\.json)\([1-8]\)' | sort -u); do
		page=${page/(/.}
		[ -e "$abs_top_srcdir/man/${page%)}" ] || { echo "no page $page" >&2; return 1; }
	done
	# strings of two lines are one
	find "$abs_top_srcdir/src" -name '*.c' -exec cat {} + | tr '\n' ' ' |
		sed 's/"[[:space:]]*"//g' >said
	while IFS= read -r line; do
		# between what is filled in, which includes a macro's name of a file
		while IFS= read -r part; do
			[ ${#part} -lt 4 ] || grep -qF -- "$part" said ||
				{ echo "nothing says '$part' of '$line'" >&2; return 1; }
		done < <(sed -E "s/^(odyn|init): (egress: )?//
			s/\b(COMMAND|FOLDER|HOST|N|NAME|PATH|PATTERN|PORT|REASON|TYPE|behind|ahead)\b|'\/dev\/nsm' is not there/\n/g" <<<"$line" |
			sed "s/^[ '():]*//; s/[ '()]*$//")
	done < <(sed -n 's/^\.It "\([a-z]*: .*\)"$/\1/p' "$abs_top_srcdir"/man/*.8 | tee shown)
	[ "$(wc -l <shown)" -gt 25 ]
}

@test "docs: each variable that a program reads has an entry in a page" {
	local name n=0
	for name in $(grep -rhoE '"(DOCKER|ENC|ENCLAVER|NOTIFY|REGISTRY|SOURCE|SSL|XDG)_[A-Z_]+"' \
		"$abs_top_srcdir/src" --include='*.[ch]' | tr -d '"' | sort -u); do
		grep -qE "^\.(It )?Ev (.* )?$name( |$)" "$abs_top_srcdir"/man/*.[1-8] ||
			{ echo "no page has $name" >&2; return 1; }
		n=$((n + 1))
	done
	[ $n -ge 15 ]
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

@test "docs: scripts find their tree, whatever CDPATH says" {
	mkdir -p scripts
	cd "$abs_top_srcdir"
	expect 0 env CDPATH="$T:." scripts/inspect-base-images.sh --dry-run
	contains "$output" "taken="
}

# taken_by SCRIPT...: the options that a case in them takes
taken_by() {
	grep -hoE '^[[:space:]]*(-[a-z] \| )?--[a-z-]+( \| --[a-z-]+)*\)' "$@" |
		grep -oE -- '--[a-z][a-z-]+' | grep -vxe --help | sort -u
}

# In base-images.sh is what three of them share, and two texts name options of
# dpkg and enc-run.
@test "docs: a script's --help has the options that it takes" {
	local script shared said
	for script in "$abs_top_srcdir"/scripts/*; do
		case ${script##*/} in autogen.sh | run.in | base-images.sh) continue ;; esac
		said=$("$script" --help | grep -oE -- '--[a-z][a-z-]+' |
			grep -vxe --help -e --add-architecture -e --launcher | sort -u)
		shared=$(grep -q 'base-images\.sh' "$script" &&
			echo "$abs_top_srcdir/scripts/base-images.sh") || :
		same "$(taken_by "$script" ${shared:+"$shared"})" "$said" "${script##*/} --help"
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
	.Sh ENVIRONMENT
	None.
	.Sh EXIT STATUS
	Yes.
	.Sh EXAMPLES
	.Dl enc-x -o file
	.Sh SEE ALSO
	.Xr true 1
	.Sh SECURITY CONSIDERATIONS
	None.
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
enc-x.1:19: an example gives enc-x -p' "$output"

	fake
	echo '.so man1/enc-x.1' >tree/man/also-x.1
	expect 0 tree/scripts/checkdocs tree/bin enc-x
	same "" "$output"
	echo '.so man1/enc-y.1' >tree/man/also-x.1
	expect 1 tree/scripts/checkdocs tree/bin enc-x
	same 'man/also-x.1: no page enc-y.1' "$output"

	fake
	sed -i 's/^\.Xr true 1/.Xr enc-true 1/' tree/man/enc-x.1
	expect 1 tree/scripts/checkdocs tree/bin enc-x
	same 'man/enc-x.1: no page enc-true(1)' "$output"

	# a page of section 8 needs no completions
	fake
	mv tree/man/enc-x.1 tree/man/enc-x.8
	sed -i 's/^\.Dt ENC-X 1/.Dt ENC-X 8/' tree/man/enc-x.8
	: >tree/share/completions/options
	expect 0 tree/scripts/checkdocs tree/bin enc-x
	same "" "$output"

	fake
	sed -i '/^\.Sh EXIT/d' tree/man/enc-x.1
	echo .Nosuch >>tree/man/enc-x.1
	expect 1 tree/scripts/checkdocs tree/bin enc-x
	contains "$output" 'man/enc-x.1: no section EXIT STATUS'
	contains "$output" 'Nosuch'
}
