# SPDX-License-Identifier: Apache-2.0
# fetch.sh - where an image is looked for

# pull_image ARGUMENT...: enc-pull, for the platform that was asked for.
pull_image() {
	run enc-pull ${max_size:+--max-size "$max_size"} \
		${platform:+--platform "$platform"} "$@"
}

# fetch REFERENCE: sets fetched to a name that the store has, or to an image
# path, and from to where it was: store, daemon or source.  A bare name may be
# in all of them.  An image from the daemon is no name in the store, so that the
# daemon is asked again the next time: it knows what was built since.
fetch() {
	from=source near=
	case $1 in
	docker-daemon:*) from=daemon ;;
	*://* | oci:* | oci-archive:* | docker-archive:*) ;;
	*)
		if [ -z "$pull" ]; then
			look_near "$1" && return
			near=yes
		fi
		;;
	esac
	status=0
	fetched=$(pull_image -- "$1") || status=$?
	[ $status -ne 5 ] || [ -z "$near" ] || tell_near "$1"
	[ $status -eq 0 ] || give_up $status
}

# in_store NAME: the store has it, and for the platform: a name there has one.
in_store() {
	path=$(enc-inspect -q path -- "$1" 2>/dev/null) || return 1
	[ -z "$platform" ] ||
		enc-pull -q --platform "$platform" -- "$path" >/dev/null 2>&1
}

# look_near NAME: as fetch, when the store or the daemon has it.  The daemon does
# not know the digests of registries.
look_near() {
	if in_store "$1"; then
		fetched=$1 from=store
		return
	fi
	case $1 in
	*@*) return 1 ;;
	esac
	status=0
	fetched=$(pull_image --if-there -- "docker-daemon:$1") || status=$?
	[ $status -lt 2 ] || give_up $status
	[ $status -eq 1 ] || from=daemon
	return $status
}

# tell_near NAME: its registry does not give it; why look_near had nothing.
tell_near() {
	daemon=
	case $1 in
	*@*) ;;
	*)
		daemon=$(enc-pull -q -- "docker-daemon:$1" 2>&1 >/dev/null) || :
		daemon=", nor in the docker daemon: ${daemon#enc-pull: }"
		;;
	esac
	printf 'enclaver: %s\n' "'$1' is not in the store$daemon" >&2
	[ "$verb:$1" != "run:$target" ] ||
		printf 'enclaver: %s\n' "build it first: enclaver build -f $file" >&2
}

# A name that is none stands in the manifest: bad input.
give_up() {
	[ "$1" -ne 2 ] || exit 3
	exit "$1"
}
