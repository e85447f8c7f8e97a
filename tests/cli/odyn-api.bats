# SPDX-License-Identifier: Apache-2.0
# odyn-api.bats - the API's ports, asked by an application
#
# tests/odyn-fake is odyn with a stand-in for the NSM; what each path answers is
# tests/unit/test_api.c's.

load ../helpers

local_setup() {
	requires python3 curl jq
	ODYN=$abs_top_builddir/tests/odyn-fake
	[ -x "$ODYN" ] || missing tests/odyn-fake
	mkdir conf
	read -r API AUX < <(python3 -c 'import socket
s = [socket.socket() for _ in "ab"]
for x in s: x.bind(("127.0.0.1", 0))
print(*(x.getsockname()[1] for x in s))')
	minimal_manifest >conf/enclaver.yaml
	cat >>conf/enclaver.yaml <<END
api: {listen_port: $API}
aux_api: {listen_port: $AUX}
END
	CURL="curl -sS -m 30"
	A=http://127.0.0.1:$API/v1
	B=http://127.0.0.1:$AUX/v1
}

# inside SCRIPT [VARIABLE...]: what an application does, and odyn's environment
inside() {
	run --separate-stderr env -i PATH="$PATH" ${ENC_SANDBOX:+"ENC_SANDBOX=$ENC_SANDBOX"} "${@:2}" \
		"$ODYN" --config-dir conf --no-bootstrap --no-console \
		--linger 0 --vsock v -- timeout 60 sh -c "cd '$T' && { $1
}"
}

@test "attestation, with what is asked to be in it" {
	inside "$CURL -D head -o doc -d '{\"nonce\":\"bm9uY2U=\",\"user_data\":\"ZGF0YQ==\"}' $A/attestation
		$CURL -o aux -d '{\"nonce\":\"bm9uY2U=\",\"user_data\":\"ZGF0YQ==\"}' $B/attestation"
	same 0 "$status"
	grep -q 'Content-Type: application/cbor' head
	grep -aq 'e.nonce' doc
	grep -aq 'user_dataDdata' doc
	grep -aq 'nonceEnonce' aux
	grep -aq 'user_data.public_key' aux && return 1
	grep -aq "user_data$(printf '\xf6')" aux
}

@test "random bytes, health, registers" {
	inside "$CURL $A/random?length=4; $CURL $B/health; $CURL -X POST $A/pcr/16/lock
		$CURL -w '%{http_code}\n' -d '{\"data\":\"AA==\"}' $A/pcr/16/extend"
	same 0 "$status"
	sed -n 1p <<<"$output" | jq -e '.random_bytes | test("^0x[0-9a-f]{8}$")'
	sed -n 2p <<<"$output" | jq -e '.status == "ok" and .nsm'
	sed -n 3p <<<"$output" | jq -e '.index == 16 and .locked'
	same "the PCR is locked: it keeps its value until the enclave ends
409" "$(sed -n '4,$p' <<<"$output")"
}

@test "what is not there, and other methods" {
	inside "$CURL -w '%{http_code}\n' $A/nothing; $CURL -w '%{http_code}\n' $B/random
		$CURL -i -X PUT $A/attestation | tr -d '\r' | sed -n '1p;/^Allow/p'"
	same "there is no such path in the API of odyn: see odyn(8)
404
there is no such path in the API of odyn: see odyn(8)
404
HTTP/1.1 405 Method Not Allowed
Allow: POST" "$output"
}

@test "no NSM: 503, and health all the same" {
	inside "$CURL -w '%{http_code}\n' -d '{}' $A/attestation; $CURL $A/health" \
		NSM_FAKE_ABSENT=1
	same 0 "$status"
	same "there is no Nitro Security Module here
503" "$(head -2 <<<"$output")"
	tail -1 <<<"$output" | jq -e '.nsm == false'
	same "odyn: no Nitro Security Module: '/dev/nsm' is not there: attestation and KMS answer 503
odyn: application exited with status 0" "$stderr"
}

@test "bodies: large, chunked, waited for; many requests on a connection" {
	head -c 20000 /dev/zero | tr '\0' ' ' >large
	inside "$CURL -w '%{http_code}\n' -d @large $A/attestation
		$CURL -w '%{http_code}\n' -H 'Transfer-Encoding: chunked' -d @large $A/attestation
		$CURL -o /dev/null -w '%{http_code}\n' -H 'Transfer-Encoding: chunked' -d '{}' $A/attestation
		$CURL -o /dev/null -w '%{http_code}\n' -H 'Expect: 100-continue' -d '{}' $A/attestation
		$CURL -w '%{num_connects}\n' -o /dev/null $A/health -o /dev/null $A/health
		$CURL -I $A/health | head -1 | tr -d '\r'"
	same "the body is too large
413
the body is larger than 16384 bytes
400
200
200
1
0
HTTP/1.1 405 Method Not Allowed" "$output"
}

@test "a malformed request is 400, and CONNECT is for proxies" {
	inside "printf 'GET / HTTP/1.1\nHost: a\n\n' | timeout 30 bash -c 'exec 3<>/dev/tcp/127.0.0.1/$API; cat >&3; cat <&3' | tail -1
		curl -sS -m 5 -o /dev/null -p -x http://127.0.0.1:$API http://web/ || :"
	same "a LF alone in the head of the message (RFC 9112 section 2.2)" "$output"
	contains "$stderr" 400
}
