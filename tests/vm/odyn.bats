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
	expect 0 enc-eif --blobs "$BLOBS" --measurements measurements -o app.eif "$output"
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

# outside PORT FOLDER: the host's egress proxy on that port
outside() {
	mkdir "$2"
	python3 "$abs_top_srcdir/tests/tools/outside.py" "vsock_$1" "$2" 3>&- &
	outside=$!
	vm_peers+=($!)
	until_there "$2/outside-is-up"
}

@test "vm: egress to the host's loopback, by both ports; what is not allowed" {
	mkdir web
	echo first >web/page
	(cd web && exec python3 -u -m http.server --bind 127.0.0.1 0) >web.log 2>&1 3>&- &
	local server=$! web
	until_there web.log
	web=$(sed -n '1s/.* port \([0-9]*\).*/\1/p' web.log)
	minimal_manifest | sed 's|"-"|"odyn:enclave"|' >enclaver.yaml
	echo 'egress: {allow: [host]}' >>enclaver.yaml
	cat >app <<END
#!/bin/sh -u
get() { busybox wget -q -O - http://host:$web/page; }
ask() { busybox nc 127.0.0.1 10000 | busybox tr -d '\\r' | busybox sed -n '1p;\$p'; }
until get 2>/dev/null; do busybox sleep 1; done
printf 'CONNECT host:$web HTTP/1.1\\r\\nHost: a\\r\\n\\r\\nGET /page HTTP/1.0\\r\\n\\r\\n' | ask
printf 'GET http://elsewhere.example/ HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' | ask
printf 'CONNECT 127.0.0.1:$web HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' | ask
echo one
# a request that is under way when the host's proxy is taken away may wait for as
# long as odyn does: the monitor does not always tell
busybox sleep 5
until [ "\$(get 2>/dev/null)" = second ]; do busybox sleep 1; done
echo two
END
	chmod +x app
	mkdir -p extra/srv
	mv app extra/srv
	tar -cf extra.tar --owner=0 --group=0 -C extra srv
	eif '["/srv/app"]' 'layer none' 'tar extra.tar'
	boot_start app.eif
	outside $((65536 + 4)) own	# the CID is 4
	until_line log one
	kill "$outside"
	rm "vsock_$((65536 + 4))"
	echo second >web/page
	outside 17002 other
	boot_wait
	kill "$server"
	same '{"status":"exited","code":0}' "$(tail -n 1 status)"
	local no="is not allowed: no pattern in egress.allow of the enclave's manifest matches it"
	same "first
HTTP/1.1 200 Connection established
first
HTTP/1.1 403 Forbidden
egress to 'elsewhere.example' $no
HTTP/1.1 403 Forbidden
egress to '127.0.0.1' $no
one
two" "$(grep -av '^odyn: ' log)"
	on_log "odyn: egress to 'elsewhere.example' $no"
	local asked="{\"host\": \"host\", \"port\": $web}"
	same "$asked" "$(sort -u own/asked)"
	same "$asked" "$(sort -u other/asked)"
}

asked() {
	jq -c '[.nonce, .user_data, .public_key]' "$1"
}

@test "vm: an attestation document with what was asked, and the measurements" {
	minimal_manifest | sed 's|"-"|"odyn:enclave"|' >enclaver.yaml
	printf 'api: {listen_port: 8000}\naux_api: {}\n' >>enclaver.yaml
	cat >app <<'END'
#!/bin/sh -u
ask() { busybox wget -q -O - --post-data "$2" "http://127.0.0.1:$1/v1/attestation" | busybox base64 -w 0; echo; }
ask 8000 '{"nonce":"bm9uY2U=","user_data":"ZGF0YQ=="}'
ask 8001 '{"nonce":"bm9uY2U=","user_data":"ZGF0YQ=="}'
busybox wget -q -O - --post-data '{"data":"AA=="}' http://127.0.0.1:8000/v1/pcr/16/extend
busybox wget -q -O - --post-data '' http://127.0.0.1:8000/v1/pcr/16/lock
ask 8000 '{}'
END
	chmod +x app
	mkdir -p extra/srv
	mv app extra/srv
	tar -cf extra.tar --owner=0 --group=0 -C extra srv
	eif '["/srv/app"]' 'layer none' 'tar extra.tar'
	boot app.eif
	grep -av '^odyn: ' log >said
	local line value
	for line in 1 2 5; do
		sed -n "${line}p" said | base64 -d >raw
		"$abs_top_srcdir/tests/tools/document.py" <raw >"document.$line"
		expect 4 enc-inspect --json raw
		contains "$stderr" 'is no certificate, as of an emulated module'
		same "$(jq -c .Measurements measurements)" \
			"$(jq -c '.Measurements | {PCR0, PCR1, PCR2}' <<<"$output")"
		for value in 0 1 2; do
			same "$(jq -r ".Measurements.PCR$value" measurements)" \
				"$(jq -r ".PCR$value" "document.$line")" "PCR$value of $line"
		done
	done
	same '["6e6f6e6365","64617461",null]' "$(asked document.1)"
	same '["6e6f6e6365",null,null]' "$(asked document.2)"
	same '[null,null,null]' "$(asked document.5)"
	# SHA-384 of what stood there, 48 zeros, and of the byte that was added
	value=$(head -c 49 /dev/zero | openssl dgst -sha384 -r | cut -d ' ' -f 1)
	same "$value" "$(sed -n 3p said | jq -r .value)"
	same "$value" "$(jq -r .PCR16 document.5)"
	same null "$(jq -r .PCR16 document.1)"	# it was not locked
}

@test "vm: odyn's seed counts as entropy, and nothing else has come by then" {
	local base seed app
	# no instruction, no boot loader and no driver that the kernel trusts
	export VM_CPU=max,-rdrand,-rdseed
	base="$(sed 's/random.trust_cpu=on//' "$BLOBS/cmdline") random.trust_cpu=off"
	base+=" random.trust_bootloader=off rng_core.default_quality=0 rng_core.current_quality=0"
	mkdir -p tree/etc/enclaver tree/sbin tree/srv
	minimal_manifest >tree/etc/enclaver/enclaver.yaml
	cp "$ENCLAVER_LIBEXEC/odyn" tree/sbin
	cp "$abs_top_builddir/tests/vm/probe" tree/srv
	tar -cf tree.tar --owner=0 --group=0 -C tree etc sbin srv
	for seed in '' '"--no-bootstrap",'; do
		app=$(printf 'config {"Entrypoint": ["/sbin/odyn", %s "--", "/srv/probe", "random"]}\nlayer none\ntar tree.tar\n' "$seed" |
			mkimage images app:1)
		expect 0 enc-eif --blobs "$BLOBS" --cmdline "$base" -o app.eif "$app"
		boot app.eif
		grep -a '^random: ' log >>said
	done
	same "random: ready
random: not ready" "$(cat said)"
}
