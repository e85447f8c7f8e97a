#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# style.bats - the house style, as far as scripts can check it
load ../helpers

@test "checkstyle: the tree keeps the rules" {
	expect 0 "$abs_top_srcdir/scripts/checkstyle" "$abs_top_srcdir"
	same "" "$output"
	same "" "$stderr"
}

# breach FILE TEXT FAULT: a tree with this file alone has this fault.
breach() {
	rm -rf tree
	mkdir -p "$(dirname "tree/$1")" tree/src tree/tests tree/scripts
	printf '/* SPDX-License-Identifier: Apache-2.0 */\n' >"tree/$1"
	printf "/* ${1##*/} - a file */\n$2" >>"tree/$1"
	expect 1 "$abs_top_srcdir/scripts/checkstyle" tree
	contains "$output" "$1:"
	contains "$output" ": $3"
}

@test "checkstyle: each fault is found" {
	breach src/cli/a.c '// x\n' 'a // comment'
	breach src/cli/a.c '\tstrcpy(a, b);\n' 'a banned function'
	breach src/cli/a.c 'typedef struct a a_t;\n' 'a typedef'
	breach src/cli/a.c '\tgoto out;\n' 'goto'
	breach src/cli/a.c 'int x; \n' 'blanks at the end'
	breach src/cli/a.c '        int x;\n' 'indented by spaces'
	breach src/cli/a.c "$(printf '\t%094d' 1)\n" 'more than 100 columns'
	breach src/cli/a.c '/* see /wor''k/x */\n' 'a path of one machine'
	breach src/cli/a.c '/* TO''DO */\n' 'left for later'
	breach src/cli/a.c '#include "cli/b.h"\n#include "cli/c.h"\n#include <stdio.h>\n' \
		'system includes come before'
	breach src/cli/a.c '#include <curl/curl.h>\n' 'libcurl outside'
	breach src/cli/a.c '#include <archive.h>\n' 'libarchive outside'
	breach src/lib/base/a.c '\tprintf("x");\n' 'src/lib prints'
	breach src/lib/base/a.c '\texit(1);\n' 'src/lib prints or exits'
	breach src/lib/base/a.c '#include "image/ref.h"\n' 'base knows nothing'
	breach src/lib/base/a.c '#include "cli/cli.h"\n' 'src/lib knows nothing'
	breach src/lib/image/a.c '#include "enclave/x.h"\n' 'image and enclave'
	breach src/cli/a.c "$(yes '\n' | head -n 500)" \
		'more than 500 lines'
	breach tests/cli/a.bats '' 'in no Makemodule.am'
	breach scripts/a '' 'in no Makemodule.am'
	printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\ncd "$(dirname "$0")"\n' >tree/scripts/a
	expect 1 "$abs_top_srcdir/scripts/checkstyle" tree
	contains "$output" "scripts/a:1: no 'set -eu'"
	contains "$output" "scripts/a:1: cd, and no 'unset CDPATH'"
	rm -rf tree
	mkdir -p tree/src/cli tree/tests tree/scripts
	printf 'int x;\n' >tree/src/cli/a.c
	expect 1 "$abs_top_srcdir/scripts/checkstyle" tree
	same 'src/cli/a.c:1: no SPDX line at the top
src/cli/a.c:1: no "a.c - what it is" at the top' "$output"
}

@test "checkstyle: strings and comments are not code" {
	mkdir -p tree/src/cli tree/tests tree/scripts
	cat >tree/src/cli/a.c <<-'END'
	/* SPDX-License-Identifier: Apache-2.0 */
	/*
	 * a.c - strcpy(a, b) in a comment, goto out, // too
	 */
	static const char *const url = "http://x/strcpy(a)";
	END
	expect 0 "$abs_top_srcdir/scripts/checkstyle" tree
	same "" "$output"
}

@test "shellcheck: every shell script is clean" {
	requires shellcheck
	local file
	cd "$abs_top_srcdir"
	# The parts of bin/enclaver make sense together.
	echo "$abs_top_builddir/bin/enclaver" >"$T/scripts"
	find scripts tests src packaging share .ci -type f ! -path 'src/enclaver/*' \
		-exec grep -lE '^#!.*[/ ](ba)?sh$|^# shellcheck shell=sh' {} + >>"$T/scripts" 2>/dev/null || true
	same scripts/check "$(grep -x scripts/check "$T/scripts")"
	while read -r file; do
		expect 0 shellcheck "$file"
	done <"$T/scripts"
}

@test "shellcheck: the bats files are clean" {
	requires shellcheck
	cd "$abs_top_srcdir"
	local file
	for file in tests/*/*.bats; do
		expect 0 shellcheck -S warning -e SC2154 "$file"
	done
}
