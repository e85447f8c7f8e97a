# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts set and read
# base-images.sh - what the scripts for the base images share
#
# They source it, with name, their own, and help(), which prints what they take.
# A script runs its commands by step and result, so that --dry-run can print
# them instead: what it prints is a script, too.

unset CDPATH
top=$(cd "$(dirname "$0")/.." && pwd)
engine='' dry_run='' work='' arch=''

die() {
	printf '%s: %s\n' "$name" "$2" >&2
	exit "$1"
}

usage_error() {
	printf '%s: %s\nusage: %s [OPTION]...; --help tells which\n' "$name" "$1" "$name" >&2
	exit 2
}

# take_option OPTION VALUE: one that all of them have.  Sets took to how many
# words it is, 0 when it is none of these.
take_option() {
	took=2
	case $1 in
	--engine)
		case ${2-} in
		docker | podman | buildah) engine=$2 ;;
		*) usage_error "--engine is docker, podman or buildah, not '${2-}'" ;;
		esac ;;
	--dry-run) dry_run=yes took=1 ;;
	-h | --help) help && exit ;;
	*) took=0 ;;
	esac
}

# take_arch VALUE: the option --arch, which two of them have.
take_arch() {
	case $1 in
	x86_64 | aarch64) arch=$1 took=2 ;;
	*) usage_error "--arch is x86_64 or aarch64, not '$1'" ;;
	esac
}

# check_taken OPTION VALUE: one that somebody knows, with the value that it takes.
check_taken() {
	[ "$took" -gt 0 ] || usage_error "unknown option '$1'"
	[ "$took" = 1 ] || [ -n "${2-}" ] || usage_error "option '$1' needs a value"
}

# need PROGRAM...: before any work is done; to print takes none of them.
need() {
	[ -z "$dry_run" ] || return 0
	for program in "$@"; do
		command -v "$program" >/dev/null && continue
		case $program in
		enc-*) die 6 "there is no $program in PATH: install the suite, or call 'BUILD/scripts/run $0' of a build tree" ;;
		*) die 6 "there is no $program in PATH" ;;
		esac
	done
}

# print WORD...: as a shell reads it; what is a variable in there stays one.
print() {
	for word in "$@"; do
		# shellcheck disable=SC2016 # the names, as they are printed
		case $word in
		'$taken') printf '"$taken" ' ;;
		*'$work/'*)
			printf '"%s" ' "$(printf '%s\n' "$word" |
				sed 's/[\\"`$]/\\&/g; s/\\\$work\//$work\//g')" ;;
		'' | *[!A-Za-z0-9_.:/@=,+-]*)
			printf "'%s' " "$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")" ;;
		*) printf '%s ' "$word" ;;
		esac
	done | sed 's/ $//'
}

# result COMMAND...: whose output is the script's.
result() {
	if [ -n "$dry_run" ]; then
		print "$@"
		echo
	else
		"$@"
	fi
}

# step COMMAND...: which talks.
step() {
	if [ -n "$dry_run" ]; then
		result "$@"
	else
		"$@" >&2
	fi
}

# take COMMAND...: sets taken to its output.
take() {
	if [ -n "$dry_run" ]; then
		# shellcheck disable=SC2016
		printf 'taken=$(%s)\n' "$(print "$@")"
		taken=\$taken
	else
		taken=$("$@")
	fi
}

# use_programs_of BUILD: they come first, whatever else is in PATH.
use_programs_of() {
	case $1 in
	/*) PATH=$1/bin:$PATH ;;
	*) PATH=$PWD/$1/bin:$PATH ;;
	esac
	# shellcheck disable=SC2016 # the name, as it is printed
	[ -z "$dry_run" ] || printf 'PATH=%s:$PATH\n' "$(print "${PATH%%:*}")"
}

# machine_of FILE: whose program it is, as uname says it
machine_of() {
	case $(od -An -tx1 -j18 -N1 "$1" | tr -d ' ') in
	3e) echo x86_64 ;;
	b7) echo aarch64 ;;
	*) echo 'another machine' ;;
	esac
}

# Sets work to a folder that is gone in the end.
make_work() {
	# In there everybody finds the modes that the images have.
	umask 022
	if [ -n "$dry_run" ]; then
		# shellcheck disable=SC2016
		work='$work'
		# shellcheck disable=SC2016
		printf 'umask 022\nwork=$(mktemp -d)\n'
		return
	fi
	work=$(mktemp -d "${TMPDIR:-/tmp}/$name.XXXXXX") ||
		die 6 "cannot make a temporary folder: is TMPDIR right?"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 6' INT TERM HUP
}

# to_store NAME FOLDER CONFIG: FOLDER is the one layer; the image's path is
# printed.
to_store() {
	step "$top/scripts/image-from-folder" ${arch:+--arch "$arch"} \
		--config "$3" "$1" "$2" "$work/image.tar"
	result enc-pull -q ${arch:+--platform "linux/$(goarch "$arch")"} \
		-- "docker-archive:$work/image.tar"
}

goarch() {
	case $1 in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	esac
}

# by_engine DOCKERFILE NAME CONTEXT [OPTION...]: the image's name is printed.
# Podman and buildah give all files one date; docker's builder has none to give.
by_engine() {
	dockerfile=$top/dockerfiles/$1 image=$2 context=$3
	shift 3
	[ "$engine" = docker ] ||
		set -- --timestamp "${SOURCE_DATE_EPOCH:-0}" "$@"
	[ -z "$arch" ] || set -- --platform "linux/$(goarch "$arch")" "$@"
	step "$engine" build -f "$dockerfile" -t "$image" "$@" "$context" ||
		die 6 "$engine does not build '$image', see above"
	[ -n "$dry_run" ] || printf '%s\n' "$image"
}

# read_conf: sets nitro_cli_image, odyn_image and sleeve_image.
read_conf() {
	# shellcheck source=src/enclaver/conf.sh
	. "$top/src/enclaver/conf.sh"
	conf_file "$top/share/enclaver.conf.in"
	conf_read /etc/enclaver/enclaver.conf
}
