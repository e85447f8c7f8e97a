# SPDX-License-Identifier: Apache-2.0
# odyn-egress.bats - the HTTP proxy in the enclave
#
# odyn is an ordinary process, a UNIX socket is its vsock, the application is
# the client, and tests/tools/outside.py is the host and all that is beyond it.

load ../helpers

local_setup() {
	requires python3 curl
	ODYN=$libexec/odyn
	# the one that the sanitizers look at
	[ -z "${SAN_CFLAGS:-}" ] || ODYN=$abs_top_builddir/tests/odyn-fake
	mkdir conf
	PORT=$(python3 -c 'import socket; s = socket.socket()
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	export PORT abs_top_srcdir
	manifest '["**", "10.0.0.0/8"]' '["bad.example", "10.1.0.0/16"]'
	python3 "$abs_top_srcdir/tests/tools/outside.py" v_17002 . 3>&- &
	outside=$!
	until [ -s outside-is-up ]; do sleep 0.05; done
	touch asked
}

local_teardown() {
	kill "$outside" 2>/dev/null || :
}

# manifest ALLOW DENY
manifest() {
	minimal_manifest >conf/enclaver.yaml
	echo "egress: {proxy_port: $PORT, allow: $1, deny: $2}" >>conf/enclaver.yaml
}

# inside SCRIPT: what an application does
inside() {
	run --separate-stderr env -i PATH="$PATH" ${ENC_SANDBOX:+"ENC_SANDBOX=$ENC_SANDBOX"} PORT="$PORT" \
		"$ODYN" --config-dir conf --no-bootstrap \
		--no-console --linger 0 --vsock v -- \
		timeout 60 sh -c "cd '$T' && { $1
}"
}

# talk BYTES...: each by printf, at once; what comes back, in $output
talk() {
	printf '%b' "$@" >bytes
	inside 'python3 talk.py'
}

talk_py() {
	cat >talk.py <<'END'
import os, socket, sys
s = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
s.sendall(open("bytes", "rb").read())
s.shutdown(socket.SHUT_WR)
while True:
    data = s.recv(65536)
    if not data:
        break
    sys.stdout.buffer.write(data)
END

}

# The environment is odyn's own here, so curl has its variables from odyn.
CURL='curl -sS -m 30'

@test "GET, POST, chunked both ways, until close, HEAD, HTTP/1.0" {
	inside "$CURL http://web/path?q; $CURL -d body http://web/; echo
		$CURL -H 'Transfer-Encoding: chunked' -d more http://web/; echo
		$CURL http://web/chunked; echo; $CURL http://web/close; echo
		$CURL -I http://web/x | head -1; $CURL -0 http://web/chunked; echo
		$CURL -0 http://web/100"
	same "/path?q
body
more
abcde
until close
HTTP/1.1 200 OK
abcde
after" "$(tr -d '\r' <<<"$output")"
	same 0 "$status"
}

