# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# helpers.bash - what every bats file loads: load ../helpers
#
# Each test runs in a folder of its own ($T) with a HOME and a store of its
# own.  PATH begins with the programs under test: the build tree's, or with
# ENC_TEST_INSTALLED=1 whatever is installed.

bats_require_minimum_version 1.5.0

: "${abs_top_srcdir:=$(cd "${BATS_TEST_DIRNAME}/../.." && pwd)}"
: "${abs_top_builddir:=$abs_top_srcdir/build}"

# odyn and init are in $libexec.
if [ "${ENC_TEST_INSTALLED:-0}" != 1 ]; then
	PATH="$abs_top_builddir/bin:$PATH"
	libexec=$abs_top_builddir/libexec
	export ENCLAVER_LIBEXEC="$libexec"
else
	libexec=$(command -v enc-amend)
	libexec=${libexec%/bin/*}/libexec/enclaver
fi

# Where the kernel cannot confine them, the programs would say so in each test.
# What is about the sandbox itself says "requires sandbox".
if [ -z "${ENC_SANDBOX-}" ]; then
	case $(ENC_SANDBOX=require enc-inspect no:image 2>&1) in
	*ENC_SANDBOX=require*) export ENC_SANDBOX=off ;;
	esac
fi

# what Python keeps of its modules does not belong in the source tree
export PYTHONDONTWRITEBYTECODE=1

setup() {
	T=$BATS_TEST_TMPDIR
	export HOME="$T/home"
	export ENCLAVER_STORE="$T/store"
	export MALLOC_PERTURB_=$((RANDOM % 255 + 1))
	# No daemon of this machine's has a say in a test.
	export DOCKER_HOST="unix://$T/no-daemon"
	unset DOCKER_CONTEXT DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS_VERIFY \
		DOCKER_TLS
	mkdir -p "$HOME"
	cd "$T" || return 1
	if declare -F local_setup >/dev/null; then local_setup; fi
}

teardown() {
	if declare -F local_teardown >/dev/null; then local_teardown; fi
	if declare -F stop_peers >/dev/null; then stop_peers; fi
}

# requires WORD...: commands that must be there, or the words below.  A test
# that lacks one is skipped, with ENC_TEST_STRICT=1 it fails.
requires() {
	local word
	for word in "$@"; do
		case $word in
		root) [ "$(id -u)" -eq 0 ] || missing "$word" ;;
		sandbox) [ "${ENC_SANDBOX-}" != off ] || missing "$word" ;;
		userns) unshare --user --mount --map-root-user true 2>/dev/null ||
			missing "a user namespace" ;;
		emulator) [ -x "${ENC_TEST_QEMU:-}" ] || missing "$word (ENC_TEST_QEMU)" ;;
		*) type -P "$word" >/dev/null || missing "$word" ;;
		esac
	done
}

# Where root's podman has been, /run/containers is root's alone, and skopeo would
# look for the credentials of others in there.
skopeo() {
	XDG_RUNTIME_DIR=$T command skopeo "$@"
}

missing() {
	if [ "${ENC_TEST_STRICT:-0}" = 1 ]; then
		echo "needed, and not there: $1" >&2
		return 1
	fi
	skip "$1 is not here"
}

# expect STATUS COMMAND...: runs it with stdout in $output and stderr in
# $stderr, and fails with all three shown when the status is another.
expect() {
	local want=$1 i	# bats has a loop of its own over i
	shift
	run --separate-stderr "$@"
	if [ "$status" -ne "$want" ]; then
		printf 'command: %s\nstatus: %s, expected %s\nstdout: %s\nstderr: %s\n' \
			"$*" "$status" "$want" "$output" "$stderr" >&2
		return 1
	fi
}

# minimal_manifest: what is in every enclave, and nothing else
minimal_manifest() {
	printf 'version: v1\nname: app\ntarget: "-"\nsources: {app: "-"}\n'
}

# same WANT GOT [WHAT]
same() {
	[ "$1" = "$2" ] && return 0
	printf '%s\nexpected: %s\n     got: %s\n' "${3:-not the same}" "$1" "$2" >&2
	return 1
}

# contains TEXT PART: PART (a fixed string) stands somewhere in TEXT.
contains() {
	case $1 in *"$2"*) return 0 ;; esac
	printf 'not in the text: %s\nthe text: %s\n' "$2" "$1" >&2
	return 1
}
