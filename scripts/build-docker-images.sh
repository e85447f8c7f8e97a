#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build-docker-images.sh - odyn-dev:latest and sleeve:latest of this tree
set -eu

name='build-docker-images.sh'
# shellcheck source=scripts/base-images.sh
. "$(dirname "$0")/base-images.sh"

help() {
	cat <<'END'
usage: build-docker-images.sh [OPTION]...
Builds this tree, and the images odyn-dev:latest and sleeve:latest of it, for a
manifest's sources.odyn and sources.sleeve: nothing published is pulled.
Without --engine they go into the store, and no daemon is asked.

      --release          optimised and stripped, as it is installed (default)
      --debug            not optimised, with symbols
      --build DIR        build nothing, take the programs of this build tree
      --engine ENGINE    by docker, podman or buildah, which then has the images
      --from-source      with --engine: compile in a container, too, and put AWS's
                         nitro-cli into the sleeve (the -release dockerfiles)
      --arch ARCH        what they are for, x86_64 or aarch64 (this machine's);
                         with --build or --from-source
      --dry-run          print the commands, run none
  -h, --help             this text
END
}

# lock FOLDER: until this ends.  Another run that builds there waits.
lock() {
	if [ -n "$dry_run" ]; then
		printf 'exec 9<%s\n' "$(print "$1")"
		result flock 9
		return
	fi
	exec 9<"$1"
	flock -n 9 && return
	echo "$name: another run builds in '$1': waiting for it" >&2
	flock 9 || die 6 "cannot lock '$1'"
}

# Sets build to a tree of its own.
build_tree() {
	build=$top/build/images-${mode:-release}
	flags='' link=''
	[ "$mode" != debug ] || flags='-g -O0' link=-static
	step mkdir -p "$build" || die 6 "cannot make the folder '$build'"
	lock "$top/build"
	[ -e "$top/configure" ] || step "$top/scripts/autogen.sh"
	[ -e "$build/Makefile" ] || step env -C "$build" "$top/configure" -q \
		${flags:+"CFLAGS=$flags"} || die 6 "cannot configure in '$build'"
	step make -C "$build" -s -j"$(nproc)" \
		${link:+"GUEST_LINK=$link" "RUN_LINK=$link"} ||
		die 6 "cannot build in '$build'"
}

# What each image holds, a folder.
stage() {
	odyn=$work/images/odyn sleeve=$work/images/sleeve
	{
		step install -D -m 755 "$build/libexec/odyn" "$odyn/usr/local/bin/odyn" &&
			step install -D -m 755 "$build/bin/enc-run" "$sleeve/usr/local/bin/enc-run" &&
			step ln -s enc-run "$sleeve/usr/local/bin/enclaver-run" &&
			step mkdir -p "$sleeve/run/enclaver" "$sleeve/run/nitro_enclaves" \
				"$sleeve/var/log/nitro_enclaves" &&
			step install -d -m 1777 "$sleeve/tmp"
	} || die 6 "cannot copy '$build' to '$work'"
}

# An image of the other machine's programs would be found out when it runs.
check_build() {
	machine=${arch:-$(uname -m)}
	for program in libexec/odyn bin/enc-run; do
		[ -n "$dry_run" ] || [ -e "$build/$program" ] ||
			die 6 "'$build' is no build tree: it has no $program"
		[ -n "$dry_run" ] || [ "$(machine_of "$build/$program")" = "$machine" ] ||
			die 3 "'$build/$program' is for $(machine_of "$build/$program"), and the image for $machine: --arch says so"
	done
}

mode='' build='' from_source=''
while [ $# -gt 0 ]; do
	take_option "$@"
	case $1 in
	--release | --debug)
		[ -z "$mode" ] || [ "--$mode" = "$1" ] ||
			usage_error "--release or --debug, not both"
		mode=${1#--} took=1 ;;
	--from-source) from_source=yes took=1 ;;
	--build) build=${2-} took=2 ;;
	--arch) take_arch "${2-}" ;;
	esac
	check_taken "$@"
	shift "$took"
done
case $build in
-*) build=./$build ;;
esac
[ -z "$build" ] || [ -z "$from_source" ] ||
	usage_error "--build or --from-source, not both"
[ -z "$mode" ] || [ -z "$build$from_source" ] ||
	usage_error "--$mode is for what this script builds itself"
[ -z "$from_source" ] || [ -n "$engine" ] || usage_error "--from-source wants --engine"
[ -z "$arch" ] || [ -n "$build$from_source" ] ||
	usage_error "--arch wants --build or --from-source: what is built here is for this machine"

if [ -n "$from_source" ]; then
	need "$engine"
	read_conf
	by_engine odyn-release.dockerfile odyn-dev:latest "$top"
	# shellcheck disable=SC2154 # set by read_conf
	by_engine sleeve-release.dockerfile sleeve:latest "$top" \
		--build-arg "NITRO_CLI=$nitro_cli_image"
	exit
fi
[ -z "$engine" ] || need "$engine"
[ -n "$build" ] || build_tree
check_build
# The other machine's do not run here.
[ "$machine" != "$(uname -m)" ] || use_programs_of "$build"
make_work
stage
if [ -n "$engine" ]; then
	# What an engine leaves running would hold the lock.
	exec 9<&-
	by_engine odyn-dev.dockerfile odyn-dev:latest "$work/images"
	by_engine sleeve-dev.dockerfile sleeve:latest "$work/images"
else
	need enc-pull
	to_store odyn-dev:latest "$odyn" '{}'
	to_store sleeve:latest "$sleeve" '{"Entrypoint":["/usr/local/bin/enclaver-run"]}'
fi
