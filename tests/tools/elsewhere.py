#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""elsewhere.py CONFIG READY - a network in which each registry is our own

Started in a network namespace without anything (unshare --net).  Brings up its
loopback, runs docker-registry with CONFIG there, and is a proxy for HTTPS on
127.0.0.1:3128 that leads whoever it is asked for, at any port, to the registry
at 127.0.0.1:5000.  READY is made when both listen.  Ends when it is killed, and
the registry with it.
"""
import ctypes
import fcntl
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
PR_SET_PDEATHSIG = 1


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh", b"lo", 0).ljust(40, b"\0")
        request = bytearray(fcntl.ioctl(s, SIOCGIFFLAGS, request))
        flags, = struct.unpack_from("h", request, 16)
        struct.pack_into("h", request, 16, flags | IFF_UP)
        fcntl.ioctl(s, SIOCSIFFLAGS, bytes(request))


def pour(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Proxy(socketserver.StreamRequestHandler):
    def handle(self):
        words = self.rfile.readline().split()
        while self.rfile.readline().strip():
            pass
        if words[:1] != [b"CONNECT"]:
            self.wfile.write(b"HTTP/1.1 405 CONNECT only\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", 5000)) as to:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pour, args=(to, self.connection))
            back.start()
            pour(self.connection, to)
            back.join()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def registry(config):
    with subprocess.Popen(
            ["docker-registry", "serve", config],
            preexec_fn=lambda: ctypes.CDLL(None).prctl(
                PR_SET_PDEATHSIG, signal.SIGKILL)) as process:
        process.wait()
    sys.exit("the registry ended")


loopback_up()
server = Server(("127.0.0.1", 3128), Proxy)
threading.Thread(target=server.serve_forever, daemon=True).start()


def tell():
    while True:
        try:
            socket.create_connection(("127.0.0.1", 5000)).close()
            break
        except OSError:
            time.sleep(0.02)
    open(sys.argv[2], "w", encoding="ascii").close()


threading.Thread(target=tell, daemon=True).start()
registry(sys.argv[1])
