# SPDX-License-Identifier: Apache-2.0
# run.sh - "enclaver run", by enc-run

# Unless one is named, the image is what the manifest calls the release.
choose_image() {
	[ -z "$image" ] || return 0
	read_manifest
	image=$target
}

# run_release OPTION...: enc-run's.  From here on its signals and its status are
# its own.
run_release() {
	choose_image
	case $image in
	*.eif) fetched=$image ;;
	*) fetch "$image" ;;
	esac
	cleanup
	command -v enc-run >/dev/null || die 6 "there is no enc-run in PATH"
	set -f
	# shellcheck disable=SC2086	# words without blanks, by add_ports
	set -- $ports "$@"
	tell enc-run "$@" "$fetched"
	exec enc-run ${talk:+"$talk"} "$@" -- "$fetched"
}
