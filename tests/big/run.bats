#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run.bats - the host's proxies under load, with odyn at the other end of those
# that lead in: nothing is lost, and memory comes back
load ../helpers
load ../peers
load ../odyn
load ../proxies

local_setup() {
	requires jq python3 timeout
	[ "$(ulimit -Hn)" -ge 20000 ] || missing "20 000 descriptors"
	odyn_setup
	PORT=$(free_port)
	LOAD=$abs_top_srcdir/tests/tools/load.py
	export MALLOC_PERTURB_=0	# it would touch what is not used
	minimal_manifest >host.yaml
}

local_teardown() {
	odyn_teardown
}

# lead_in: odyn, an application, and $IN of the host for it
lead_in() {
	IN=$(free_port)
	printf 'ingress: [{listen_port: %s}]\n' "$PORT" >>conf/enclaver.yaml
	start "exec '$LOAD' serve $PORT"
	until_line console ready
	host "$IN:$PORT"
}

# lead_out: something to talk to on 127.0.0.1
lead_out() {
	echo 'egress: {allow: [host, "**.example"]}' >>host.yaml
	"$LOAD" serve "$PORT" >console 3>&- &
	until_line console ready
	host
}

@test "in: 8000 idle, 200 busy, 1000 new a second for a minute" {
	lead_in
	expect 0 "$LOAD" plain tcp "$IN" "$host_pid" 8>&-
	echo "$output" >&3	# TAP comments
	host_ends
}

@test "in: two gigabytes there and back" {
	lead_in
	expect 0 "$LOAD" bulk tcp "$IN" "$host_pid" "${ENC_TEST_MB:-2048}" 8>&-
	echo "$output" >&3	# TAP comments
	host_ends
}

@test "out: 8000 idle, 200 busy, 1000 new a second for a minute" {
	lead_out
	expect 0 "$LOAD" plain egress:v_17002 "$PORT" "$host_pid" 8>&-
	echo "$output" >&3	# TAP comments
	host_ends
}

@test "out: two gigabytes there and back" {
	lead_out
	expect 0 "$LOAD" bulk egress:v_17002 "$PORT" "$host_pid" \
		"${ENC_TEST_MB:-2048}" 8>&-
	echo "$output" >&3	# TAP comments
	host_ends
}

# Takes as long as a name may take.
@test "out: 1000 names that nobody answers for are in nobody's way" {
	"$abs_top_srcdir/tests/tools/dns.py" . silent.example=silent \
		junk.example=junk other.example=other 3>&- &
	until_there dns-port
	# shellcheck disable=SC2034 # of proxies.bash
	RESOLVER=127.0.0.1:$(cat dns-port)
	export RESOLVER
	lead_out
	cat >ask.py <<'END'
import json, socket, struct, sys
PORT = int(sys.argv[1])

def ask(name):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(120)
    s.connect("v_17002")
    text = json.dumps({"host": name, "port": PORT}).encode()
    s.sendall(struct.pack("<H", len(text)) + text)
    return s

def answer(s):
    n, = struct.unpack("<H", s.recv(2, socket.MSG_WAITALL))
    return json.loads(s.recv(n, socket.MSG_WAITALL))

asked = [ask(name + ".example") for name in ("silent", "junk", "other")]
asked += [ask("silent.example") for _ in range(997)]
assert answer(ask("host")) == "Ok"
for s in asked:
    got = answer(s)
    assert got == {"Err": {"message": "no name server of the host's answers",
                           "os_code": 110}}, got
END
	timeout 200 python3 ask.py "$PORT" 8>&-
	host_ends
}