@test "the head that goes on" {
	inside "$CURL -H 'Host: other' -H 'Proxy-Authorization: x' \
		-H 'Connection: x-hop' -H 'X-Hop: 1' -H 'User-Agent: me' \
		http://WEB.example.:8080/head"
	same "GET /head HTTP/1.1
Host: web.example:8080
Accept: */*
User-Agent: me
Connection: close" "$output"
	same '{"host": "web.example", "port": 8080}' "$(cat asked)"
}

@test "100 Continue, early hints, an answer that comes early" {
	inside "$CURL -H 'Expect: 100-continue' -d body http://web/; echo
		$CURL -i http://web/100 | head -1; $CURL http://web/100; echo
		head -c 3000000 /dev/zero | $CURL -T - http://web/early"
	same "body
HTTP/1.1 103 Early Hints
after
early" "$(tr -d '\r' <<<"$output")"
}

@test "an interim answer is passed on at once" {
	cat >wait.py <<'END'
import os, socket
s = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
s.sendall(b"POST http://web/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
          b"Connection: close\r\nContent-Length: 4\r\n\r\n")
f = s.makefile("rb")
assert f.readline() == b"HTTP/1.1 100 Continue\r\n" and f.readline() == b"\r\n"
s.sendall(b"body")
print(f.read().decode().split("\r\n\r\n")[1])
END
	inside 'python3 wait.py'
	same body "$output"
}

@test "a body of megabytes, both ways" {
	head -c 5000000 /dev/urandom >big
	inside "$CURL --data-binary @big http://web/ >back; $CURL -p -T big \
		-H 'Expect:' -X POST http://web/ >tunnel"
	cmp big back
	cmp big tunnel
}

@test "keep-alive and pipelining: answers in order, one server each" {
	talk_py
	talk 'GET http://web/a HTTP/1.1\r\nHost: x\r\n\r\n' \
		'POST http://web/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nb_c' \
		'GET http://web/behind HTTP/1.1\r\nHost: x\r\n\r\n' \
		'GET http://web/d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' \
		'GET http://web/never HTTP/1.1\r\nHost: x\r\n\r\n'
	same "HTTP/1.1 200 OK
Content-Length: 3

/a
HTTP/1.1 200 OK
Content-Length: 3

b_cHTTP/1.1 200 OK
Content-Length: 2

abHTTP/1.1 200 OK
Content-Length: 3
Connection: close

/d" "$(tr -d '\r' <<<"$output")"
	same 4 "$(wc -l <asked)"
}

@test "CONNECT: raw bytes, both ends, what comes at once with it" {
	talk_py
	talk 'CONNECT raw:7 HTTP/1.1\r\nHost: raw:7\r\n\r\nat once'
	same "$(printf 'HTTP/1.1 200 Connection established\r\n\r\nraw\nat once')" "$output"
	same '{"host": "raw", "port": 7}' "$(cat asked)"
}

@test "what is not allowed is 403, and goes nowhere" {
	local host
	for host in bad.example BAD.Example. host 192.0.2.1 10.1.2.3 \
		'[::ffff:10.1.2.3]' '[2001:db8::1]'; do
		inside "$CURL -g -w '%{http_code}' 'http://$host/'"
		same 0 "$status"
		contains "$output" "egress to '"
		contains "$output" 403
		contains "$stderr" "odyn: egress to '"
		inside "$CURL -g -p -o /dev/null -w '%{http_connect}' 'http://$host/' || :"
		same 403 "$output"
	done
	same "" "$(cat asked)"
	inside "$CURL -g 'http://[::ffff:10.2.0.1]/ok'"
	same /ok "$output"
	same '{"host": "10.2.0.1", "port": 80}' "$(cat asked)"
	manifest '["host"]' '[]'
	inside "$CURL -o /dev/null -w '%{http_code}' http://host:81/own"
	same 502 "$output"	# nobody listens there, on the host's side
	same '{"host": "host", "port": 81}' "$(tail -n 1 asked)"
}

# refused REQUEST SENTENCE
refused() {
	talk "$1"
	same "HTTP/1.1 400 Bad Request
$2" "$(tr -d '\r' <<<"$output" | sed -n '1p;$p')"
	same 1 "$(grep -c '^HTTP' <<<"$output")"
}

@test "what could be read in two ways is 400, and the connection ends" {
	talk_py
	local get='GET http://web/ HTTP/1.1\r\nHost: web\r\n'
	local post='POST http://web/ HTTP/1.1\r\nHost: web\r\n'
	local next='GET http://web/smuggled HTTP/1.1\r\nHost: web\r\n\r\n'
	refused "${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc$next" \
		"two Content-Length fields"
	refused "${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$next" \
		"both Content-Length and Transfer-Encoding"
	refused "${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n$next" \
		"the only transfer coding that is understood is 'chunked'"
	refused "${get}X : y\r\n\r\n$next" \
		"the name of a header field has a blank or another wrong character in it (RFC 9112 section 5.1)"
	refused "${get}X: y\n\r\n$next" \
		"a LF alone in the head of the message (RFC 9112 section 2.2)"
	refused "${get}X: y\rz\r\n\r\n$next" \
		"a CR alone in the head of the message (RFC 9112 section 2.2)"
	refused "${get}X: y\r\n z\r\n\r\n$next" \
		"a header line is folded, which RFC 9112 section 5.2 has done away with"
	refused "${get}X: $(head -c 70000 /dev/zero | tr '\0' x)\r\n\r\n$next" \
		"the head of the message is larger than 65536 bytes"
	refused "GET / HTTP/1.1\r\nHost: web\r\n\r\n$next" \
		"this is a proxy: ask for a URL, http://HOST/PATH, or CONNECT"
	refused "GET http://127.1/ HTTP/1.1\r\nHost: web\r\n\r\n" \
		"'127.1' is not a plain IPv4 address: write four decimal numbers, like 192.0.2.1"
	refused "CONNECT web HTTP/1.1\r\nHost: web\r\n\r\n" \
		"no port is named: write HOST:PORT"
	same "" "$(cat asked)"
	# a body goes wrong when the server has been asked already
	refused "${post}Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n$next" \
		"the chunked body is malformed (RFC 9112 section 7.1)"
	same 1 "$(wc -l <asked)"
}

@test "hosts that refuse, servers that break" {
	inside "$CURL http://refused/; $CURL -w '%{http_code}\n' http://denied/
		$CURL http://silent/; $CURL http://garbage/; $CURL http://web/two
		$CURL http://web/broken || echo; $CURL http://web/fine"
	same "cannot connect to 'refused' port 80: Connection refused
cannot connect to 'denied' port 80: the policy forbids it
403
'silent' port 80: the server closed the connection without an answer
cannot connect to 'garbage' port 80: an egress answer that is neither \"Ok\" nor {\"Err\":{\"os_code\":N,\"message\":TEXT}}
'web' port 80: two Content-Length fields
short
/fine" "$output"
	# all but what was cut short, of which the application had the beginning
	same "odyn: egress: cannot connect to 'refused' port 80: Connection refused
odyn: egress: cannot connect to 'denied' port 80: the policy forbids it
odyn: egress: 'silent' port 80: the server closed the connection without an answer
odyn: egress: cannot connect to 'garbage' port 80: an egress answer that is neither \"Ok\" nor {\"Err\":{\"os_code\":N,\"message\":TEXT}}
odyn: egress: 'web' port 80: two Content-Length fields" "$(grep '^odyn: egress' <<<"$stderr")"
	inside "$CURL -o /dev/null 'http://refused/[1-40]'"
	[ "$(grep -c '^odyn: egress' <<<"$stderr")" -ge 8 ]
	[ "$(grep -c '^odyn: egress' <<<"$stderr")" -lt 40 ]
	kill "$outside"
	rm v_17002
	inside "$CURL http://web/"
	same "cannot connect to 'web' port 80: the host has no egress proxy" "$output"
	contains "$stderr" "odyn: egress: cannot connect to 'web' port 80: the host has no egress proxy"
}

@test "a host that opens its proxy later than the application asks is asked again" {
	kill "$outside"
	rm -f v_17002 outside-is-up
	mkfifo first
	(
		read -r _ <first
		exec python3 "$abs_top_srcdir/tests/tools/outside.py" v_17002 . 3>&-
	) &
	outside=$!
	inside "{ sleep 0.2; echo now >first; } & $CURL http://web/"
	same 0 "$status"
	[[ $output != *"no egress proxy"* ]]
}

@test "no allow, no proxy; a port that is taken is said" {
	manifest '[]' '[]'
	inside 'env | grep -c _proxy
		curl -s -m 5 -x http://127.0.0.1:$PORT http://web/ || echo $?'
	same "0
7" "$output"
	manifest '["web"]' '[]'
	python3 -c 'import os, socket, time
s = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
open("taken", "w").write("x"); time.sleep(60)' 3>&- &
	until [ -s taken ]; do sleep 0.05; done
	inside true
	kill $!
	same 125 "$status"
	same "odyn: cannot listen on 127.0.0.1 port $PORT: Address already in use" "$stderr"
}

@test "hundreds of connections, and as many again" {
	cat >many.py <<'END'
import os, socket
PORT = int(os.environ["PORT"])
for turn in range(3):
    all = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(200)]
    for i, s in enumerate(all):
        s.sendall(b"GET http://web/n%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % i)
    for i, s in enumerate(all):
        text = s.makefile("rb").read()
        assert text.endswith(b"\r\n\r\n/n%d\n" % i), text
print("all")
END
	inside 'python3 many.py'
	same "all" "$output" "${stderr: -300}"
}
