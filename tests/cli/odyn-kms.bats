# SPDX-License-Identifier: Apache-2.0
# odyn-kms.bats - the KMS proxy, with stand-ins for KMS, the instance's metadata
# (tests/tools/aws.py) and the NSM (tests/odyn-fake)

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem \
		-subj /CN=ca -days 3650 2>/dev/null
	openssl req -newkey rsa:2048 -nodes -keyout kms-key.pem -out kms.csr \
		-subj /CN=unused 2>/dev/null
	printf 'subjectAltName=DNS:kms.eu-west-1.amazonaws.com\n' >ext
	openssl x509 -req -in kms.csr -CA ca.pem -CAkey ca-key.pem \
		-CAcreateserial -days 3650 -extfile ext -out kms-cert.pem 2>/dev/null
}

local_setup() {
	requires python3 curl jq openssl
	ODYN=$abs_top_builddir/tests/odyn-fake
	[ -x "$ODYN" ] || missing tests/odyn-fake
	mkdir -p conf/tls
	cp "$BATS_FILE_TMPDIR"/kms-*.pem .
	cp "$BATS_FILE_TMPDIR/ca.pem" conf/tls
	read -r PORT PROXY < <(python3 -c 'import socket
s = [socket.socket() for _ in "ab"]
for x in s: x.bind(("127.0.0.1", 0))
print(*(x.getsockname()[1] for x in s))')
	manifest '["kms.*.amazonaws.com", "169.254.169.254"]'
	python3 "$abs_top_srcdir/tests/tools/outside.py" v_17002 . 3>&- &
	outside=$!
	until [ -s outside-is-up ]; do sleep 0.05; done
}

local_teardown() {
	kill "$outside" 2>/dev/null || :
}

# manifest ALLOW [MORE]
manifest() {
	minimal_manifest >conf/enclaver.yaml
	cat >>conf/enclaver.yaml <<END
egress: {proxy_port: $PROXY, allow: $1}
kms_proxy: {listen_port: $PORT${2-}}
END
}

# inside SCRIPT [VARIABLE...]: what an application does, and odyn's environment
inside() {
	run --separate-stderr env -i PATH="$PATH" ${ENC_SANDBOX:+"ENC_SANDBOX=$ENC_SANDBOX"} "${@:2}" \
		"$ODYN" --config-dir conf --no-bootstrap --no-console \
		--linger 0 --vsock v -- timeout 60 sh -c "cd '$T' && { $1
}"
}

SIG=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

# call ACTION [BODY [REGION]]: the curl of a request as an SDK would make it
call() {
	local body=${2-}
	[ -n "$body" ] || body='{\"KeyId\":\"key-1\"}'
	echo "curl -sS -m 50 --noproxy '*' -w '\n%{http_code}\n' \
		-H 'X-Amz-Target: TrentService.$1' \
		-H 'Content-Type: application/x-amz-json-1.1' \
		-H 'Authorization: AWS4-HMAC-SHA256 Credential=MINE/20150830/${3-eu-west-1}/kms/aws4_request, SignedHeaders=host, Signature=$SIG' \
		-d \"$body\" http://127.0.0.1:$PORT/"
}

# answered N MEMBER: the N-th answer is 200 with that plaintext
answered() {
	same 200 "$(sed -n "$((2 * $1))p" <<<"$output")"
	sed -n "$((2 * $1 - 1))p" <<<"$output" >answer
	same "secret of $3" "$(jq -r ".$2" answer | base64 -d)"
	jq -e '.KeyId == "key-1" and has("CiphertextForRecipient") == false' answer
}

@test "the five actions that return plaintext" {
	inside "$(call Decrypt); $(call GenerateDataKey); $(call GenerateDataKeyPair)
		$(call GenerateRandom); $(call DeriveSharedSecret)"
	same 0 "$status"
	answered 1 Plaintext Decrypt
	answered 2 Plaintext GenerateDataKey
	answered 3 PrivateKeyPlaintext GenerateDataKeyPair
	answered 4 Plaintext GenerateRandom
	answered 5 SharedSecret DeriveSharedSecret
	# the credentials are fetched once
	same "PUT /latest/api/token
GET /latest/meta-data/iam/security-credentials/
GET /latest/meta-data/iam/security-credentials/the-role" "$(cat imds)"
	same 5 "$(grep -c Recipient kms)"
}

@test "definite lengths" {
	echo definite >mode
	inside "$(call Decrypt)"
	answered 1 Plaintext Decrypt
}

