# SPDX-License-Identifier: Apache-2.0
# odyn-ports.bats - what odyn serves to the parent: status, output, stop
#
# odyn is an ordinary process here, and a UNIX socket is its vsock.

load ../helpers
load ../peers
load ../odyn

local_setup() {
	requires jq python3 timeout
	odyn_setup
}

local_teardown() {
	odyn_teardown
}

@test "status: every change, to every reader, and then the end" {
	mkfifo go
	start 'read x <go; exit 3'
	reader 17000 one
	reader 17000 two
	same '{"status":"running"}' "$(cat one)"
	same '{"status":"running"}' "$(cat two)"
	echo >go
	# who has said that he sends nothing more still reads
	readers
	ended
	same 3 "$status"
	same '{"status":"running"}
{"status":"exited","code":3}' "$(cat one)"
	cmp one two
}

@test "status: who comes late gets how it ended, and odyn waits for him" {
	start 'kill -9 $$'
	until_there console
	kill -0 "$odyn_pid"
	port 17000 </dev/null >late
	same '{"status":"signaled","signal":9}' "$(cat late)"
	ended
	same 137 "$status"
	same "odyn: application was killed by signal 9 (SIGKILL)" "$(cat console)"
	same "" "$(cat err)"
}

@test "status: a command that is not there never ran" {
	start 'exit 0'
	ended_by_reader() { port 17000 </dev/null >status; ended; }
	ended_by_reader
	contains "$(cat status)" '{"status":"exited","code":0}'
	jq -c '.argv = ["no-such-command"]' conf/process.json >p && mv p conf/process.json
	"$ODYN" --config-dir conf --no-bootstrap --linger 3600 --vsock v >console 2>err 3>&- &
	odyn_pid=$!
	ended_by_reader
	same 127 "$status"
	same '{"status":"exited","code":127}' "$(cat status)"
}

@test "status: what is wrong with the image is a fatal error" {
	application 'exit 0'
	echo 'status_port: 1' >>conf/enclaver.yaml
	printf 'vsock_ports: {status_port: 18000}\n' >>conf/enclaver.yaml
	"$ODYN" --config-dir conf --no-bootstrap --linger 3600 --vsock v >console 2>err 3>&- &
	odyn_pid=$!
	# a manifest that cannot be read names no ports: the usual ones
	port 17000 </dev/null >status
	ended
	same 125 "$status"
	same fatal "$(jq -r .status status)"
	contains "$(jq -r .error status)" "conf/enclaver.yaml:5:1: "
	contains "$(cat console)" "odyn: conf/enclaver.yaml:5:1: "
	{ minimal_manifest; echo 'vsock_ports: {status_port: 18000}'; } >conf/enclaver.yaml
	echo '{' >conf/process.json
	"$ODYN" --config-dir conf --no-bootstrap --linger 3600 --vsock v >console 2>err 3>&- &
	odyn_pid=$!
	port 18000 </dev/null >status
	ended
	same 125 "$status"
	contains "$(jq -r .error status)" "'process.json': not JSON: "
}

@test "output: both streams in their order, byte for byte, early and late" {
	python3 -c 'import random; random.seed(1)
open("bytes", "wb").write(random.randbytes(100000))'
	mkfifo go
	start 'echo one; echo two >&2; cat bytes; echo >written; read x <go; echo last'
	reader 17001 early
	until_there written
	reader 17001 late
	reader 17000 status
	echo >go
	readers
	ended
	same 0 "$status"
	{ printf 'one\ntwo\n'; cat bytes; printf 'last\n'
	  echo 'odyn: application exited with status 0'; } >want
	cmp want early
	cmp want late
	cmp want console
}

