#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# enclaver - the suite under one name: "enclaver build", "enclaver run",
# "enclaver VERB"
#
# Glue: what a tool can do a tool does.  The steps are not a pipe, because a
# pipe in sh forgets which of its programs failed, and how.
#
# common.sh - what all verbs share; the other files of src/enclaver follow in
# the order of src/Makemodule.am, and the program is all of them in one.
set -eu

die() {
	status=$1
	shift
	printf 'enclaver: %s\n' "$@" >&2
	exit "$status"
}

usage_error() {
	die 2 "$1" "try 'enclaver --help'"
}

# Called by a path the rest of the suite is beside it, in PATH or not.
case $0 in
*/*) PATH=$PATH:${0%/*} ;;
esac

# Standard input to standard output; a full disk is status 6.
out() {
	exec 3>&1
	why=$(cat 2>&1 >&3) ||
		die 6 "cannot write to standard output: ${why##*: }"
}

help() {
	out <<'END'
usage: enclaver build [OPTION]...
       enclaver run [OPTION]... [IMAGE]
       enclaver push [ARGUMENT]...
       enclaver VERB [ARGUMENT]...

build makes the release image that enclaver.yaml describes, and prints what it
is made of, its measurements and its name as JSON.  run runs it, or IMAGE: by
enc-run, with --launcher sandbox without an enclave, or by a container engine.
push pushes it: it runs enc-push, which has other images too.  ps lists what
runs.  Any other VERB runs the program enc-VERB: pull, amend, eif, release,
inspect.

  -f, --file MANIFEST     the manifest (enclaver.yaml); - is standard input
      --blobs DIR|IMAGE   for build: where the kernel is (ENCLAVER_BLOBS)
      --base-images       for build: take odyn, sleeve and kernel, where none is
                          named, from the images of enclaver.conf(5)
      --eif-only FILE     for build: write only the EIF, print its measurements
      --log-buffer SIZE   for build: how much output the enclave keeps (128k)
      --max-size SIZE     the most that an image may have (64G)
      --platform OS/ARCH  for build: of images for several platforms take those
                          for this one, as linux/arm64 (this machine's)
      --pull              ask the registries, also for images that are in the
                          store or in the docker daemon
      --engine ENGINE     for run: in a container of docker or podman
  -p, --publish PORTS     for run: [ADDRESS:]HOST:ENCLAVE, again for each port
  -d, --debug-mode        for run: show the enclave's console
  -q, --quiet             say nothing but errors
  -v, --verbose           say more
  -h, --help              this text
  -V, --version           the version

The way in, from a manifest to an enclave that runs, is in "man 7 enclaver";
run's other options are those of enc-run: enc-run --help
END
}

# What a signal or a failure leaves behind is nothing.
scratch=
work=
cleanup() {
	rm -rf ${scratch:+"$scratch"} ${work:+"$work"}
}

# An application's 3 is never ours: what fails before it runs is 125, and 109 is
# who was interrupted.
finish() {
	status=$?
	cleanup
	[ "$verb" != run ] || [ $status -eq 0 ] || [ $status -eq 109 ] || status=125
	exit $status
}
interrupted() {
	[ "$verb" != run ] || exit 109
	exit "$1"
}
verb=
trap finish EXIT
trap 'interrupted 129' HUP
trap 'interrupted 130' INT
trap 'interrupted 143' TERM

# tell WORD...: what is run next.
tell() {
	[ "$talk" != -v ] || printf 'enclaver: %s\n' "$*" >&2
}

# run PROGRAM ARG...: with -v or -q, as we were asked; -v tells each step.
run() {
	tell "$@"
	program=$1
	shift
	"$program" ${talk:+"$talk"} "$@"
}

# What can be read but once, standard input or a pipe, is copied.
copy_manifest() {
	if [ "$file" = - ] || [ -p "$file" ] || [ -c "$file" ]; then
		cat -- "$file" >"$scratch/manifest" ||
			die 6 "cannot copy the manifest '$file' to '$scratch'"
		file=-
	fi
}

# The same with the manifest, of which there may be but our copy.
run_with_manifest() {
	program=$1
	shift
	if [ "$file" = - ]; then
		run "$program" -f - "$@" <"$scratch/manifest"
	else
		run "$program" -f "$file" "$@"
	fi
}
