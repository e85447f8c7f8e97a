#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# completions.bats - what the shells offer: every option and verb that --help
# has and no other, values, files, and the images of the store
load ../helpers
load ../peers

share=$abs_top_builddir/share

# offers WORD...: what bash would offer for the last one, one a line.
offers() {
	(
		# as in a shell that people use
		set +e
		# shellcheck disable=SC1090
		. "$share/bash/$1"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		COMP_LINE=$*
		COMP_POINT=${#COMP_LINE}
		"_${1//-/_}"
		printf '%s\n' "${COMPREPLY[@]}"
	)
}

# by_bash, by_fish, by_zsh: reads lines, and prints for each what is offered for
# its last word: the line, a tab, and the word
by_bash() {
	local line words word
	while IFS= read -r line; do
		read -ra words <<<"$line"
		[ "${line% }" = "$line" ] || words+=('')
		while IFS= read -r word; do
			[ -z "$word" ] || printf '%s\t%s\n' "$line" "$word"
		done < <(offers "${words[@]}")
	done
}

by_fish() {
	local line
	while IFS= read -r line; do
		# shellcheck disable=SC2016
		fish -c 'source $argv[1]; complete -C $argv[2]' \
			"$share/fish/${line%% *}.fish" "$line" | cut -f 1 |
			while IFS= read -r word; do printf '%s\t%s\n' "$line" "$word"; done
	done
}

by_zsh() {
	zsh "$abs_top_srcdir/tests/tools/offers.zsh" "$share/zsh"
}

# help_of PROGRAM [PATTERN]: the options of its --help, but not of lines that
# have the pattern
help_of() {
	"$1" --help | grep -v -e "${2:-no such line}" | sed -n 's/^ *\(-.*\)$/\1/p' |
		sed 's/   *.*//' | grep -oE -- '(^|[ ,])--?[A-Za-z][a-z-]*' | tr -d ' ,'
}

# said: what each shell should offer, in the form of by_*
said() {
	local program verb
	for program in $ENC_PROGRAMS; do
		[ "$program" != enclaver ] || continue
		help_of "$program" | sed "s/^/$program -	/"
		verb=${program#enc-}
		# its own run has more
		[ "$verb" = run ] || help_of "$program" | sed "s/^/enclaver $verb -	/"
	done
	help_of enclaver 'for run:' | sed 's/^/enclaver build -	/'
	{
		help_of enclaver 'for build:'
		help_of enc-run 'for ps:'
	} | sed 's/^/enclaver run -	/'
	printf 'enc-run ps -\t%s\n' --json -h --help -V --version -q --quiet -v --verbose
	printf 'enclaver ps -\t%s\n' --json -h --help -V --version -q --quiet -v --verbose
	# the verbs
	for program in $ENC_PROGRAMS; do
		[ "$program" = enclaver ] || printf 'enclaver \t%s\n' "${program#enc-}"
	done
	printf 'enclaver \t%s\n' build ps help
	enc-inspect --help | sed -n 's/^  \([a-z, ]*[a-z]\)  .*/\1/p; s/^  \([a-z]*\) [[A-Z].*/\1/p' |
		tr -d ' ' | tr , '\n' | sed 's/^/enc-inspect 	/'
	enc-run --help | sed -n 's/^ .* enc-run \(\[OPTION\]\.\.\. \)*\([a-z| -]*[a-z]\) .*/\2/p' |
		tr -d ' ' | tr '|' '\n' | sed 's/^/enc-run 	/'
}

# compare SHELL: in a folder without files, and with a store without images.  All
# options of enc-run are offered behind ps too, which bash and fish do not tell
# apart.
compare() {
	mkdir -p "$T/empty"
	cd "$T/empty" || return
	said | grep -v '^enc-run ps' | LC_ALL=C sort -u >../said
	[ "$(wc -l <../said)" -gt 200 ]
	cut -f 1 ../said | uniq | "by_$1" | LC_ALL=C sort -u >../offered
	diff -u --label --help --label "$1" ../said ../offered >&2
}

@test "completions: bash has what --help has" { compare bash; }

@test "completions: fish has what --help has" {
	requires fish
	compare fish
}

@test "completions: zsh has what --help has" {
	requires zsh
	compare zsh
}

# what a shell offers for values: words, files, folders
values() {
	: >some.eif
	mkdir somewhere
	printf '%s\n' 'enc-eif --init ' 'enc-eif -o so' 'enc-pull --store so' \
		'enc-pull -j ' 'enc-run --launcher s' 'enclaver run --launcher s' \
		'enclaver -f x run --launcher s' 'enclaver run --engine ' \
		'enclaver eif --init ' 'enclaver inspect ex' 'enclaver re' \
		'enc-inspect pcrs so' 'enc-release so' >lines
	"by_$1" <lines | sed 's|/$||' | LC_ALL=C sort -u >offered
	LC_ALL=C sort >want <<-'END'
	enc-eif --init 	blobs
	enc-eif --init 	own
	enc-eif -o so	some.eif
	enc-eif -o so	somewhere
	enc-inspect pcrs so	some.eif
	enc-inspect pcrs so	somewhere
	enc-pull --store so	somewhere
	enc-release so	some.eif
	enc-release so	somewhere
	enc-run --launcher s	sandbox
	enclaver -f x run --launcher s	sandbox
	enclaver eif --init 	blobs
	enclaver eif --init 	own
	enclaver inspect ex	extract
	enclaver re	release
	enclaver run --engine 	docker
	enclaver run --engine 	podman
	enclaver run --launcher s	sandbox
	END
	diff -u want offered >&2
}

@test "completions: bash offers words, files and folders" { values bash; }

@test "completions: fish offers words, files and folders" {
	requires fish
	values fish
}

@test "completions: zsh offers words, files and folders" {
	requires zsh
	values zsh
}

@test "completions: bash completes behind an equals sign" {
	same true "$(offers enc-pull --tls-verify = tr)"
	same $'false\ntrue' "$(offers enc-pull --tls-verify = | sort)"
}

# a store with images, and with a name that is a trap
with_images() {
	requires python3
	mkimage_app "$ENCLAVER_STORE" docker.io/library/app:1.0 >/dev/null
	mkimage_app "$ENCLAVER_STORE" docker.io/repo/app:2 >/dev/null
	mkimage_app "$ENCLAVER_STORE" registry.example/app:3 >path
	# shellcheck disable=SC2016
	mkimage_app "$ENCLAVER_STORE" 'trap$(touch${IFS}hit)' >/dev/null
	# as the programs write it
	jq -c -S . "$ENCLAVER_STORE/index.json" >index
	mv index "$ENCLAVER_STORE/index.json"
}

images() {
	requires jq
	with_images
	printf '%s\n' 'enc-inspect path ap' 'enc-push re' 'enc-amend --odyn repo/' \
		'enclaver run registry' 'enc-run tr' 'enc-release --sleeve ap' >lines
	# a backslash before what is no letter is the shell's own
	"by_$1" <lines | tr -d '\\' | LC_ALL=C sort -u >offered
	LC_ALL=C sort >want <<-'END'
	enc-amend --odyn repo/	repo/app:2
	enc-inspect path ap	app:1.0
	enc-push re	registry.example/app:3
	enc-push re	repo/app:2
	enc-release --sleeve ap	app:1.0
	enc-run tr	trap$(touch${IFS}hit)
	enclaver run registry	registry.example/app:3
	END
	diff -u want offered >&2
	[ ! -e hit ]
}

@test "completions: bash offers the images of the store" {
	images bash
	# behind the colon, where a word begins for bash
	same '0' "$(offers enc-push docker.io/x:1.0 app:1. | sed 's/.*\.//')"
	same '3' "$(offers enc-inspect path registry.example/app:)"
}

@test "completions: fish offers the images of the store" {
	requires fish
	images fish
}

@test "completions: zsh offers the images of the store" {
	requires zsh
	images zsh
}

@test "completions: the files are what each shell reads" {
	requires fish zsh
	local file
	for file in "$share"/bash/*; do expect 0 bash -n "$file"; done
	for file in "$share"/fish/*; do expect 0 fish -n "$file"; done
	expect 0 zsh -n "$share/zsh/_enclaver"
	for file in "$share"/bash/*; do
		contains "$(head -n 1 "$share/zsh/_enclaver") " " ${file##*/} "
	done
}
