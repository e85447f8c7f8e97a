#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# odyn.bats - thousands of connections at once, and a thousand a second: nothing
# is lost, and memory comes back
load ../helpers
load ../peers
load ../odyn

local_setup() {
	requires jq python3 openssl timeout
	[ "$(ulimit -Hn)" -ge 20000 ] || missing "20 000 descriptors"
	odyn_setup
	PORT=$(free_port)
	LOAD=$abs_top_srcdir/tests/tools/load.py
	export MALLOC_PERTURB_=0	# it would touch what is not used
}

local_teardown() {
	odyn_teardown
}

@test "odyn: 8000 idle, 200 busy, 1000 new a second for a minute" {
	printf 'ingress: [{listen_port: %s}]\n' "$PORT" >>conf/enclaver.yaml
	start "exec python3 -B '$LOAD' serve $PORT"
	until_line console ready
	expect 0 "$LOAD" plain v "$PORT" "$odyn_pid"
	echo "$output" >&3	# TAP comments
}

@test "odyn: 2000 idle with TLS" {
	local dir=conf/tls/server/$PORT
	mkdir -p "$dir"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=app -addext subjectAltName=DNS:app.example \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
	printf 'ingress: [{listen_port: %s, tls: {key_file: k, cert_file: c}}]\n' \
		"$PORT" >>conf/enclaver.yaml
	start "exec python3 -B '$LOAD' serve $PORT"
	until_line console ready
	expect 0 "$LOAD" tls v "$PORT" "$odyn_pid" "$dir/cert.pem"
	echo "$output" >&3	# TAP comments
}
