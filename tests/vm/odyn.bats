#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# odyn.bats - the supervisor in an enclave, over a real AF_VSOCK: output,
# status, ends, ingress, stop requests, clock and randomness
load ../helpers
load ../peers
load ../odyn
load vm

local_setup() {
	vm_requires
	requires python3 jq openssl curl
	BUSYBOX=$(command -v busybox) || missing busybox
	# only a static one runs without its libraries
	! ldd "$BUSYBOX" >/dev/null 2>&1 || missing "a static busybox"
	manifest app:1 odyn:enclave >enclaver.yaml
}

# eif CMD-JSON [LINE...]: an EIF of busybox and odyn; lines of mkimage.py
eif() {
	local config=$1 line app
	shift
	mkdir -p busybox/bin
	cp "$BUSYBOX" busybox/bin/busybox
	ln -sf busybox busybox/bin/sh
	tar -cf busybox.tar --owner=0 --group=0 -C busybox bin
	app=$({
		printf 'config {"Cmd": %s, "Env": ["PATH=/bin"], "StopSignal": "SIGUSR1"}\n' "$config"
		printf 'layer none\ntar busybox.tar\nlayer none\ndir srv\n'
		for line in "$@"; do printf '%s\n' "$line"; done
	} | mkimage images app:1)
	expect 0 enc-amend -f enclaver.yaml "$app"
	expect 0 enc-eif --blobs "$BLOBS" -o app.eif "$output"
}

@test "vm: output, status and exit status" {
	eif '["/bin/sh", "-c", "echo out; echo err >&2; busybox sleep 1; exit 3"]'
	boot app.eif
	same "out
err
odyn: application exited with status 3" "$(grep -av 'odyn: the clock was' log)"
	same '{"status":"exited","code":3}' "$(tail -n 1 status)"
	on_console "init: '/sbin/odyn' exited with status 3"
}

@test "vm: a signal, and a command that is not there" {
	eif '["/bin/sh", "-c", "kill -KILL $$"]'
	boot app.eif
	same '{"status":"signaled","signal":9}' "$(tail -n 1 status)"
	on_log 'odyn: application was killed by signal 9 (SIGKILL)'
	eif '["/srv/app"]' "file srv/app mode=755 data='#!/no/such/shell\\n'"
	boot app.eif
	same '{"status":"exited","code":127}' "$(cat status)"
	on_log "odyn: cannot run '/srv/app': No such file or directory"
}

@test "vm: ingress, plain and with TLS; a stop request; clock and randomness" {
	mkdir tls
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=enclave -addext subjectAltName=DNS:enclave,IP:127.0.0.1 \
		-keyout tls/key.pem -out tls/cert.pem 2>/dev/null
	minimal_manifest | sed 's|"-"|"odyn:enclave"|' >enclaver.yaml
	cat >>enclaver.yaml <<'END'
ingress:
  - listen_port: 8080
  - listen_port: 8443
    tls: {key_file: key.pem, cert_file: cert.pem}
END
	head -c 3000000 /dev/urandom >big
	mkdir -p extra/srv/www extra/etc/enclaver/tls/server/8443
	cp big extra/srv/www/big
	cp tls/*.pem extra/etc/enclaver/tls/server/8443
	cat >extra/srv/app <<'END'
#!/bin/sh -u
trap 'echo stopping; exit 9' USR1
busybox httpd -f -p 127.0.0.1:8080 -h /srv/www &
busybox httpd -f -p 127.0.0.1:8443 -h /srv/www &
echo "year=$(busybox date +%Y)"
busybox dd if=/dev/random bs=64 count=1 2>/dev/null | busybox wc -c
echo ready
while :; do busybox sleep 1; done
END
	chmod +x extra/srv/app
	tar -cf extra.tar --owner=0 --group=0 -C extra srv etc
	eif '["/srv/app"]' 'layer none' 'tar extra.tar'
	boot_start app.eif
	port forward 8080 plain.port 3>&- &
	vm_peers+=($!)
	port forward 8443 tls.port 3>&- &
	vm_peers+=($!)
	until_line log ready
	until_there plain.port
	until_there tls.port
	expect 0 curl -sS --retry 20 --retry-all-errors --noproxy '*' -o got.plain "http://127.0.0.1:$(cat plain.port)/big"
	cmp big got.plain
	local version
	for version in 1.2 1.3; do
		expect 0 curl -sS --noproxy '*' --cacert tls/cert.pem --tlsv"$version" --tls-max "$version" \
			-o got.tls "https://127.0.0.1:$(cat tls.port)/big"
		cmp big got.tls
	done
	port 17003 <<<'{"stop":{"grace_seconds":60}}'
	boot_wait
	on_log stopping "odyn: application exited with status 9" \
		"year=$(date +%Y)" 64
	same '{"status":"exited","code":9}' "$(tail -n 1 status)"
}
