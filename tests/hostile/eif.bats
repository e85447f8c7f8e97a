#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# eif.bats - EIFs made to be misread: each is refused in one sentence
load ../helpers
load ../peers

local_setup() {
	requires python3
	fake_blobs blobs
	printf 'ramdisk zero' >r0
	printf 'ramdisk one' >r1
	enc-eif -q --kernel blobs/bzImage --cmdline 'console=ttyS0' \
		--ramdisk r0 --ramdisk r1 -o good.eif
}

# spoil PYTHON: bad.eif is good.eif, changed, its CRC put right.  d is the
# file's bytes; u16, u32 and u64 put an integer; sections() is a list of
# [type, data] and build(list) makes the file of one.
spoil() {
	python3 - "$1" <<-'END'
	import struct, sys, zlib

	d = bytearray(open("good.eif", "rb").read())

	def u16(at, v): d[at:at + 2] = struct.pack(">H", v)
	def u32(at, v): d[at:at + 4] = struct.pack(">I", v)
	def u64(at, v): d[at:at + 8] = struct.pack(">Q", v % 2**64)
	def offset(i): return struct.unpack(">Q", d[28 + 8 * i:36 + 8 * i])[0]
	def size(i): return struct.unpack(">Q", d[284 + 8 * i:292 + 8 * i])[0]

	def sections():
	    n = struct.unpack(">H", d[26:28])[0]
	    return [[struct.unpack(">H", d[offset(i):offset(i) + 2])[0],
	             bytes(d[offset(i) + 12:offset(i) + 12 + size(i)])]
	            for i in range(n)]

	def build(parts):
	    del d[548:]
	    d[26:28] = struct.pack(">H", len(parts))
	    d[28:540] = bytes(512)
	    for i, (kind, data) in enumerate(parts):
	        if i < 32:
	            u64(28 + 8 * i, len(d))
	            u64(284 + 8 * i, len(data))
	        d.extend(struct.pack(">HHQ", kind, 0, len(data)) + data)

	s = sections()
	exec(sys.argv[1])
	u32(544, zlib.crc32(d[:544] + d[548:]))
	open("bad.eif", "wb").write(d)
	END
}

# refused MESSAGE: by every verb, with nothing on stdout.
refused() {
	local verb
	for verb in show pcrs; do
		expect 3 enc-inspect "$verb" bad.eif
		same "" "$output"
		same "enc-inspect: 'bad.eif' $1" "$stderr"
	done
	expect 3 enc-inspect extract bad.eif kernel -o out
	same "enc-inspect: 'bad.eif' $1" "$stderr"
	[ ! -e out ]
}

@test "hostile eif: the mutator changes nothing by itself" {
	spoil pass
	cmp good.eif bad.eif
	spoil 'build(s)'
	cmp good.eif bad.eif
}

@test "hostile eif: each field of the header" {
	local change message
	while IFS='|' read -r change message; do
		echo "# $change"
		spoil "$change"
		refused "is not a sound EIF: $message"
	done <<-'END'
	u16(4, 3)|only version 4 is known, this is 3
	u16(4, 5)|only version 4 is known, this is 5
	u16(6, 2)|only bit 0 of the flags is known, they are 2
	u16(24, 7)|the reserved field must be 0, it is 7
	u32(540, 1)|the unused field must be 0, it is 1
	u16(26, 33)|at most 32 sections are allowed, it has 33
	u16(26, 65535)|at most 32 sections are allowed, it has 65535
	u16(26, 4)|offset and size must be 0 in the unused entry 4
	u16(26, 6)|sections leave a gap or overlap at byte 0
	u64(28 + 8 * 31, 1)|offset and size must be 0 in the unused entry 31
	u64(284 + 8 * 5, 1)|offset and size must be 0 in the unused entry 5
	u64(28, 549)|sections leave a gap or overlap at byte 549
	u64(28, 0)|sections leave a gap or overlap at byte 0
	u64(28 + 8, 2**64 - 1)|sections leave a gap or overlap at byte 18446744073709551615
	u64(28 + 8 * 4, 12)|sections leave a gap or overlap at byte 12
	u64(284, 2**64 - 1)|a section ends behind the end of the file, its size is 18446744073709551615
	u64(284, 2**64 - 12)|a section ends behind the end of the file, its size is 18446744073709551604
	u64(284 + 8 * 4, size(4) + 1)|a section ends behind the end of the file, its size is 12
	u64(284 + 8 * 4, size(4) - 1)|a section's size differs from that in the header, it is 11
	END
}

