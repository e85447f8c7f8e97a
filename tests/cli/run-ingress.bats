# SPDX-License-Identifier: Apache-2.0
# run-ingress.bats - ports of the host that lead into the enclave, with odyn at
# the other end
#
# odyn is an ordinary process, UNIX sockets are its vsock, tests/tools/proxies
# is what enc-run has of proxies.

load ../helpers
load ../peers
load ../odyn
load ../proxies

local_setup() {
	requires jq python3 timeout
	odyn_setup
	APP=$(free_port)
	IN=$(free_port)
	export APP IN
}

local_teardown() {
	odyn_teardown
}

# serve: odyn with an application at $APP, echo.py, and the host's $IN for it
serve() {
	minimal_manifest >host.yaml
	minimal_manifest >conf/enclaver.yaml
	printf 'ingress: [{listen_port: %s}]\n' "$APP" >>conf/enclaver.yaml
	start "exec '$abs_top_srcdir/tests/tools/echo.py' $APP"
	until_line console ready
	host "${ADDRESS:-}$IN:$APP"
}

# client: a Python program on standard input, with connect()
client() {
	{ cat <<'END'
import os, socket, struct, sys, threading, time
IN = int(os.environ["IN"])
BIG = bytes(range(256)) * 20000

def connect(address="127.0.0.1"):
    s = socket.create_connection((address, IN), timeout=60)
    return s

def read_all(s):
    data = b""
    while part := s.recv(65536):
        data += part
    return data

def send(s, data):
    def run():
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    threading.Thread(target=run, daemon=True).start()
END
	cat
	} >client.py
	timeout 100 python3 client.py 8>&-
}

@test "in: megabytes there and back, half-closed, by IPv4 and IPv6" {
	serve
	client <<'END'
for address in ("127.0.0.1", "::1") if socket.has_ipv6 else ("127.0.0.1",):
    s = connect(address)
    send(s, BIG)
    assert read_all(s) == BIG
many = [connect() for i in range(300)]
for i, s in enumerate(many):
    s.sendall(b"%d" % i)
    s.shutdown(socket.SHUT_WR)
for i, s in enumerate(many):
    assert read_all(s) == b"%d" % i
END
	host_ends
}

@test "in: one address alone" {
	ADDRESS=127.0.0.2:
	serve
	client <<'END'
s = connect("127.0.0.2")
send(s, b"hello")
assert read_all(s) == b"hello"
for address in "127.0.0.1", "::1":
    try:
        connect(address)
        raise SystemExit("connected to " + address)
    except ConnectionRefusedError:
        pass
    except OSError:
        assert address == "::1"
END
	host_ends
}

@test "in: a client that breaks off is a reset in the enclave" {
	serve
	client <<'END'
s = connect()
s.sendall(b"half of it")
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
END
	# UNIX sockets know no reset: it is an end there
	client <<'END'
s = connect()
send(s, b"another")
assert read_all(s) == b"another"
END
	host_ends
}

@test "in: no enclave, or nobody in it that listens: reset, at once" {
	serve
	host2=$(free_port)
	host_ends
	host "$IN:$APP" "$host2:1"
	IN=$host2 client <<'END'
try:
    assert connect().recv(1) != b"", "an end looks like an answer"
except ConnectionResetError:
    pass
END
	local pid
	for pid in $(cat "/proc/$odyn_pid/task/$odyn_pid/children") "$odyn_pid"; do
		kill -KILL "$pid"
	done
	wait "$odyn_pid" || :
	client <<'END'
try:
    assert connect().recv(1) != b"", "an end looks like an answer"
except ConnectionResetError:
    pass
END
	host_ends
}

@test "in: a port that is taken is said, with what to do" {
	python3 -c 'import os, socket, time
s = socket.create_server(("127.0.0.1", int(os.environ["IN"])))
open("taken", "w").write("x"); time.sleep(60)' 3>&- &
	until_there taken
	minimal_manifest >host.yaml
	expect 6 "$abs_top_builddir/tests/tools/proxies" v host.yaml 0 - "$IN:80"
	contains "$stderr" "proxies: port $IN of this host is taken: end what listens there ('ss -ltnp sport = :$IN' shows it) or publish another, like -p "
	expect 6 "$abs_top_builddir/tests/tools/proxies" v host.yaml 0 - \
		"192.0.2.1:$IN:80"
	same "proxies: cannot listen on port $IN: '192.0.2.1' is no address of this host ('ip address' shows them)" "$stderr"
}

@test "in: descriptors run out, and come back; nobody is lost" {
	export LIMIT=40
	serve
	client <<'END'
many = []
for i in range(60):
    try:
        many.append(connect())
    except ConnectionResetError:
        pass        # so soon that it was still connecting
answered = 0
for i, s in enumerate(many):
    try:
        s.sendall(b"%d" % i)
        s.shutdown(socket.SHUT_WR)
        answered += read_all(s) == b"%d" % i
    except (ConnectionResetError, BrokenPipeError):
        pass        # there was none left to call the enclave
    s.close()
assert answered > 10, answered
# They come back as the enclave hangs up, which may take it a moment.
for i in range(600):
    try:
        s = connect()
        send(s, b"after")
        assert read_all(s) == b"after"
        break
    except (ConnectionResetError, BrokenPipeError):
        time.sleep(0.05)
else:
    raise SystemExit("none came back")
END
	host_ends
}

@test "in: a client that does not read holds up itself alone" {
	serve
	client <<'END'
deaf = []
for _ in range(20):
    s = connect()
    send(s, BIG)
    deaf.append(s)
s = connect()
send(s, BIG)
assert read_all(s) == BIG
# and gets everything when it does
assert all(read_all(s) == BIG for s in deaf)
END
	[ "$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$host_pid/status")" -lt 40000 ] ||
		[ -n "${SAN_CFLAGS:-}" ]
	host_ends
}
