#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# inspect-verify.bats - enc-inspect verify, and what it shows of attestation
# documents
load ../helpers
load ../peers

# A document that a Nitro module made on 2 February 2026, public since: the only
# thing here that AWS's hardware has signed.
AWS=$abs_top_srcdir/tests/fuzz/corpus/nsm/aws-document
THEN=2026-02-02T21:00:00Z

local_setup() {
	requires python3 openssl jq
}

# wrong SENTENCE ARGUMENT...: status 4, that in the sentence, and nothing shown
wrong() {
	local sentence=$1
	shift
	expect 4 enc-inspect verify "$@"
	contains "$stderr" "$sentence"
	same "" "$output"
}

@test "verify: a document that AWS's hardware has signed" {
	expect 0 enc-inspect verify --at $THEN "$AWS"
	same "" "$stderr"
	contains "$output" 'verified       yes
module         i-0340e0cb833504eb6-enc019c12d31f78864d
created        2026-02-02T20:43:47Z
debug mode     no
nonce          ASNFZ4mrze8BI0VniavN7wEjRWc='
	contains "$output" 'certificate    until 2049-10-28T14:28:05Z CN=aws.nitro-enclaves,OU=AWS,O=Amazon,C=US'
	# each member as the second opinion reads it
	expect 0 enc-inspect verify --json --at $THEN "$AWS"
	python3 "$abs_top_srcdir/tests/tools/document.py" <"$AWS" >theirs
	for i in $(seq 0 15); do
		same "$(jq -r ".PCR$i" theirs)" "$(jq -r ".Measurements.PCR$i" <<<"$output")"
	done
	same "$(jq -r .module_id theirs)" "$(jq -r .module_id <<<"$output")"
	same "$(jq -r .user_data theirs)" \
		"$(jq -r .user_data <<<"$output" | base64 -d | xxd -p | tr -d '\n')"
	same "$(jq -r .public_key theirs)" \
		"$(jq -r .public_key <<<"$output" | base64 -d | xxd -p)"
	same 5 "$(jq '.certificates | length' <<<"$output")"
}

@test "verify: the hours in which its certificates are valid, and no others" {
	expect 0 enc-inspect verify --at 2026-02-02T20:34:28Z "$AWS"
	expect 0 enc-inspect verify --at 2026-02-02T23:34:30Z "$AWS"
	wrong "certificate 'CN=i-0340e0cb833504eb6-enc019c12d31f78864d.us-east-2.aws,OU=AWS,O=Amazon,L=Seattle,ST=Washington,C=US' is valid from 2026-02-02T20:34:28Z to 2026-02-02T23:34:31Z alone: ask for a new document, or with --at whether this one was right" \
		--at 2026-02-02T23:34:32Z "$AWS"
	wrong 'is valid from' --at 2026-02-02T20:34:27Z "$AWS"
	wrong 'is valid from' "$AWS"
	# show shows it, and says the same
	expect 4 enc-inspect "$AWS"
	contains "$output" 'verified       no'
	contains "$stderr" 'is valid from'
}

@test "verify: no bit of a document can be another" {
	python3 - "$AWS" <<-'END'
	import sys
	data = open(sys.argv[1], "rb").read()
	for n, at in enumerate(range(0, len(data), 59)):
	    changed = bytearray(data)
	    changed[at] ^= 1 << n % 8
	    open("changed.%d" % at, "wb").write(changed)
	    open("cut.%d" % at, "wb").write(data[:at])
	END
	local file n=0
	for file in changed.* cut.*; do
		run -0 --separate-stderr bash -c 'enc-inspect verify --at "$1" "$2"; echo "status $?"' \
			- $THEN "$file"
		# nothing is shown
		case $output in
		'status 3' | 'status 4') n=$((n + 1)) ;;
		*) fail "$file: $output" ;;
		esac
	done
	same 156 "$n"
}

@test "verify: a chain of another root" {
	attest >document
	wrong "'document': attestation document: its chain begins with root sha256:$(
		openssl x509 -in root.pem -outform DER | sha256sum | cut -d ' ' -f 1
	), not with sha256:641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b" document
	expect 0 enc-inspect verify --root root.pem document
	contains "$output" 'verified       yes'
	same "" "$stderr"
	wrong 'its chain begins with root' --root zone.pem document
	wrong 'its chain begins with root' --root root.pem --at $THEN "$AWS"
	# openssl is of the same opinion on the chain
	cat zone.pem host.pem >between.pem
	openssl verify -CAfile root.pem -untrusted between.pem module.pem
}

