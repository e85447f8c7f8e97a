#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# inspect-base-images.sh - what is in the base images
set -eu

name='inspect-base-images.sh'
# shellcheck source=scripts/base-images.sh
. "$(dirname "$0")/base-images.sh"

help() {
	cat <<'END'
usage: inspect-base-images.sh [OPTION]... [IMAGE]...
Pulls each IMAGE and prints its ID and names, size, configuration, the first ten
lines of its history, and its files.  Without IMAGE these are the three that
enclaver.conf names: nitro-cli, odyn and sleeve.  Without --engine the images go
into the store, and no daemon is asked: that wants the suite in PATH, or
"BUILD/scripts/run scripts/inspect-base-images.sh".

      --local            pull nothing: show what the store, or the engine, has
      --engine ENGINE    by docker, podman or buildah, which then has the images
      --dry-run          print the commands, run none
  -h, --help             this text
END
}

# first_ten COMMAND...: ten lines of its output.
first_ten() {
	if [ -n "$dry_run" ]; then
		printf '%s | head -n 10\n' "$(print "$@")"
	else
		lines=$("$@")
		printf '%s\n' "$lines" | head -n 10
	fi
}

# show IMAGE: by the suite alone.
show() {
	result enc-inspect -q show -- "$1"
	result enc-inspect -q id -- "$1"
	result enc-inspect -q config -- "$1"
	first_ten enc-inspect -q history -- "$1"
	result enc-inspect -q ls -- "$1"
}

by_suite() {
	if [ -n "$local_only" ]; then
		show "$1"
	else
		take enc-pull -q -- "$1"
		show "$taken"
	fi
}

pulled() {
	[ -n "$local_only" ] || step "$engine" pull "$1" ||
		die 5 "$engine does not pull '$1', see above"
}

# saved COMMAND...: the image that it writes to an archive is taken from there,
# into a store of its own.
saved() {
	step "$@" || die 3 "$engine does not have '$image', see above"
	take enc-pull -q --store "$work/store" -- "docker-archive:$work/image.tar"
	step rm "$work/image.tar"
}

# A container would have files that the image has not: the suite lists them.
by_docker() {
	pulled "$1"
	result "$engine" image inspect "$1" ||
		die 3 "$engine does not have '$1', see above"
	first_ten "$engine" history "$1"
	saved "$engine" save -o "$work/image.tar" "$1"
	result enc-inspect -q ls -- "$taken"
}

# buildah has neither a history nor a list.
by_buildah() {
	pulled "$1"
	saved buildah push -q "$1" "docker-archive:$work/image.tar:$1"
	show "$taken"
}

local_only=''
while [ $# -gt 0 ]; do
	take_option "$@"
	case $1 in
	--local) local_only=yes took=1 ;;
	--) shift; break ;;
	-*) check_taken "$@" ;;
	*) break ;;
	esac
	shift "$took"
done

if [ $# -eq 0 ]; then
	read_conf
	# shellcheck disable=SC2154 # set by read_conf
	set -- "$nitro_cli_image" "$odyn_image" "$sleeve_image"
fi
need ${engine:+"$engine"} enc-pull enc-inspect
make_work
for image in "$@"; do
	printf '%s\n' "$image" | sed 's/^/# /'
	case $engine in
	'') by_suite "$image" ;;
	buildah) by_buildah "$image" ;;
	*) by_docker "$image" ;;
	esac
done
