# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # output and stderr are expect's
# run.bash - enclaves that really run, by whichever launcher: load run, after
# ../helpers, ../peers and ../odyn.  The checks are functions, for each launcher
# must pass all of them.
#
# run_setup LAUNCHER BLOBS makes a busybox, and the application that the checks
# have: /srv/app WORD, a shell script.

run_setup() {
	RUN_LAUNCHER=$1 RUN_BLOBS=$2
	requires python3 jq curl openssl
	BUSYBOX=$(command -v busybox) || missing busybox
	# only a static one runs without its libraries
	! ldd "$BUSYBOX" >/dev/null 2>&1 || missing "a static busybox"
	export ENCLAVER_RUN=$T/x
	run_manifest >enclaver.yaml
}

run_teardown() {
	[ -z "${run_pid:-}" ] || kill -KILL "$run_pid" 2>/dev/null || :
	run_pid=
}

run_manifest() {
	cat <<-END
	version: v1
	name: app
	target: app:enclave
	sources: {app: "app:1"}
	defaults: {cpu_count: 1, memory_mb: 512}
	ingress:
	  - listen_port: 8080
	  - listen_port: 8443
	    tls: {key_file: key.pem, cert_file: cert.pem}
	egress:
	  proxy_port: 10000
	  allow: ["host", "allowed.example"]
	END
}

# run_build WORD...: app.eif, whose application is /srv/app WORD...
run_build() {
	local app words
	words=$(jq -cn '["/srv/app"] + $ARGS.positional' --args -- "$@")
	mkdir -p files/bin files/srv/www files/etc/enclaver/tls/server/8443
	cp "$BUSYBOX" files/bin/busybox
	ln -sf busybox files/bin/sh
	head -c 300000 /dev/urandom >files/srv/www/big
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=enclave -addext subjectAltName=IP:127.0.0.1 \
		-keyout files/etc/enclaver/tls/server/8443/key.pem \
		-out files/etc/enclaver/tls/server/8443/cert.pem 2>/dev/null
	run_application >files/srv/app
	chmod +x files/srv/app
	tar -cf files.tar --owner=0 --group=0 -C files bin srv etc
	app=$(printf 'config {"Cmd": %s, "Env": ["PATH=/bin"], "StopSignal": "SIGUSR1"}\nlayer none\ntar files.tar\n' \
		"$words" | mkimage images app:1)
	enc-amend -q -f enclaver.yaml "$app" >amended
	enc-eif -q --blobs "$RUN_BLOBS" -o app.eif <amended >/dev/null
}

run_application() {
	cat <<'END'
#!/bin/sh -u
case $1 in
exit) echo out; echo err >&2; exit "$2" ;;
kill) kill -KILL $$ ;;
flood) exec busybox yes ;;
bytes) exec busybox head -c 100000 /srv/www/big ;;
stubborn) trap '' USR1; echo up; while :; do busybox sleep 1; done ;;
serve)
	trap 'echo stopping; exit 9' USR1
	busybox httpd -f -p 127.0.0.1:8080 -h /srv/www &
	busybox httpd -f -p 127.0.0.1:8443 -h /srv/www &
	echo up
	while :; do busybox sleep 1; done
	;;
fetch)
	# a line for each: what came, or the proxy's refusal
	export http_proxy
	for url in "http://host:$2/answer" http://denied.example/ \
		"http://127.0.0.1:$2/answer"; do
		busybox wget -Y on -q -O - "$url" 2>&1 || echo "$url: refused"
	done
	printf 'CONNECT host:%s HTTP/1.1\r\nHost: host\r\n\r\nGET /answer HTTP/1.0\r\n\r\n' "$2" |
		busybox nc 127.0.0.1 10000 | busybox tail -n 1
	printf 'CONNECT denied.example:443 HTTP/1.1\r\nHost: denied\r\n\r\n' |
		busybox nc 127.0.0.1 10000 | busybox tail -n 1
	;;
esac
END
}