@test "verify: chains that lead nowhere, and signatures of others" {
	attest >document
	local each
	while IFS='|' read -r each sentence; do
		# shellcheck disable=SC2086	# names and values
		case $each in
		chain=*) attest "$each" >document ;;
		*) attest $each >document ;;
		esac
		wrong "$sentence" --root root.pem document
	done <<-'END'
	chain=root zone|unable to get local issuer certificate
	chain=root host|CN=host,O=Test': unable to get local issuer certificate
	chain=zone host|its chain begins with root
	chain=|no chain of certificates, as of an emulated module
	leaf=other|the signature is wrong: its algorithm is not that of the certificate's curve
	key=host|the signature is wrong: it was not made by the key of its certificate
	alg=-7|the signature is wrong: its algorithm is not that of the certificate's curve
	hash=sha256|the signature is wrong: it was not made by the key of its certificate
	END
	attest chain='root zone host module' leaf=below key=below >document
	wrong 'CN=module,O=Test'"'"': invalid CA certificate' --root root.pem document
	# the order of those between does not matter, and the smallest chain is one
	attest chain='root host zone' >document
	expect 0 enc-inspect verify --root root.pem document
	attest chain=root leaf=other key=other alg=-7 hash=sha256 >document
	expect 0 enc-inspect verify --root root.pem document
	attest chain='root junk host' >document
	wrong "a part of 'cabundle' is no certificate, as of an emulated module" \
		--root root.pem document
	attest leaf=junk >document
	wrong "'certificate' is no certificate" --root root.pem document
	expect 4 enc-inspect document
	contains "$stderr" "'certificate' is no certificate"
	contains "$output" 'module         i-1-enc2'
	# nothing stands behind a certificate
	local der
	der=$(openssl x509 -in module.pem -outform DER | xxd -p | tr -d '\n')00
	attest cbor:certificate="$(printf '59%04x' $((${#der} / 2)))$der" >document
	wrong "'certificate' is no certificate" --root root.pem document
}

@test "verify: each certificate is for what it is used for, and strong enough" {
	local each sentence
	while IFS='|' read -r each sentence; do
		# shellcheck disable=SC2086	# names and values
		case $each in
		*\;*) attest "${each%%;*}" ${each#*;} >document ;;
		*) attest $each >document ;;
		esac
		wrong "$sentence" --root root.pem document
	done <<-'END'
	leaf=bare key=bare|certificate 'CN=bare,O=Test': its key usage is not to sign documents
	leaf=cipher key=cipher|certificate 'CN=cipher,O=Test': its key usage is not to sign documents
	leaf=issuer key=issuer|certificate 'CN=issuer,O=Test': it is one that issues others, and no module's
	chain=root leaf=root key=root|certificate 'CN=root,O=Test': it is one that issues others, and no module's
	chain=root leaf=zone key=zone|certificate 'CN=zone,O=Test': it is one that issues others, and no module's
	leaf=odd key=odd|certificate 'CN=odd,O=Test': unhandled critical extension
	leaf=sha224 key=sha224|too weak
	chain=root zone weak;leaf=of-weak key=of-weak|too weak
	chain=root zone useless;leaf=of-useless key=of-useless|certificate 'CN=useless,O=Test': its key usage is not to sign certificates
	chain=root zone useless under;leaf=of-under key=of-under|certificate 'CN=useless,O=Test': its key usage is not to sign certificates
	chain=root zone short long;leaf=of-long key=of-long|path length constraint exceeded
	END
	attest leaf=p521 key=p521 alg=-36 hash=sha512 >document
	expect 0 enc-inspect verify --root root.pem document
	# a root of one's own is the end of the chain, too
	attest chain='zone host' >document
	wrong "certificate 'CN=zone,O=Test': unable to get issuer certificate" \
		--root zone.pem document
}

@test "verify: the nonce of a document" {
	attest nonce=00ff10 >document
	expect 0 enc-inspect verify --root root.pem --nonce AP8Q document
	wrong "'document' has another nonce than 'AP8R': it is of another occasion" \
		--root root.pem --nonce AP8R document
	wrong 'another nonce' --root root.pem --nonce AP8= document
	wrong 'another nonce' --root root.pem --nonce AP8QAA== document
	attest cbor:nonce=40 >document
	wrong 'another nonce' --root root.pem --nonce AP8Q document
	attest >document
	wrong "'document' has no nonce: nothing tells that it is fresh" \
		--root root.pem --nonce AP8Q document
	for text in 'AP8' '' '*' 'AP8Q '; do
		expect 2 enc-inspect verify --root root.pem --nonce "$text" document
		contains "$stderr" "--nonce '$text' is not base64"
	done
}