@test "hostile eif: the magic" {
	spoil 'd[0:4] = b".EIF"'
	expect 3 enc-inspect bad.eif
	same "enc-inspect: 'bad.eif' is neither an EIF nor an attestation document nor an image path (oci:DIR:NAME@sha256:HEX)" "$stderr"
	: >bad.eif
	expect 3 enc-inspect bad.eif
	printf '.eif' >bad.eif
	refused "is not a sound EIF: a header takes 548 bytes, the file has 4"
}

@test "hostile eif: each field of a section's header" {
	local change message
	while IFS='|' read -r change message; do
		echo "# $change"
		spoil "$change"
		refused "is not a sound EIF: $message"
	done <<-'END'
	u16(offset(1), 0)|no section has the type 0
	u16(offset(1), 6)|no section has the type 6
	u16(offset(1) + 2, 1)|the flags of a section must be 0, they are 1
	u64(offset(1) + 4, 12)|a section's size differs from that in the header, it is 12
	u64(offset(4) + 4, 2**63)|a section's size differs from that in the header, it is 9223372036854775808
	END
}

@test "hostile eif: sections that are missing, doubled or in the wrong place" {
	local change message
	while IFS='|' read -r change message; do
		echo "# $change"
		spoil "$change"
		refused "is not a sound EIF: $message"
	done <<-'END'
	build([])|one kernel section is needed, it has 0
	build(s[1:3])|one kernel section is needed, it has 0
	build(s[:1] + s)|one kernel section is needed, it has 2
	build(s[:1] + s[2:])|one cmdline section is needed, it has 0
	build(s[:2] + s[1:])|one cmdline section is needed, it has 2
	build(s[:2] + s[3:])|one metadata section is needed, it has 0
	build(s[:3] + s[2:])|one metadata section is needed, it has 2
	build(s[:3])|a ramdisk is needed, the number is 0
	build(s + [[4, b"x"], [4, b"x"]])|one signature section is enough, it has 2
	build([s[3], s[0], s[1], s[2]])|a ramdisk comes before the kernel, as section 0
	build(s + [[3, b""]] * 28)|at most 32 sections are allowed, it has 33
	END
}

@test "hostile eif: bytes after the last section" {
	spoil 'd.extend(b"x" * 7)'
	refused 'is not a sound EIF: bytes after the last section: 7'
}

@test "hostile eif: small sections that are not small" {
	spoil 's[1][1] = b"x" * 4097; build(s)'
	refused 'is not a sound EIF: a cmdline section has at most 4096 bytes, this one 4097'
	spoil 's[2][1] = b"x" * (2**20 + 1); build(s)'
	refused 'is not a sound EIF: a metadata section has at most 1048576 bytes, this one 1048577'
	spoil 'build(s + [[4, b"x" * 32769]])'
	refused 'is not a sound EIF: a signature section has at most 32768 bytes, this one 32769'
}

@test "hostile eif: a file that claims petabytes costs no memory" {
	spoil 'u64(284 + 8 * 4, 2**50); u64(offset(4) + 4, 2**50)'
	truncate -s 4T bad.eif || skip 'no sparse files of this size here'
	(
		[ -n "${SAN_CFLAGS:-}" ] || ulimit -v 500000
		expect 3 enc-inspect bad.eif
		same "enc-inspect: 'bad.eif' is not a sound EIF: a section ends behind the end of the file, its size is 1125899906842624" "$stderr"
	)
}

@test "hostile eif: a signature section that is none" {
	local change message
	while IFS='|' read -r change message; do
		echo "# $change"
		spoil "build(s + [[4, bytes.fromhex('$change')]])"
		expect 3 enc-inspect bad.eif
		same "" "$output"
		same "enc-inspect: 'bad.eif': signature section: $message" "$stderr"
	done <<-'END'
	|not an array of {signing_certificate, signature} in CBOR
	80|not an array of {signing_certificate, signature} in CBOR
	9bffffffffffffffff|not an array of {signing_certificate, signature} in CBOR
	81bbffffffffffffffff|not an array of {signing_certificate, signature} in CBOR
	81a1697369676e617475726580|not an array of {signing_certificate, signature} in CBOR
	81a2737369676e696e675f636572746966696361746580697369676e617475726580|not a COSE_Sign1 (RFC 9052 section 4.2)
	81a2737369676e696e675f63657274696669636174658100697369676e61747572659f|not an array of {signing_certificate, signature} in CBOR
	END
}