@test "other actions, and those with a Recipient of their own, pass through" {
	inside "$(call Encrypt '{\"KeyId\":\"key-1\",\"Plaintext\":\"eA==\"}')
		$(call Decrypt '{\"Recipient\":{\"KeyEncryptionAlgorithm\":\"RSAES_OAEP_SHA_256\",\"AttestationDocument\":\"cHVibGljX2tleVkA\"}}')"
	same 200 "$(sed -n 2p <<<"$output")"
	sed -n 1p <<<"$output" | jq -e '.Action == "Encrypt"'
	same 'Encrypt {"KeyId":"key-1","Plaintext":"eA=="}' "$(sed -n 1p kms)"
	contains "$(sed -n 2p kms)" cHVibGljX2tleVkA
}

@test "many at once wait for the same credentials" {
	inside "for i in 1 2 3 4 5 6 7 8; do $(call Encrypt) >out.\$i & done; wait"
	same 0 "$status"
	same 8 "$(cat out.* | grep -c '^200$')"
	same 3 "$(wc -l <imds)"
}

@test "credentials that KMS refuses are fetched anew, once" {
	echo expired >mode
	inside "$(call Decrypt)"
	answered 1 Plaintext Decrypt
	same 6 "$(wc -l <imds)"
	same 2 "$(wc -l <kms)"
}

@test "throttling, a wrong clock" {
	echo throttled >mode
	inside "$(call Decrypt)"
	same '{"__type": "ThrottlingException", "message": "Rate exceeded"}
400' "$output"
	echo clock >mode
	inside "$(call Decrypt)"
	same 400 "$(sed -n 2p <<<"$output")"
	contains "$output" "Signature expired: then is now earlier than now (odyn: the clock of the enclave says "
	contains "$stderr" "odyn: KMS says that the enclave's clock is wrong"
}

# says STATUS SENTENCE: an error of odyn's own
says() {
	same "$1" "$(sed -n 2p <<<"$output")" "$output"
	sed -n 1p <<<"$output" >answer
	same "$2" "$(jq -r .message answer)"
	jq -e '.__type == "EnclaverKmsProxyException"' answer
}

@test "answers of KMS that are none" {
	echo html >mode
	inside "$(call Decrypt)"
	says 502 "'answer of KMS': not JSON: 1:1: '[' or '{' expected near '<'"
	echo otherkey >mode
	inside "$(call Decrypt)"
	says 502 "CiphertextForRecipient cannot be decrypted"
	contains "$stderr" "odyn: KMS: CiphertextForRecipient cannot be decrypted"
	echo huge >mode
	inside "$(call Decrypt)"
	says 502 "no answer from 'kms.eu-west-1.amazonaws.com' port 443: the body is larger than 1048576 bytes"
}

@test "the instance has no role" {
	echo norole >mode
	inside "$(call Decrypt)"
	says 503 "no credentials: the instance has no role: attach an IAM role that may use the key"
	same "" "$(cat kms 2>/dev/null)"
}

@test "KMS must prove who it is" {
	manifest '["**", "169.254.169.254"]' ', endpoints: {eu-west-1: kms.other.example}'
	inside "$(call Decrypt)"
	says 502 "no TLS with 'kms.other.example' port 443: hostname mismatch"
	manifest '["**", "169.254.169.254"]'
	rm conf/tls/ca.pem	# the roots that are built in
	inside "$(call Decrypt)"
	says 502 "no TLS with 'kms.eu-west-1.amazonaws.com' port 443: unable to get local issuer certificate"
	same "" "$(cat kms 2>/dev/null)"
	echo none >conf/tls/ca.pem
	inside true
	same 125 "$status"
	same "odyn: 'conf/tls/ca.pem': no certificates in PEM, or malformed ones" "$stderr"
}

@test "the policy holds for KMS and for the metadata, too" {
	manifest '["kms.*.amazonaws.com"]'
	inside "$(call Decrypt)"
	says 503 "no credentials: egress to '169.254.169.254' is not allowed: no pattern in egress.allow of the enclave's manifest matches it"
	manifest '["169.254.169.254"]'
	inside "$(call Decrypt)"
	says 403 "egress to 'kms.eu-west-1.amazonaws.com' is not allowed: no pattern in egress.allow of the enclave's manifest matches it"
}

@test "requests that are not for KMS" {
	inside "curl -sS -m 30 --noproxy '*' -w '\n%{http_code}\n' http://127.0.0.1:$PORT/"
	says 400 "requests to KMS are POST /, nothing else"
	inside "$(call Decrypt '{}' evil.example/x)"
	says 400 "the signature (Authorization) of the request is not AWS Signature Version 4: Credential has no region"
	inside "$(call Decrypt '[]')"
	says 400 "'request': not a JSON object"
	inside "$(call Decrypt)" NSM_FAKE_ABSENT=1
	says 503 "there is no Nitro Security Module here"
	inside "$(call Decrypt)" NSM_FAKE_ERROR=InternalError
	says 503 "the NSM has an internal error"
}