@test "verify: the measurements of a document" {
	attest pcr16="$(printf '%096d' 16)" pcr31="$(printf '%096d' 31)" >document
	# those of zeros are not for people, but for the first three
	expect 0 enc-inspect verify --root root.pem document
	same "PCR0 PCR1 PCR2 PCR8 PCR16 PCR31 " \
		"$(sed -n 's/^\(PCR[0-9]*\) [0-9a-f]*$/\1/p' <<<"$output" | tr '\n' ' ')"
	expect 0 enc-inspect verify --json --root root.pem document
	echo "$output" >all
	expect 0 enc-inspect verify --root root.pem --expect all document
	jq '{PCR8: .Measurements.PCR8}' all >signer
	expect 0 enc-inspect verify --root root.pem --expect signer document
	jq '.Measurements.PCR1 = "00"' all >other
	wrong "'document' has another PCR1 than expected: it is $(jq -r .Measurements.PCR1 all), and not 00" \
		--root root.pem --expect other document
	jq '.Measurements.PCR31 = "00"' all >other
	wrong 'has another PCR31 than expected' --root root.pem --expect other document
	jq '.Measurements.PCR17 = "00"' all >other
	wrong "'document' tells no PCR17, and it is expected to be 00" \
		--root root.pem --expect other document
	echo '{"Measurements":{"PCR32":"00"}}' >none
	expect 3 enc-inspect verify --root root.pem --expect none document
	contains "$stderr" "'none' has no PCR0: give what 'enclaver build'"
	expect 6 enc-inspect verify --expect not-there document
	# a part of one, or more than one
	for text in 10 "$(printf '%098d' 0)" "$(jq -r .Measurements.PCR0 all)00" ''; do
		jq -c --arg text "$text" '{PCR0: $text}' all >other
		wrong 'has another PCR0 than expected' --root root.pem --expect other document
	done
	echo '{"Measurements": null, "PCR0": "00"}' >none
	expect 3 enc-inspect verify --root root.pem --expect none document
	contains "$stderr" "'none' has no PCR0"
	# what would not be looked at is not passed over
	local text stray
	while IFS='~' read -r stray text; do
		jq -c "$text" all >other
		expect 3 enc-inspect verify --root root.pem --expect other document
		same "enc-inspect: 'other': '$stray' would not be looked at: PCR0 to PCR31 belong in one object" \
			"$stderr"
	done <<-'END'
	PCR1~{Measurements, PCR1: "00"}
	pcr1~{Measurements, pcr1: "00"}
	measurements~{Measurements, measurements: {}}
	pcr0~.Measurements | {PCR1, pcr0: "00"}
	PCR00~.Measurements | {PCR1, PCR00: "00"}
	PCR32~.Measurements | {PCR1, PCR32: "00"}
	measurements~.Measurements | {PCR1, measurements: {PCR0: "00"}}
	Measurements~{Measurements: {PCR1: .Measurements.PCR1, Measurements}}
	END
	# those of an EIF: what a verifier far away has
	fake_blobs blobs
	enc-eif -q --kernel blobs/bzImage --cmdline 'console=ttyS0' --ramdisk all \
		-o a.eif --measurements built >/dev/null
	attest pcr0="$(pcr 0 a.eif)" pcr1="$(pcr 1 a.eif)" pcr2="$(pcr 2 a.eif)" >document
	expect 0 enc-inspect verify --root root.pem --expect built document
}

@test "verify: an enclave in debug mode proves nothing" {
	attest pcr0="$(printf '%096d' 0)" >document
	wrong "'document' is of an enclave in debug mode, whose console its host reads: it proves nothing" \
		--root root.pem document
	expect 4 enc-inspect document
	contains "$output" 'debug mode     yes'
	# of another length, not there, and one whose last bit alone is set
	local value
	for value in "a1005820$(printf '%064d' 0)" "a1005840$(printf '%0128d' 0)" \
		"a1015830$(printf '%096d' 1)" a0; do
		attest cbor:pcrs="$value" >document
		wrong 'debug mode' --root root.pem document
	done
	attest pcr0="$(printf '%096d' 1)" >document
	expect 0 enc-inspect verify --root root.pem document
	contains "$output" 'debug mode     no'
}

