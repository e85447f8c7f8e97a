# SPDX-License-Identifier: Apache-2.0
# run-egress.bats - the host's egress proxy, with odyn at the other end
#
# odyn is an ordinary process, UNIX sockets are its vsock, tests/tools/proxies
# is what enc-run has of proxies, and everything else is on the loopback.

load ../helpers
load ../peers
load ../odyn
load ../proxies
load ../inside

local_setup() {
	requires jq python3 curl timeout
	odyn_setup
	# the one that the sanitizers look at
	[ -z "${SAN_CFLAGS:-}" ] || ODYN=$abs_top_builddir/tests/odyn-fake
	PROXY=$(free_port)
	WEB=$(free_port)
	export PROXY WEB abs_top_srcdir T
}

local_teardown() {
	odyn_teardown
}

# egress ALLOW [DENY]: the host's manifest; the enclave's allows everything
egress() {
	minimal_manifest >host.yaml
	echo "egress: {proxy_port: $PROXY, allow: $1, deny: ${2:-[]}}" >>host.yaml
	minimal_manifest >conf/enclaver.yaml
	echo "egress: {proxy_port: $PROXY, allow: [\"**\", host, \"0.0.0.0/0\", \"::/0\"]}" \
		>>conf/enclaver.yaml
}

# web: a server on 127.0.0.1 that answers with what it was asked for
web() {
	cat >web.py <<'END'
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.path.encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["WEB"])), Handler)
print("ready", flush=True)
s.serve_forever()
END
	python3 web.py >web.out 3>&- 8>&- &
	until_line web.out ready
}

# dns NAME=ANSWER...: a name server of our own
dns() {
	"$abs_top_srcdir/tests/tools/dns.py" . "$@" 3>&- 8>&- &
	until_there dns-port
	RESOLVER=127.0.0.1:$(cat dns-port)
}

# inside SCRIPT: what an application does
inside() {
	run --separate-stderr env -i PATH="$PATH" WEB="$WEB" \
		"$ODYN" --config-dir conf --no-bootstrap --no-console \
		--linger 0 --vsock v -- timeout 60 sh -c "cd '$T' && { $1
}" 8>&-
}

CURL="curl -sS -m 30 --noproxy ''"