@test "hostile eif: a wrong CRC is shown, told, and status 4" {
	spoil pass
	printf 'Y' | dd of=bad.eif bs=1 seek=1000 conv=notrunc status=none
	expect 4 enc-inspect bad.eif
	contains "$output" 'WRONG: it is '
	contains "$output" 'PCR0 '
	contains "$stderr" "enc-inspect: 'bad.eif' is damaged: its CRC is "
	expect 4 enc-inspect --json bad.eif
	same false "$(jq .crc.valid <<<"$output")"
}

@test "hostile eif: a signature of another PCR0, or by another key, is status 4" {
	requires openssl
	local name
	for name in a b; do
		openssl ecparam -genkey -name secp384r1 -noout -out $name.key
		openssl req -new -x509 -key $name.key -subj /CN=$name -days 2 \
			-out $name.pem
	done
	enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk r0 -o good.eif \
		--sign-cert a.pem --sign-key a.key
	expect 0 enc-inspect good.eif
	spoil 's[1][1] = b"y"; build(s)'
	expect 4 enc-inspect bad.eif
	contains "$output" 'WRONG: it signs another PCR0'
	same "enc-inspect: the signature of 'bad.eif' is wrong: it signs another PCR0" "$stderr"
	expect 4 enc-inspect --json pcrs bad.eif
	same "enc-inspect: the signature of 'bad.eif' is wrong: it signs another PCR0" "$stderr"

	enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk r0 -o b.eif \
		--sign-cert b.pem --sign-key b.key
	enc-inspect extract b.eif signature -o b.sig
	# The certificate of a with the signature of b: both are arrays of
	# bytes, and end where the next word begins.
	spoil 'b = open("b.sig", "rb").read(); a = s[4][1]; w = b"isignature"; s[4][1] = a[:a.index(w)] + b[b.index(w):]; build(s)'
	expect 4 enc-inspect bad.eif
	same "enc-inspect: the signature of 'bad.eif' is wrong: it was not made by the key of its certificate" "$stderr"
}

@test "hostile eif: nothing a terminal would obey is printed" {
	spoil 's[1][1] = b"a\x1b[31m\x7f\xff\xc2\x9b\xe2\x80\xae\r\n"; s[2][1] = b"\x1b]0;x\x07\0"; build(s)'
	expect 0 enc-inspect bad.eif
	contains "$output" 'a\x1b[31m\x7f\xff\xc2\x9b\xe2\x80\xae\x0d\x0a'
	contains "$output" '\x1b]0;x\x07\x00'
	same "" "$(tr -d '\n\040-\176' <<<"$output")"
	expect 0 enc-inspect --json bad.eif
	same "" "$(tr -d '\n\040-\176' <<<"$output")"
	same '\x1b]0;x\x07\x00' "$(jq -r .metadata <<<"$output")"
	mv bad.eif $'bad\e[31m.eif'
	expect 0 enc-inspect $'bad\e[31m.eif'
	same "" "$(tr -d '\n\040-\176' <<<"$output")"
}

@test "hostile eif: a certificate that wants a password" {
	spoil 'import base64
def head(m, v): return bytes([m << 5 | v]) if v < 24 else bytes([m << 5 | 25]) + struct.pack(">H", v)
def array(b): return head(4, len(b)) + b"".join(bytes([x]) if x < 24 else bytes([24, x]) for x in b)
def text(t): return head(3, len(t)) + t
pem = b"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n" + base64.encodebytes(bytes(32)) + b"-----END CERTIFICATE-----\n"
cose = b"\x84" + head(2, 3) + b"\xa1\x01\x26" + b"\xa0" + head(2, 1) + b"x" + head(2, 64) + bytes(64)
s.append([4, head(4, 1) + head(5, 2) + text(b"signing_certificate") + array(pem) + text(b"signature") + array(cose)])
build(s)'
	# With no terminal OpenSSL would ask on standard input and error.
	expect 3 setsid -w enc-inspect bad.eif <<<password
	same "enc-inspect: 'bad.eif': signature section: no certificate in PEM" "$stderr"
}

