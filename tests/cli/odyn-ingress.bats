# SPDX-License-Identifier: Apache-2.0
# odyn-ingress.bats - connections from outside to the application, plain and
# with TLS; odyn is an ordinary process here

load ../helpers
load ../peers
load ../odyn

local_setup() {
	requires jq python3 openssl timeout
	odyn_setup
	PLAIN=$(free_port)
	TLS=$(free_port)
	mkdir -p "conf/tls/server/$TLS"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=app -addext subjectAltName=DNS:app.example \
		-keyout "conf/tls/server/$TLS/key.pem" \
		-out "conf/tls/server/$TLS/cert.pem" 2>/dev/null
	cat >>conf/enclaver.yaml <<END
ingress:
  - listen_port: $PLAIN
  - listen_port: $TLS
    tls: {key_file: key.pem, cert_file: cert.pem}
END
	export PLAIN TLS
}

local_teardown() {
	odyn_teardown
}

# serve: odyn and the application, until that is ready
serve() {
	start "exec '$abs_top_srcdir/tests/tools/echo.py' $PLAIN $TLS"
	until_line console ready
}

# client: a Python program on standard input, with connect(PORT) and tls(PORT)
client() {
	{ cat <<'END'
import os, socket, ssl, sys
sys.path.insert(0, os.environ["abs_top_srcdir"] + "/tests/tools")
import hybrid

PLAIN, TLS = int(os.environ["PLAIN"]), int(os.environ["TLS"])
BIG = bytes(range(256)) * 20000

def connect(port):
    s = hybrid.connect("v", port)
    s.settimeout(60)
    return s

def context():
    c = ssl.create_default_context(cafile="conf/tls/server/%d/cert.pem" % TLS)
    c.check_hostname = True
    return c

def tls(port, c=None):
    return (c or context()).wrap_socket(connect(port), server_hostname="app.example")

def read_all(s):
    data = b""
    while True:
        part = s.recv(65536)
        if not part:
            return data
        data += part

def send(s, data, end):
    import threading
    def run():
        s.sendall(data)
        end()
    threading.Thread(target=run, daemon=True).start()
END
	cat
	} >client.py
	export abs_top_srcdir
	timeout 100 python3 client.py
}

@test "plain: five megabytes there and back, the end is passed on both ways" {
	serve
	client <<'END'
s = connect(PLAIN)
send(s, BIG, lambda: s.shutdown(socket.SHUT_WR))
assert read_all(s) == BIG
END
}

@test "plain: many at once, and one that comes before the others is not lost" {
	serve
	client <<'END'
first = connect(PLAIN)
first.sendall(b"first")
many = [connect(PLAIN) for i in range(300)]
for i, s in enumerate(many):
    s.sendall(b"%d" % i)
    s.shutdown(socket.SHUT_WR)
for i, s in enumerate(many):
    assert read_all(s) == b"%d" % i
first.shutdown(socket.SHUT_WR)
assert read_all(first) == b"first"
END
}

@test "plain: when descriptors run out some wait or fail, and then all goes on" {
	local less=()
	requires prlimit setpriv
	# root would raise the limit again
	[ "$(id -u)" -ne 0 ] || less=(setpriv --bounding-set=-sys_resource)
	application "exec python3 -B '$abs_top_srcdir/tests/tools/load.py' serve $PLAIN"
	prlimit --nofile=100:100 "${less[@]}" "$ODYN" --config-dir conf --no-bootstrap \
		--linger 3600 --vsock v >console 2>err 3>&- &
	odyn_pid=$!
	export odyn_pid
	until_line console ready
	client <<'END'
import time

def answers(s, word):
    s.sendall(word)
    return s.recv(100) == word

few = [connect(PLAIN) for i in range(20)]
assert all(answers(s, b"word") for s in few)
many = []
for i in range(80):
    s = socket.socket(socket.AF_UNIX)
    s.connect("v")
    s.sendall(b"CONNECT %d\n" % PLAIN)
    many.append(s)
while len(os.listdir("/proc/%s/fd" % os.environ["odyn_pid"])) < 99:
    time.sleep(0.05)
assert all(answers(s, b"word") for s in few)
for s in many:
    s.close()
assert answers(connect(PLAIN), b"again")
assert all(answers(s, b"word") for s in few)
END
	same ready "$(cat console)"
}

@test "plain: nobody listens in the enclave" {
	start 'echo ready; sleep 1000'
	until_line console ready
	client <<'END'
s = connect(PLAIN)
assert read_all(s) == b""
END
	until_line console "odyn: ingress $PLAIN: nobody listens on 127.0.0.1:$PLAIN"
	client <<'END'
for i in range(50):
    assert read_all(connect(PLAIN)) == b""
try:
    tls(TLS).recv(1)
except OSError:
    pass
END
	until_line console "odyn: ingress $TLS: nobody listens on 127.0.0.1:$TLS"
	[ "$(grep -c "^odyn: ingress $PLAIN" console)" -lt 25 ]
}

