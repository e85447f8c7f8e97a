#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run.bats - enc-run with launcher qemu: image, build, run, to the end
load ../helpers
load ../peers
load ../odyn
load ../run
load vm

local_setup() {
	vm_requires
	mkdir path
	printf '#!/bin/sh\nexec "%s" -L /usr/share/qemu -L /usr/share/seabios "$@"\n' \
		"$ENC_TEST_QEMU" >path/qemu
	chmod +x path/qemu
	# KVM inside of a virtual machine is not always one
	export ENCLAVER_QEMU=$T/path/qemu ENCLAVER_QEMU_ACCEL=tcg
	run_setup qemu "$BLOBS"
}

local_teardown() {
	run_teardown
}

@test "run, qemu: exit status 0" { check_exit 0; }
@test "run, qemu: exit status 7" { check_exit 7; }
@test "run, qemu: an application that a signal kills" { check_signal; }
@test "run, qemu: an application that is not there" { check_missing; }
@test "run, qemu: output, byte for byte" { check_bytes; }
@test "run, qemu: ingress, plain and TLS; ps; a stop" { check_ingress; }
@test "run, qemu: an application that does not stop" { check_stubborn; }
@test "run, qemu: a second signal ends it" { check_second_signal; }
@test "run, qemu: egress, allowed and denied" { check_egress; }
@test "run, qemu: it is started again" { check_restart; }
@test "run, qemu: enc-run is killed, and everything with it" { check_killed; }

@test "run, qemu: a kernel that panics, and one that hangs" {
	run_build exit 0
	printf '%s init=/nowhere rdinit=/nowhere panic=-1' "$(cat "$BLOBS/cmdline")" >"$BLOBS/cmdline.new"
	mv "$BLOBS/cmdline.new" "$BLOBS/cmdline"
	enc-eif -q --blobs "$BLOBS" -o app.eif <amended >/dev/null
	run_start -p none
	run_ends 125
	contains "$(cat err)" "the console's last lines:"
	contains "$(cat err)" "Kernel panic"
	contains "$(cat err)" "the enclave ended before its application ran"
	sed -i 's/panic=-1/panic=0/' "$BLOBS/cmdline"
	enc-eif -q --blobs "$BLOBS" -o app.eif <amended >/dev/null
	run_start -p none --boot-timeout 8
	run_ends 125
	contains "$(cat err)" "the application did not run within 8 s"
	contains "$(cat err)" "Kernel panic"
}

@test "run, qemu: microvm, without an NSM" {
	requires qemu-system-x86_64
	ENCLAVER_QEMU=$(command -v qemu-system-x86_64)
	check_exit 7
	contains "$(cat err)" "this QEMU has no machine nitro-enclave"
	run_lines "odyn: no Nitro Security Module: '/dev/nsm' is not there: attestation and KMS answer 503"
}
