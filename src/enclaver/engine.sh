# SPDX-License-Identifier: Apache-2.0
# engine.sh - "enclaver run --engine", by a container engine

# Sets fetched to what the engine calls the image.  What the store has goes there
# first: it is what was built last.
bring_to_engine() {
	case $image in
	docker-daemon:*)
		[ "$engine" = podman ] || { fetched=${image#*:}; return; }
		fetch "$image"
		;;
	*://* | *-archive:*) fetch "$image" ;;
	*) fetched=$image ;;
	esac
	[ -z "$pull" ] || return 0
	path=$(enc-inspect -q path -- "$fetched" 2>/dev/null) || return 0
	case $engine in
	docker) fetched=$(run enc-push --target docker-daemon: -- "$path") ;;
	podman) load_into_podman "$path" ;;
	esac
}

# load_into_podman IMAGE-PATH: unless it has it.  It would take the image path,
# too, but makes a name of the folder, and not of every one.
load_into_podman() {
	fetched=$(enc-inspect -q id -- "$1")
	! podman image exists "$fetched" || return 0
	make_work "$1"
	run enc-push --target "docker-archive:$work/release.tar" -- "$1" >/dev/null
	podman load -q -i "$work/release.tar" >&2
	exec 4<&-
}

# Beside us, in a build tree and in most installations.
find_profile() {
	profile=${0%/*}/../share/enclaver/seccomp.json
	[ -e "$profile" ] || profile=@pkgdatadir@/seccomp.json
	[ -e "$profile" ] || die 6 "cannot find '$profile'"
}

# The same by a container engine.  Of the device's group are we, and not those
# whom a rootless container knows.
run_by_engine() {
	[ -z "$here" ] || usage_error "option '$here' names what is not in a container"
	command -v "$engine" >/dev/null || die 6 "there is no $engine in PATH: install it, or run it without --engine"
	choose_image
	case $image in
	*.eif) usage_error "an engine runs images, and '$image' is a file" ;;
	esac
	bring_to_engine
	find_profile
	cleanup
	groups=
	[ "$engine" != podman ] || [ "$(id -u)" -eq 0 ] || groups=keep-groups
	[ "$ports" != '-p none' ] || ports=
	set -f
	# shellcheck disable=SC2086	# words without blanks, by add_ports
	set -- run --rm ${pull:+--pull=always} \
		--device /dev/nitro_enclaves ${groups:+--group-add "$groups"} \
		--read-only --tmpfs /run --tmpfs /tmp \
		--cap-drop ALL --cap-add NET_BIND_SERVICE \
		--security-opt no-new-privileges --security-opt "seccomp=$profile" \
		--security-opt apparmor=unconfined --security-opt label=disable \
		$ports -- "$fetched" ${talk:+"$talk"} "$@"
	tell "$engine" "$@"
	exec "$engine" "$@"
}