@test "verify: what is no document, or one in disguise" {
	base64 "$AWS" >text
	expect 3 enc-inspect verify text
	contains "$stderr" "'text' is an attestation document in base64: decode it first (base64 -d)"
	printf '\x84\x40\xa0\x40\x40' >empty
	expect 3 enc-inspect empty
	contains "$stderr" "'empty': attestation document: not a COSE_Sign1"
	printf '\x84\x80\xa0\x40\x40' >other
	mkfifo pipe
	mkdir folder
	local object
	for object in other pipe folder; do
		expect 3 enc-inspect "$object"
		contains "$stderr" "'$object' is neither an EIF nor an attestation document"
	done
	cat "$AWS" - <<<x >long
	expect 3 enc-inspect long
	head -c 20000 /dev/zero | cat "$AWS" - >longer
	expect 3 enc-inspect longer
	contains "$stderr" "'longer' is larger than 16384 bytes"
	# of a NitroTPM, whose root is the same: it has measurements of another kind
	attest drop=pcrs cbor:nitrotpm_pcrs="a1005830$(printf '%096d' 1)" >document
	expect 3 enc-inspect verify --root root.pem document
	contains "$stderr" "attestation document: no 'pcrs'"
	attest more=00 >document
	wrong 'the signature is wrong: it was not made by the key' --root root.pem document
	# names out of a document do not reach the terminal as they are
	attest module=$'\e[31mred' >document
	expect 0 enc-inspect verify --root root.pem document
	contains "$output" 'module         \x1b[31mred'
}

@test "verify: an EIF" {
	openssl ecparam -genkey -name secp384r1 -noout -out key
	openssl req -new -x509 -key key -subj /CN=signer -days 2 -out cert
	fake_blobs blobs
	echo ramdisk >r
	enc-eif -q --kernel blobs/bzImage --cmdline 'console=ttyS0' --ramdisk r \
		-o a.eif --sign-cert cert --sign-key key --measurements built >/dev/null
	expect 0 enc-inspect verify --expect built a.eif
	same "" "$stderr"
	contains "$output" "$(eif_read a.eif)"
	same "$(enc-inspect pcrs a.eif)" "$output"
	same "$(enc-inspect pcrs --json a.eif)" "$(enc-inspect verify --json a.eif)"
	wrong "certificate 'CN=signer' expired" --at 2099-01-01T00:00:00Z a.eif
	jq '.Measurements.PCR2 = "00"' built >other
	wrong "'a.eif' has another PCR2 than expected" --expect other a.eif
	sed 's/ttyS0/ttyS1/' a.eif >changed.eif
	wrong "'changed.eif'" changed.eif
	expect 2 enc-inspect verify --nonce AA== a.eif
	contains "$stderr" '--nonce demands nothing of an EIF'
	expect 2 enc-inspect verify --root cert a.eif
	contains "$stderr" '--root demands nothing of an EIF'
}

@test "verify: an image, in a pipe" {
	mkimage_app layout app:1 >path
	expect 0 enc-inspect verify <path
	same "$(cat path)" "$output"
	expect 2 enc-inspect verify --at $THEN "$(cat path)"
	contains "$stderr" '--at demands nothing of an image'
	echo '{"PCR0":"00"}' >built
	expect 2 enc-inspect verify --expect built "$(cat path)"
	contains "$stderr" '--expect demands nothing of an image'
	local layer
	layer=$(enc-inspect --json layers "$(cat path)" | jq -r '.layers[-1].digest')
	printf x | dd of="layout/blobs/sha256/${layer#sha256:}" bs=1 seek=20 \
		conv=notrunc status=none
	wrong 'and not that of its name: remove it and pull the image again' "$(cat path)"
}

@test "verify: options are for it alone" {
	for option in --expect --nonce --root --at; do
		expect 2 enc-inspect $option x "$AWS"
		contains "$stderr" "--expect, --nonce, --root and --at are for 'verify'"
	done
	expect 2 enc-inspect verify --at yesterday "$AWS"
	contains "$stderr" "--at 'yesterday' is not a time like 2026-11-23T04:55:00Z"
	echo junk >junk
	expect 3 enc-inspect verify --root junk "$AWS"
	contains "$stderr" "'junk' is not a certificate in PEM"
	expect 3 enc-inspect verify --root /dev/null "$AWS"
	contains "$stderr" "'/dev/null' is not a certificate in PEM"
	expect 2 enc-inspect pcrs "$AWS"
	contains "$stderr" "'pcrs' is for EIFs, and '$AWS' is an attestation document"
}
