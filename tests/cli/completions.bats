#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# completions.bats - what the shells offer; that the list of options is right
# is checked by docs.bats
load ../helpers

share=$abs_top_builddir/share

# offers WORD...: what bash would offer for the last one, one a line.
offers() {
	(
		# shellcheck disable=SC1090
		. "$share/bash/$1"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		"_${1//-/_}"
		printf '%s\n' "${COMPREPLY[@]}"
	)
}

@test "completions: bash offers options, values, words and files" {
	: >some.eif
	same --measurements "$(offers enc-eif --mea)"
	same $'own\nblobs' "$(offers enc-eif --init '')"
	same some.eif "$(offers enc-eif -o so)"
	same true "$(offers enc-pull --tls-verify = tr)"
	same extract "$(offers enc-inspect ex)"
	same release "$(offers enclaver re)"
	same some.eif "$(offers enc-inspect pcrs so)"
}

@test "completions: bash offers what goes with enclaver's verb" {
	local verb options
	options=$(offers enclaver run --)
	for option in --launcher --check --expect --resolver --engine --file --publish; do
		same "$option" "$(grep -x -e "$option" <<<"$options")"
	done
	same "" "$(grep -E 'blobs|eif-only|log-buffer|json' <<<"$options")"
	same sandbox "$(offers enclaver -f x run --launcher s)"
	options=$(offers enclaver build --)
	for option in --blobs --eif-only --log-buffer --file --quiet; do
		same "$option" "$(grep -x -e "$option" <<<"$options")"
	done
	same "" "$(grep -E 'launcher|engine|publish|debug' <<<"$options")"
	for verb in pull push amend eif release inspect; do
		same "$(offers "enc-$verb" -)" "$(offers enclaver "$verb" -)" "$verb"
	done
	same extract "$(offers enclaver inspect ex)"
	same --json "$(offers enclaver ps --j)"
	same "" "$(offers enclaver --launch)"
}

@test "completions: fish reads them and offers the same" {
	requires fish
	local file
	for file in "$share"/fish/*; do expect 0 fish -n "$file"; done
	# shellcheck disable=SC2016
	expect 0 fish -c 'source $argv[1]; complete -C "enc-eif --mea"
		complete -C "enc-eif --init "' "$share/fish/enc-eif.fish"
	same $'--measurements\nblobs\nown' "$(cut -f 1 <<<"$output")"
	# shellcheck disable=SC2016
	expect 0 fish -c 'source $argv[1]; complete -C "enclaver run --la"
		complete -C "enclaver build --la"; complete -C "enclaver build --bl"
		complete -C "enclaver eif --init "; complete -C "enclaver --bl"' \
		"$share/fish/enclaver.fish"
	same $'--launcher\n--blobs\nblobs\nown' "$(cut -f 1 <<<"$output")"
}

@test "completions: zsh reads them, and each program has its part" {
	requires zsh
	local program
	expect 0 zsh -n "$share/zsh/_enclaver"
	for program in "$share"/bash/*; do
		program=${program##*/}
		contains "$(head -n 1 "$share/zsh/_enclaver") " " $program "
		same 1 "$(grep -cx "$program)" "$share/zsh/_enclaver")"
	done
	# _arguments is zsh's own; here it shows what it is given.
	expect 0 zsh -fc '_arguments() { print -l -- "$@"; }
		service=enc-eif; . "$1"' zsh "$share/zsh/_enclaver"
	contains "$output" '--init=[whose init to boot]:value:(own blobs)'
	contains "$output" "(-o --output)-o+[write the EIF here]:value:_files"
	offers_of() {
		# shellcheck disable=SC2016
		expect 0 zsh -fc '_arguments() { print -l -- "$@"; }
			f() { . "$file"; }; file=$1; shift
			service=enclaver words=("$@" "") CURRENT=$(($# + 1)); f' \
			zsh "$share/zsh/_enclaver" enclaver "$@"
	}
	offers_of run
	contains "$output" '--launcher='
	[[ $output != *--blobs* ]]
	offers_of -q build
	contains "$output" '--blobs='
	[[ $output != *--launcher* ]]
	offers_of eif
	contains "$output" '--init=[whose init to boot]'
	offers_of ps
	contains "$output" '--json'
}