# free_port: one of 127.0.0.1 that nobody has
free_port() {
	python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# run_start [OPTION...]: enc-run in the background; out, err and events
run_start() {
	rm -f out err events	# another's, which are not these
	enc-run --launcher "$RUN_LAUNCHER" --status-fd 5 "$@" app.eif \
		>out 2>err 3>&- 5>events &
	run_pid=$!
}

run_ready() {
	until_line events '{"event":"ready"}' || { cat err; return 1; } >&2
}

# run_ends STATUS: it ends by itself, with that
run_ends() {
	local status=0
	timeout 120 tail --pid="$run_pid" -f /dev/null || return 1
	wait "$run_pid" || status=$?
	run_pid=
	same "$1" "$status" "enc-run's status: $(cat err)"
	same "{\"event\":\"exited\",\"status\":$1}" "$(tail -n 1 events)"
	same "" "$(find x -mindepth 1)" "what is left of it"
}

# run_lines LINE...: each of them is in the output
run_lines() {
	local line
	for line in "$@"; do
		grep -qxF -- "$line" out && continue
		printf "no line '%s' in the output:\n%s\n%s\n" "$line" \
			"$(cat out)" "$(cat err)" >&2
		return 1
	done
}

check_exit() {
	run_build exit "$1"
	run_start -p none
	run_ends "$1"
	run_lines out err "odyn: application exited with status $1"
	same '{"event":"starting"}' "$(head -n 1 events)"
	same "$RUN_LAUNCHER" "$(jq -r 'select(.event == "started") | .launcher' events)"
	contains "$(cat err)" "starting 'app.eif' with launcher $RUN_LAUNCHER: 1 vCPUs, 512 MiB"
}

check_signal() {
	run_build kill
	run_start -p none
	run_ends 107
	contains "$(cat err)" "the application was killed by signal 9 (SIGKILL)"
}

check_missing() {
	run_build exit 0
	sed -i 's|^#!/bin/sh -u|#!/no/such/shell|' files/srv/app
	tar -cf files.tar --owner=0 --group=0 -C files bin srv etc
	local app
	app=$(printf 'config {"Cmd": ["/srv/app"]}\nlayer none\ntar files.tar\n' |
		mkimage images app:1)
	enc-amend -q -f enclaver.yaml "$app" | enc-eif -q --blobs "$RUN_BLOBS" -o app.eif >/dev/null
	run_start -p none
	run_ends 127
	run_lines "odyn: cannot run '/srv/app': No such file or directory"
}

check_bytes() {
	run_build bytes
	run_start -p none
	run_ends 0
	# odyn may have a line about the clock before it
	sed -i '1{/^odyn: /d}' out
	# what odyn keeps for a reader who is late is 128 KiB
	head -c 100000 out | cmp -n 100000 - files/srv/www/big
	same "odyn: application exited with status 0" "$(tail -c +100001 out)"
}

check_ingress() {
	local plain tls version
	run_build serve
	plain=$(free_port)
	tls=$(free_port)
	run_start -p "127.0.0.1:$plain:8080" -p "127.0.0.1:$tls:8443"
	run_ready
	until_line out up
	expect 0 curl -sS --retry 20 --retry-all-errors --noproxy '*' -o got "http://127.0.0.1:$plain/big"
	cmp got files/srv/www/big
	for version in 1.2 1.3; do
		expect 0 curl -sS --noproxy '*' --cacert files/etc/enclaver/tls/server/8443/cert.pem \
			--tlsv"$version" --tls-max "$version" -o got.tls "https://127.0.0.1:$tls/big"
		cmp got.tls files/srv/www/big
	done
	contains "$(cat err)" "the application runs, 127.0.0.1 port $plain -> 8080; 127.0.0.1 port $tls -> 8443"
	expect 0 enc-run ps --json
	same "app $run_pid $RUN_LAUNCHER 127.0.0.1:$plain:8080" "$(jq -r \
		'.enclaves[0] | "\(.name) \(.pid) \(.launcher) \(.ports[0])"' <<<"$output")"
	# a port that is taken is said before anything starts
	expect 125 enc-run --launcher "$RUN_LAUNCHER" -p "127.0.0.1:$plain:8080" app.eif
	contains "$stderr" "$plain"
	kill -TERM "$run_pid"
	run_ends 109
	run_lines stopping "odyn: application exited with status 9"
	same '{"event":"stopping"}' "$(tail -n 2 events | head -n 1)"
	contains "$(cat err)" "stopping: the application has 10 seconds"
}

check_stubborn() {
	run_build stubborn
	run_start -p none --grace 1
	run_ready
	until_line out up
	kill -INT "$run_pid"
	run_ends 109
	run_lines "odyn: application was killed by signal 9 (SIGKILL)"
}

check_second_signal() {
	run_build stubborn
	run_start -p none --grace 3600
	run_ready
	until_line out up
	kill -TERM "$run_pid"
	until_line events '{"event":"stopping"}'
	kill -TERM "$run_pid"
	run_ends 109
}

# host_web: a web server on the host's loopback, its port in $web
host_web() {
	mkdir -p web
	printf 'the answer\n' >web/answer
	web=$(free_port)
	python3 -m http.server --bind 127.0.0.1 --directory web "$web" \
		>/dev/null 2>&1 3>&- &
	PEER_PIDS="${PEER_PIDS:-} $!"
	expect 0 curl -sS --retry 50 --retry-all-errors --retry-delay 0 --noproxy '*' \
		"http://127.0.0.1:$web/answer"
}

check_egress() {
	host_web
	run_build fetch "$web"
	run_start -p none
	run_ends 0
	same "the answer
http://denied.example/: refused
http://127.0.0.1:$web/answer: refused
the answer" "$(grep -v -e ^odyn: -e '^wget:' out | head -n 4)"
	run_lines "odyn: egress to 'denied.example' is not allowed: no pattern in egress.allow of the enclave's manifest matches it"
}

check_killed() {
	local left
	run_build stubborn
	run_start -p none
	run_ready
	until_line out up
	run_children=$(cat "/proc/$run_pid/task/$run_pid/children")
	[ -n "$run_children" ]
	kill -KILL "$run_pid"
	wait "$run_pid" 2>/dev/null || :
	for left in $run_children; do
		timeout 20 tail --pid="$left" -f /dev/null
	done
	# the next one removes what it left
	run_build exit 0
	run_start -p none
	run_ends 0
}

# a terminal that nobody reads, and a status pipe that is full
check_stuck() {
	run_build stubborn
	cat >stuck.py <<-'END'
	import fcntl, os, pty, signal, subprocess, sys, time
	parent, child = pty.openpty()
	read, write = os.pipe()
	fcntl.fcntl(write, 1031, 4096)		# F_SETPIPE_SZ
	os.write(write, b"x" * 4096)
	p = subprocess.Popen(["enc-run", "--launcher", sys.argv[1], "-p", "none",
	                      "--status-fd", str(write), "app.eif"],
	                     stdout=child, pass_fds=(write,))
	data = b""
	while b"up" not in data:		# its output comes
	    data += os.read(parent, 100)
	p.send_signal(signal.SIGTERM)
	p.send_signal(signal.SIGTERM)
	time.sleep(1)
	p.send_signal(signal.SIGTERM)
	print(p.wait(timeout=60))
	END
	expect 0 timeout 100 python3 stuck.py "$RUN_LAUNCHER"
	same 109 "$output"
}

# it ends and is started again, with a pause that a signal ends
check_restart() {
	run_build exit 3
	run_start -p none --restart 1
	run_ends 3
	same 2 "$(grep -cx out out)"
	contains "$(cat err)" "it ended with status 3: again in 1 s, 1 of 1"
	run_start -p none --restart 1000
	until_there out
	until grep -q "again in 2 s" err; do sleep 0.1; done
	kill -TERM "$run_pid"
	run_ends 109
}