@test "output: who is slow holds nobody back, and is told what he missed" {
	mkfifo hold
	start 'head -c 3000000 /dev/zero; echo; echo >written; read x <go; echo end' \
		--log-buffer 4096
	mkfifo go
	# connected, and then nobody reads
	python3 - "$abs_top_srcdir/tests/tools" >slow 3>&- <<'END' &
import os, sys
sys.path.insert(0, sys.argv[1])
import hybrid
s = hybrid.connect("v", 17001)
open("hold").read()
data = b""
while True:
    part = s.recv(65536)
    if not part:
        break
    data += part
os.write(1, data)
END
	reader_pids+=($!)
	until_there written
	reader 17001 late
	reader 17000 status
	echo >go
	echo >hold
	readers
	ended
	same 0 "$status"
	local file dropped zeros
	for file in slow late; do
		dropped=$(grep -a '^odyn: [0-9]* bytes were dropped here$' "$file" |
			awk '{ n += $2 } END { print n + 0 }')
		[ "$dropped" -gt 1000000 ]
		# what came, less the notices and a newline that one may begin with
		zeros=$(tr -dc '\0' <"$file" | wc -c)
		[ $((dropped + zeros)) -ge 3000000 ]
		[ $((dropped + zeros)) -le 3000100 ]
		same "end
odyn: application exited with status 0" "$(tr -d '\0' <"$file" | tail -n 2)"
	done
}

@test "output: --no-console leaves it alone" {
	start 'echo out; echo err >&2' --no-console
	port 17000 </dev/null >status
	ended
	same out "$(cat console)"
	same "err
odyn: application exited with status 0" "$(cat err)"
	expect 1 python3 -c 'import sys; sys.path.insert(0, sys.argv[1])
import hybrid; hybrid.connect("v", 17001, 0)' "$abs_top_srcdir/tests/tools"
}

@test "stop: the parent asks, the application has its time" {
	start 'trap "echo stopping; exit 7" TERM; echo >ready; while :; do sleep 0.05; done'
	until_there ready
	port 17003 <<<'{"stop":{"grace_seconds":3600}}' >answer
	same "" "$(cat answer)"
	port 17000 </dev/null >status
	ended
	same 7 "$status"
	same "odyn: the parent asks for an end within 3600 s
stopping
odyn: application exited with status 7" "$(cat console)"
}

@test "stop: and is killed when that is over" {
	start 'trap "" TERM; echo >ready; while :; do sleep 0.05; done'
	until_there ready
	port 17003 <<<'{"stop":{"grace_seconds":86400}}'
	# a later request can make it shorter
	port 17003 <<<'{"stop":{"grace_seconds":0}}'
	port 17000 </dev/null >status
	ended
	same 137 "$status"
	same '{"status":"signaled","signal":9}' "$(tail -n 1 status)"
}

@test "stop: what is no request is said, and does nothing" {
	mkfifo go
	start 'read x <go; exit 5'
	local line
	for line in '{}' '{"stop":{}}' '{"stop":{"grace_seconds":-1}}' \
		'{"stop":{"grace_seconds":86401}}' '{"stop":{"grace_seconds":"1"}}' \
		'[]' 'stop' "$(head -c 300 /dev/zero | tr '\0' x)"; do
		port 17003 <<<"$line"
	done
	echo >go
	port 17000 </dev/null >status
	ended
	same 5 "$status"
	same 9 "$(wc -l <console)"
	same "odyn: 'stop request': 'stop.grace_seconds' is not a number from 0 to 86400" \
		"$(sed -n 4p console)"
	same "odyn: application exited with status 5" "$(tail -n 1 console)"
}

# 6 MB stripped, and 8 MB when it idles, with all that it can serve.
@test "its size, and the memory that it takes" {
	requires openssl
	local port resident
	port=$(free_port)
	[ "$(stat -c %s "$ODYN")" -le 6000000 ]
	mkdir -p "conf/tls/server/$port"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=app -keyout "conf/tls/server/$port/key.pem" \
		-out "conf/tls/server/$port/cert.pem" 2>/dev/null
	cat >>conf/enclaver.yaml <<-END
	ingress: [{listen_port: $port, tls: {key_file: k, cert_file: c}}]
	egress: {proxy_port: $(free_port), allow: ["**"]}
	kms_proxy: {listen_port: $(free_port)}
	api: {listen_port: $(free_port)}
	END
	# it would touch what is not used
	MALLOC_PERTURB_=0 start 'exec sleep 1000'
	reader 17000 status
	same '{"status":"running"}' "$(cat status)"
	resident=$(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$odyn_pid/status")
	kill "$odyn_pid"
	ended
	same 143 "$status"
	echo "$resident KiB"
	[ "$resident" -gt 0 ]
	[ "$resident" -le 8000 ]
}