@test "hostile eif: a signature section with ten thousand certificates" {
	requires openssl
	openssl ecparam -genkey -name prime256v1 -noout -out a.key
	openssl req -new -x509 -key a.key -subj /CN=a -days 2 -out a.pem
	enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk r0 -o good.eif \
		--sign-cert a.pem --sign-key a.key
	expect 0 enc-inspect pcrs good.eif
	pcrs=$output
	# Ten thousand entries: the whole section a multiple of the first one.
	spoil 's[4][1] = b"\x99\x27\x10" + s[4][1][1:] * 10000; build(s)'
	enc-inspect extract -q good.eif signature -o sig
	refused "is not a sound EIF: a signature section has at most 32768 bytes, this one $((3 + 10000 * ($(stat -c %s sig) - 1)))"
	# As many as fit, or nothing ten thousand times: the first counts.
	for rest in 's[4][1][1:] * (32000 // (len(s[4][1]) - 1) - 1)' 'b"\xa0" * 9999'; do
		spoil "n = len(r := $rest); s[4][1] = b'\x99' + struct.pack('>H', 10000 if n == 9999 else n // (len(s[4][1]) - 1) + 1) + s[4][1][1:] + r; build(s)"
		expect 0 enc-inspect pcrs bad.eif
		same "$pcrs" "$output"
	done
	# Fewer than it says.
	spoil 's[4][1] = b"\x99\x27\x10" + s[4][1][1:]; build(s)'
	expect 3 enc-inspect pcrs bad.eif
	same "enc-inspect: 'bad.eif': signature section: not an array of {signing_certificate, signature} in CBOR" "$stderr"
	# Arrays in arrays, as deep as it gets.
	spoil 's[4][1] = b"\x81" * 32768; build(s)'
	expect 3 enc-inspect pcrs bad.eif
	contains "$stderr" "signature section: not an array"
}

@test "hostile eif: nothing is allocated by a size that a file claims" {
	local i what
	for i in 1 2; do
		spoil "u64(284 + 8 * $i, 2**40); u64(offset($i) + 4, 2**40)"
		truncate -s 2T bad.eif || skip 'no sparse files of this size here'
		(
			[ -n "${SAN_CFLAGS:-}" ] || ulimit -v 500000
			expect 3 enc-inspect bad.eif
			contains "$stderr" "is not a sound EIF: "
		)
	done
	# All sound but for the size of a section that is read into memory.
	for what in 1:cmdline:4096 2:metadata:1048576 4:signature:32768; do
		i=${what%%:*}
		python3 - "$i" <<-'END'
		import struct, sys
		d, i = open("good.eif", "rb").read(), int(sys.argv[1])
		parts = []
		for n in range(struct.unpack(">H", d[26:28])[0]):
		    at = struct.unpack(">Q", d[28 + 8 * n:36 + 8 * n])[0]
		    size = struct.unpack(">Q", d[284 + 8 * n:292 + 8 * n])[0]
		    parts.append([d[at:at + 2], d[at + 12:at + 12 + size], size])
		if i == 4:
		    parts = parts[:4] + [[b"\0\4", b"", 0]]
		parts[i][1:] = [b"", 2 ** 40]
		head, at = bytearray(d[:548]), 548
		head[26:28] = struct.pack(">H", len(parts))
		head[28:540] = bytes(512)
		with open("bad.eif", "wb") as f:
		    for n, (kind, data, size) in enumerate(parts):
		        head[28 + 8 * n:36 + 8 * n] = struct.pack(">Q", at)
		        head[284 + 8 * n:292 + 8 * n] = struct.pack(">Q", size)
		        f.seek(at)
		        f.write(kind + b"\0\0" + struct.pack(">Q", size) + data)
		        at += 12 + size
		    f.truncate(at)
		    f.seek(0)
		    f.write(head)
		END
		what=${what#*:}
		(
			[ -n "${SAN_CFLAGS:-}" ] || ulimit -v 500000
			refused "is not a sound EIF: a ${what%:*} section has at most ${what#*:} bytes, this one 1099511627776"
		)
	done
}

@test "eif: diff goes through nested metadata, and ends where too much differs" {
	spoil 's[2][1] = b"{\"a\":" * 2000 + b"1" + b"}" * 2000; build(s)'
	mv bad.eif deep.eif
	expect 1 enc-inspect diff good.eif deep.eif
	contains "$output" '+ metadata.a {"a":{"a":'
	spoil 's[2][1] = b"{\"a\":" * 2000 + b"2" + b"}" * 2000; build(s)'
	expect 1 enc-inspect diff deep.eif bad.eif
	contains "$output" '.a.a.a 2
! section metadata: content'
	# each member has the long name before its own
	spoil 'k = b"k" * 100000; s[2][1] = b"{\"" + k + b"\":{}}"; build(s)'
	mv bad.eif narrow.eif
	spoil 'k = b"k" * 100000; s[2][1] = b"{\"" + k + b"\":{" + b",".join(b"\"%d\":1" % i for i in range(20000)) + b"}}"; build(s)'
	expect 3 enc-inspect diff narrow.eif bad.eif
	same "" "$output"
	contains "$stderr" "enc-inspect: what differs is longer than "
}
