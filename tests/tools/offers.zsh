#!/usr/bin/env zsh
# SPDX-License-Identifier: Apache-2.0
# offers.zsh FOLDER - what zsh itself completes, with the functions in FOLDER
#
# A line of standard input is typed into an interactive zsh, with a tab at its
# end.  Prints what is offered for its last word: the line, a tab, and a match.
emulate -R zsh
zmodload zsh/zpty zsh/system

offered=$(mktemp)
trap 'zpty -d inner 2>/dev/null; rm -f $offered' EXIT

# What the inner one runs: each match that compadd adds goes into the file, and
# "done" when the completion is over.
setup=$(mktemp)
cat >$setup <<END
PS1= PS2= ZLE_REMOVE_SUFFIX_CHARS=
fpath=($1 \$fpath)
autoload -Uz compinit && compinit -D -u
zstyle ':completion:*' verbose no
LISTMAX=1000000
compadd() {
	local -a hits
	# these are questions of the completion system, not answers
	if [[ \${@[1,(i)(-|--)]} != *-[A-Za-z12]#[OAD]\ * ]]; then
		builtin compadd -A hits "\$@"
		print -rl -- \$hits >>$offered
	fi
	builtin compadd "\$@"
}
# the list of them is emptied before each call
offers_done() { print done >>$offered; comppostfuncs=(offers_done) }
comppostfuncs=(offers_done)
END

zpty inner zsh -f -i
zpty -w inner "emulate zsh; setopt extendedglob; . $setup; rm $setup; print done >>$offered"

until_done() {
	local text i=0
	while ((i < 6000)); do
		zpty -r -t inner text && continue	# its screen, which nobody reads
		[[ $(<$offered) == *done ]] && return
		sleep 0.02
		((++i))
	done
	print -u 2 "zsh does not complete '$line'"
	exit 1
}

line=
until_done
while IFS= read -r line; do
	: >$offered
	zpty -w -n inner "$line"$'\t'
	until_done
	while IFS= read -r match; do
		[[ $match == done || -z $match ]] || print -r -- "$line"$'\t'"$match"
	done <$offered
	zpty -w -n inner $'\x15'	# kill the line
done
