#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run-nitro-cli.bats - enc-run's launcher nitro-cli, with a stand-in for AWS's
# tool; enc-run has the stand-in for vsock, too
load ../helpers
load ../peers
load ../odyn
load ../ne
load ../run

local_setup() {
	requires python3 jq
	RUN=$abs_top_builddir/tests/enc-run-fake
	[ -x "$RUN" ] || missing tests/enc-run-fake
	export ENCLAVER_RUN=$T/run
	export ENCLAVER_NITRO_CLI=$abs_top_srcdir/tests/tools/nitro-cli
	odyn_setup
	ne_setup
	export NITRO_CLI_RUN="$ODYN --config-dir $T/conf --no-bootstrap --linger 3600 --vsock \$NE_FAKE_VSOCK"
	fake_blobs blobs
	head -c 25000 /dev/urandom >ramdisk
	enc-eif -q --kernel blobs/bzImage --cmdline console=ttyS0 \
		--ramdisk ramdisk --ramdisk ramdisk -o app.eif >path
	minimal_manifest >enclaver.yaml
}

local_teardown() {
	local file
	for file in "$NE_FAKE"/cid-*/pid; do
		[ ! -e "$file" ] || kill -KILL -- "-$(cat "$file")" 2>/dev/null || :
	done
	[ -z "${run_pid-}" ] || kill -KILL "$run_pid" 2>/dev/null || :
}

by_cli() {
	"$RUN" --launcher nitro-cli --memory-mb 128 "$@" app.eif
}

# nothing is left: of the enclave, or of those who watch it
all_gone_by_cli() {
	local i
	for ((i = 0; i < 1200; i++)); do
		compgen -G "$NE_FAKE/cid-*/" >/dev/null || return 0
		sleep 0.05
	done
	ls "$NE_FAKE" >&2
	return 1
}

@test "nitro-cli: an application runs, its output and status come out" {
	application 'echo hello; exit 7'
	expect 7 by_cli --cpu-count 4 --cid 33
	same $'hello\nodyn: application exited with status 7' "$output"
	contains "$stderr" "with launcher nitro-cli: 4 vCPUs, 128 MiB"
	same "run-enclave --cpu-count 4 --memory 128 --eif-path /proc/N/fd/N --enclave-cid 33" \
		"$(sed -n '1s|/[0-9][0-9]*|/N|gp' "$NE_FAKE/calls")"
	same "terminate-enclave --enclave-id i-0123-enc33" "$(tail -n 1 "$NE_FAKE/calls")"
	cmp app.eif "$NE_FAKE/given.eif"
	all_gone_by_cli
}

@test "nitro-cli: an EIF in a release image is handed out as a file" {
	mkimage_sleeve "$ENCLAVER_STORE" docker.io/library/sleeve:1 >/dev/null
	manifest app:1 repo/app:enclave sleeve:1 >release.yaml
	image=$(enc-release -q -f release.yaml app.eif)
	application 'exit 3'
	expect 3 "$RUN" --launcher nitro-cli --memory-mb 128 -p none "$image"
	cmp app.eif "$NE_FAKE/given.eif"
	same "" "$(ls "$ENCLAVER_RUN")"
}

@test "nitro-cli: what it says when it fails is what is said" {
	NITRO_CLI_FAIL="Insufficient memory requested. User provided memory is 128 MB" \
		expect 125 by_cli
	same "" "$output"
	contains "$stderr" "nitro-cli ended with status 26: [ E26 ] Insufficient memory requested. User provided memory is 128 MB"
	printf '#!/bin/sh -u\necho "no JSON"\n' >odd
	chmod +x odd
	ENCLAVER_NITRO_CLI=$T/odd expect 125 by_cli
	contains "$stderr" "nitro-cli prints no JSON: no JSON"
	printf '#!/bin/sh -u\necho "{\\"EnclaveID\\": \\"x\\", \\"EnclaveCID\\": \\"4\\"}"\n' >odd
	ENCLAVER_NITRO_CLI=$T/odd expect 125 by_cli
	contains "$stderr" "nitro-cli does not say which enclave it started"
	ENCLAVER_NITRO_CLI=$T/none expect 125 by_cli
	contains "$stderr" "there is no nitro-cli: install aws-nitro-enclaves-cli"
}

@test "nitro-cli: the console of debug mode; a stop" {
	application 'trap "echo stopping; exit 9" TERM; echo up; while :; do sleep 0.1; done'
	"$RUN" --launcher nitro-cli --memory-mb 128 -d app.eif >out 2>err 3>&- &
	run_pid=$!
	until_line out up
	contains "$(head -n 1 "$NE_FAKE/calls")" --debug-mode
	kill -TERM "$run_pid"
	status=0
	wait "$run_pid" || status=$?
	run_pid=
	same 109 "$status"
	grep -qx stopping out
	contains "$(cat "$NE_FAKE/calls")" "console --enclave-id i-0123-enc20"
	all_gone_by_cli
}

@test "nitro-cli: an enclave that is gone without a word is noticed" {
	application 'echo up; sleep 600'
	"$RUN" --launcher nitro-cli --memory-mb 128 app.eif >out 2>err 3>&- &
	run_pid=$!
	until_line out up
	kill -KILL -- "-$(cat "$NE_FAKE/cid-20/pid")"
	status=0
	wait "$run_pid" || status=$?
	run_pid=
	same 108 "$status"
	contains "$(cat err)" "the enclave ended without saying how"
}

@test "nitro-cli: when enc-run is killed its watchman ends the enclave" {
	application 'echo up; sleep 600'
	"$RUN" --launcher nitro-cli --memory-mb 128 app.eif >out 2>err 3>&- &
	run_pid=$!
	until_line out up
	kill -KILL "$run_pid"
	wait "$run_pid" || :
	run_pid=
	all_gone_by_cli
}

@test "nitro-cli: the Rust odyn's frames on ports 17000, 17001 and 17002" {
	host_web
	export NITRO_CLI_RUN="python3 $abs_top_srcdir/tests/tools/rustodyn.py \$NE_FAKE_VSOCK $web"
	printf 'egress: {allow: [host]}\n' >>enclaver.yaml
	expect 107 by_cli
	same 'answer "Ok"
the answer
denied 13 egress to '"'denied.example'"' is not allowed: no pattern in egress.allow of the enclave'"'"'s manifest matches it' "$output"
	contains "$stderr" "the application was killed by signal 15 (SIGTERM)"
	contains "$stderr" "egress: egress to 'denied.example' is not allowed"
	all_gone_by_cli
}
