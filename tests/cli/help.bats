#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# help.bats - what every program does alike: help, version, wrong usage
load ../helpers

# ENC_PROGRAMS is make's list of what is installed into bin.
setup_file() {
	[ -n "$ENC_PROGRAMS" ]
}

@test "help: --help and -h print the same usage and options" {
	local program help
	for program in $ENC_PROGRAMS; do
		expect 0 "$program" --help
		contains "$output" "usage: $program"
		contains "$output" "--version"
		same "" "$stderr"
		help=$output
		expect 0 "$program" -h
		same "$help" "$output"
	done
}

@test "help: --version and -V print name and version" {
	local program option
	for program in $ENC_PROGRAMS; do
		for option in --version -V; do
			expect 0 "$program" "$option"
			same "$program (enclaver) $ENC_VERSION" "$output"
			same "" "$stderr"
		done
	done
}

# usage_status PROGRAM: enc-run's own failures are 125, for it ends with an
# application's status otherwise
usage_status() {
	[ "$1" = enc-run ] && echo 125 || echo 2
}

@test "help: an unknown option is status 2, one line and a hint" {
	local program option
	for program in $ENC_PROGRAMS; do
		for option in --no-such-option -Z; do
			expect "$(usage_status "$program")" "$program" "$option"
			same "" "$output"
			same "$program: unknown option '$option'
$program: try '$program --help'" "$stderr"
		done
	done
}

@test "help: an option that lacks its value is status 2" {
	local program options value option
	while IFS='|' read -r program options value _; do
		program=${program% *}
		[[ " $ENC_PROGRAMS " == *" $program "* ]] || continue
		[ -n "$options" ] && [ -n "$value" ] || continue
		for option in ${options/,/ }; do
			expect "$(usage_status "$program")" "$program" "$option"
			same "" "$output"
			same "$program: option '$option' needs a value
$program: try '$program --help'" "$stderr"
		done
	done <"$abs_top_srcdir/share/completions/options"
}

@test "help: a full disk under stdout is status 6" {
	local program
	for program in $ENC_PROGRAMS; do
		# shellcheck disable=SC2016
		expect 6 sh -c '"$1" --help >/dev/full' sh "$program"
		contains "$stderr" "$program: cannot write to standard output: No space left"
	done
}
