#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run.bats - enc-run with launcher sandbox: image, build, run, to the end
load ../helpers
load ../peers
load ../odyn
load ../run

local_setup() {
	fake_blobs blobs
	run_setup sandbox blobs
	requires userns
}

local_teardown() {
	run_teardown
}

@test "run, sandbox: exit status 0" { check_exit 0; }
@test "run, sandbox: exit status 7" { check_exit 7; }
@test "run, sandbox: an application that a signal kills" { check_signal; }
@test "run, sandbox: an application that is not there" { check_missing; }
@test "run, sandbox: output, byte for byte" { check_bytes; }
@test "run, sandbox: ingress, plain and TLS; ps; a stop" { check_ingress; }
@test "run, sandbox: an application that does not stop" { check_stubborn; }
@test "run, sandbox: a second signal ends it" { check_second_signal; }
@test "run, sandbox: egress, allowed and denied" { check_egress; }
@test "run, sandbox: it is started again" { check_restart; }
@test "run, sandbox: enc-run is killed, and everything with it" { check_killed; }
@test "run, sandbox: a status pipe that is full holds nothing up" { check_stuck; }

@test "run, sandbox: a terminal that nobody reads does not keep it from ending" {
	run_build flood
	cat >flood.py <<-'END'
	import os, pty, signal, subprocess, sys, time
	parent, child = pty.openpty()
	p = subprocess.Popen(["enc-run", "--launcher", "sandbox", "-p", "none", "app.eif"],
	                     stdout=child)
	os.read(parent, 1)		# it writes, and then nobody reads
	time.sleep(2)
	p.send_signal(signal.SIGTERM)
	time.sleep(1)
	p.send_signal(signal.SIGTERM)
	print(p.wait(timeout=60))
	END
	expect 0 timeout 100 python3 flood.py
	same 109 "$output"
}