@test "TLS: that a client does not speak it is said, once in a while" {
	serve
	client <<'END'
for word in [b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-client\r\n", bytes(100)] * 20:
    s = connect(TLS)
    s.sendall(word)
    try:
        read_all(s)
    except ConnectionResetError:
        pass
END
	until_line console "odyn: ingress $TLS: a client does not speak TLS"
	[ "$(grep -c "^odyn: ingress $TLS: a client" console)" -lt 25 ]
}

@test "TLS: 1.3 and 1.2, five megabytes, the end is said both ways" {
	serve
	client <<'END'
def exchange(version, whole):
    """Sends it, says that nothing more comes, and reads the answer."""
    c = context()
    c.minimum_version = c.maximum_version = version
    s = connect(TLS)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    o = c.wrap_bio(incoming, outgoing, server_hostname="app.example")

    def step(call):
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                if outgoing.pending:
                    s.sendall(outgoing.read())
                data = s.recv(65536)
                incoming.write(data) if data else incoming.write_eof()

    step(o.do_handshake)
    for at in range(0, len(whole), 10000):
        o.write(whole[at:at + 10000])
    try:
        o.unwrap()
    except ssl.SSLWantReadError:
        pass
    send(s, outgoing.read(), lambda: None)
    got = b""
    try:
        while part := step(lambda: o.read(65536)):
            got += part
    except ssl.SSLZeroReturnError:
        pass
    return got          # the end was said: else it is an SSLEOFError

for version in ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2:
    for whole in b"short", BIG:
        assert exchange(version, whole) == whole
END
}

@test "TLS: a stream that is cut off is no end" {
	serve
	client <<'END'
s = tls(TLS)
s.sendall(b"only a par")
s.close()               # without saying so
END
	until_line console reset
}

@test "TLS: old versions and weak ciphers are refused, noise too" {
	serve
	client <<'END'
c = context()
c.minimum_version = ssl.TLSVersion.TLSv1
c.maximum_version = ssl.TLSVersion.TLSv1_1
c.set_ciphers("ALL:@SECLEVEL=0")
for change in (lambda: None,
               lambda: (setattr(c, "maximum_version", ssl.TLSVersion.TLSv1_2),
                        c.set_ciphers("AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA"))):
    change()
    try:
        tls(TLS, c)
    except ssl.SSLError as e:
        print(e.reason)
    else:
        raise SystemExit("taken")
s = connect(TLS)
s.sendall(b"GET / HTTP/1.1\r\n\r\n")
try:
    data = read_all(s)
    assert data == b"" or data[0] == 21, data   # an alert
except ConnectionResetError:
    pass
END
	# none of them reached the application
	same "ready
odyn: ingress $TLS: a client does not speak TLS" "$(cat console)"
}

# faulty WORD: odyn does not start, and says so
faulty() {
	application 'exit 0'
	expect 125 "$ODYN" --config-dir conf --no-bootstrap --no-console --linger 0 --vsock v
	contains "$stderr" "$1"
}

@test "TLS: a key or certificate that will not do is found at the start" {
	local dir=conf/tls/server/$TLS
	cp "$dir/key.pem" key.pem
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/key.pem" 2>/dev/null
	faulty "odyn: '$dir/key.pem' is no key in PEM for the certificate '$dir/cert.pem': "
	echo rubbish >"$dir/key.pem"
	faulty "odyn: '$dir/key.pem' is no key in PEM for the certificate '$dir/cert.pem': "
	openssl pkcs8 -topk8 -in key.pem -passout pass:secret -out "$dir/key.pem"
	faulty "odyn: '$dir/key.pem' is no key in PEM for the certificate '$dir/cert.pem': "
	rm "$dir/key.pem"
	faulty "odyn: cannot open '$dir/key.pem': No such file or directory"
	cp key.pem "$dir/key.pem"
	echo rubbish >"$dir/cert.pem"
	faulty "odyn: '$dir/cert.pem' is no certificate in PEM: "
}

@test "TLS: a certificate that has expired is served, and that is said" {
	local dir=conf/tls/server/$TLS
	openssl req -new -key "$dir/key.pem" -subj /CN=app >csr
	mkdir ca
	touch ca/index
	printf '[ca]\ndefault_ca = a\n[a]\ndatabase = ca/index\nrand_serial = yes\nnew_certs_dir = ca\ndefault_md = sha256\npolicy = p\n[p]\nCN = supplied\n' >ca.conf
	openssl ca -config ca.conf -batch -selfsign -keyfile "$dir/key.pem" -in csr \
		-startdate 20000101000000Z -enddate 20010101000000Z -notext \
		-out "$dir/cert.pem" 2>/dev/null
	application 'exit 0'
	expect 0 "$ODYN" --config-dir conf --no-bootstrap --no-console --linger 0 --vsock v
	same "odyn: '$dir/cert.pem' has expired
odyn: application exited with status 0" "$stderr"
}