# frames: a Python program on standard input, with ask() and raw()
frames() {
	{ cat <<'END'
import json, os, socket, struct, sys
WEB = int(os.environ["WEB"])

def raw(data, port=17002):
    """What the host answers to these bytes, and the connection."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect("v_%d" % port)
    try:
        s.sendall(data)
        head = s.recv(2, socket.MSG_WAITALL)
        if len(head) < 2:
            return None, s
        return json.loads(s.recv(struct.unpack("<H", head)[0],
                                 socket.MSG_WAITALL)), s
    except (BrokenPipeError, ConnectionResetError):
        return None, s

def frame(text):
    text = text.encode() if isinstance(text, str) else text
    return struct.pack("<H", len(text)) + text

def ask(host):
    return raw(frame(json.dumps({"host": host, "port": WEB})))

def get(s):
    s.sendall(b"GET /got HTTP/1.0\r\n\r\n")
    return s.makefile("rb").read().split(b"\r\n\r\n")[1]
END
	cat
	} >frames.py
	timeout 100 python3 frames.py
}

@test "out through odyn and the host: GET, CONNECT, name, address, host" {
	egress '["**.example", "host", "127.0.0.1"]'
	web
	dns v4.example=127.0.0.1 many.example="$(seq -s, -f 127.0.0.%g 1 60)" \
		half.example=no-aaaa
	host
	inside "$CURL http://v4.example:\$WEB/name; $CURL http://host:\$WEB/host
		$CURL http://127.0.0.1:\$WEB/address
		$CURL http://many.example:\$WEB/many
		$CURL http://half.example:\$WEB/half
		$CURL -p http://v4.example:\$WEB/tunnel"
	same "/name
/host
/address
/many
/half
/tunnel" "$output"
	host_ends
	same "" "$(cat host.err)"
	[ ! -e v_17002 ]
	[ ! -e v_65552 ]
}

@test "what the host's policy does not allow is refused, and said" {
	egress '["**.example", "10.0.0.0/8"]' '["bad.example", "10.1.0.0/16"]'
	web
	dns bad.example=127.0.0.1
	host
	local name
	for name in bad.example other.org host 127.0.0.1 10.1.2.3 '[::1]' \
		'[::ffff:10.1.2.3]'; do
		inside "$CURL -g -w '%{http_code}' http://$name:\$WEB/x"
		contains "$output" "egress to '"
		same 403 "${output##*
}"
	done
	same 7 "$(grep -c "^proxies: egress: egress to '" host.err)"
	[ ! -e dns-asked ]	# nobody was asked for it
	host_ends
}

@test "names that lead to what is denied, or is the machine's own" {
	egress '["**.example"]' '["10.0.0.0/8", "2001:db8:1::/48"]'
	web
	dns a.example=127.0.0.1 b.example=169.254.169.254 c.example=0.0.0.0 \
		d.example=::1 e.example=::ffff:127.0.0.1 f.example=10.1.2.3 \
		g.example=::ffff:10.1.2.3 h.example=2001:db8:1::1 i.example=fe80::1 \
		j.example=fd00:ec2::254 k.example=64:ff9b::7f00:1 \
		l.example=127.0.0.1,::1,10.0.0.1 m.example=2002:a00:1::
	host
	frames <<'END'
for name in "abcdefghijklm":
    answer, s = ask(name + ".example")
    assert answer["Err"]["os_code"] == 13, (name, answer)
    assert answer["Err"]["message"].startswith("'%s.example': " % name), answer
    assert s.recv(1) == b""
for name in "localhost", "a.localhost":
    answer, _ = ask(name)
    assert answer["Err"]["os_code"] == 13, answer
END
	contains "$(cat host.err)" "proxies: egress: 'f.example': egress to '10.1.2.3' is denied by '10.0.0.0/8' in egress.deny of the enclave's manifest"
	contains "$(cat host.err)" "proxies: egress: 'b.example': the name leads to '169.254.169.254', an address of the machine itself: "
	host_ends
}

@test "an address that is refused is passed over for one that is not" {
	egress '["**.example", "127.0.0.1"]'
	web
	dns two.example=169.254.169.254,127.0.0.1 six.example=::1,127.0.0.1
	host
	frames <<'END'
for name in "two.example", "six.example":
    answer, s = ask(name)
    assert answer == "Ok" and get(s) == b"/got\n", answer
END
	same "" "$(cat host.err)"
	host_ends
}

@test "names that do not exist, have no address, cannot be found" {
	egress '["**.example"]'
	dns empty.example= fails.example=servfail
	host
	frames <<'END'
for name, text in (
        ("none.example", "there is no such name"),
        ("empty.example", "the name has no address"),
        ("fails.example", "the host's name servers cannot be reached, or fail")):
    answer, _ = ask(name)
    assert answer == {"Err": {"message": text, "os_code": 113}}, answer
END
	host_ends
	export RESOLVER=127.0.0.1:1
	host
	frames <<'END'
answer, _ = ask("a.example")
assert answer["Err"]["os_code"] == 113, answer
END
	host_ends
}

@test "frames in every form, on both ports" {
	egress '["host"]'
	web
	host
	frames <<'END'
good = '{"host":"host","port":%d}' % WEB
for text in (good, '{"port":%d,"host":"HOST."}' % WEB,
             '{ "host" : "host",\n\t"port" : %d , "more" : [1, {"x": null}] }' % WEB,
             '{"ho\\u0073t":"h\\u006fst","port":%d}' % WEB,
             good + " " * (4096 - len(good))):
    for port in 17002, 65552:
        answer, s = raw(frame(text), port)
        assert answer == "Ok" and get(s) == b"/got\n", (text, answer)

# what comes after the frame is the server's
answer, s = raw(frame(good) + b"GET /early HTTP/1.0\r\n\r\n")
assert answer == "Ok" and s.makefile("rb").read().endswith(b"\r\n\r\n/early\n")

for text in ("{}", "[]", "null", "x", "\0", '"host"', '{"host":"host"}',
             '{"port":80}', '{"host":"host","port":0}',
             '{"host":"host","port":65536}', '{"host":"host","port":"80"}',
             '{"host":"host","port":-1}', '{"host":"host","port":80.0}',
             '{"host":7,"port":80}', '{"host":"","port":80}',
             '{"host":"127.1","port":80}', '{"host":"a b","port":80}',
             '{"host":"host\\u0000","port":80}', '{"host":"host","port":80',
             '{"host":"host","port":80}x', '{"host":"h","host":"host","port":80}',
             b'{"host":"h\xff","port":80}', '{"host":"%s","port":80}' % ("a" * 300)):
    answer, s = raw(frame(text))
    assert answer and answer["Err"]["os_code"] == 22, (text, answer)
    assert s.recv(1) == b""

for data in (b"\0\0", struct.pack("<H", 4097), b"\xff\xff", b"GET / HTTP/1.0\r\n\r\n"):
    answer, s = raw(data)
    assert answer is None, (data, answer)
END
	same "" "$(cat host.err)"
	host_ends
}

@test "nobody listens there: the errno and its words" {
	egress '["host"]'
	host
	frames <<'END'
answer, _ = ask("host")
assert answer == {"Err": {"message": "Connection refused", "os_code": 111}}, answer
END
	inside "$CURL http://host:\$WEB/"
	same "cannot connect to 'host' port $WEB: Connection refused" "$output"
	host_ends
}

@test "a hostile enclave: it leaves, says nothing, fills no disk" {
	egress '["host", "silent.example"]'
	web
	dns silent.example=silent
	host
	frames <<'END'
for _ in range(500):
    answer, _ = ask("denied.example")
    assert answer["Err"]["os_code"] == 13
idle = [raw_socket for raw_socket in
        (socket.socket(socket.AF_UNIX) for _ in range(200))]
for s in idle:
    s.connect("v_17002")
half = []
for _ in range(200):
    s = socket.socket(socket.AF_UNIX)
    s.connect("v_17002")
    s.sendall(frame('{"host":"silent.example","port":80}'))
    half.append(s)
# none of those is in the way of others
answer, s = ask("host")
assert answer == "Ok" and get(s) == b"/got\n"
for s in idle + half:
    s.close()
answer, s = ask("host")
assert answer == "Ok" and get(s) == b"/got\n"
END
	# 500 refusals in some seconds, ten lines each
	[ "$(wc -l <host.err)" -lt 300 ]
	host_ends
}

@test "the manifest allows nothing: no proxy" {
	export MANIFEST=minimal.yaml
	minimal_manifest >minimal.yaml
	host
	[ ! -e v_17002 ]
	host_ends
	echo 'egress: {allow: []}' >>minimal.yaml
	host
	[ ! -e v_17002 ]
	host_ends
}

@test "a port of the parent that another has is done without, both are not" {
	egress '["host"]'
	web
	python3 -c 'import socket, time
for name in "v_17002", "v_65553":
    s = socket.socket(socket.AF_UNIX); s.bind(name); s.listen()
    globals()[name] = s
open("taken", "w").write("x"); time.sleep(60)' 3>&- &
	until_there taken
	host
	frames <<'END'
answer, s = raw(frame('{"host":"host","port":%d}' % WEB), 65552)
assert answer == "Ok" and get(s) == b"/got\n"
END
	host_ends
	expect 6 "$abs_top_builddir/tests/tools/proxies" v host.yaml 17 -
	same "proxies: cannot listen on vsock port 17002, nor on the enclave's own: others have them, so there would be no egress" "$stderr"
	[ -S v_17002 ]
}

@test "enc-run has confined itself, and finds names all the same" {
	inside_setup
	web
	dns v4.example=127.0.0.1
	export ENC_SANDBOX=require
	minimal_manifest | sed 's|"-"|"app:enclave"|' >enclaver.yaml
	echo 'egress: {allow: ["**.example", "127.0.0.1"]}' >>enclaver.yaml
	shell "for i in 1 2; do
		http_proxy=\$http_proxy busybox wget -Y on -q -O - http://v4.example:$WEB/\$i
	done"
	expect 0 enc-run -q --launcher sandbox --resolver "$RESOLVER" app.eif
	same "/1
/2" "$(head -n 2 <<<"$output")"
}
