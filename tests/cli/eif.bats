#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# eif.bats - enc-eif of parts: status, stdout, stderr, what is written; and what
# it misses in an image
#
# That the bytes are right is judged by tests/pipe/oracle.bats and by
# tools/eifread.py, which share no code with the suite.
load ../helpers
load ../peers

local_setup() {
	fake_blobs blobs
	mkdir sections s
	printf 'first ramdisk' >r0
	printf 'second ramdisk' >r1
}

# parts ARG...: enc-eif with the parts, and more options.
parts() {
	enc-eif --kernel blobs/bzImage --cmdline 'console=ttyS0' \
		--ramdisk r0 --ramdisk r1 "$@"
}

# key_pair NAME CURVE [openssl req ARG...]: NAME.pem and NAME.key.
key_pair() {
	local name=$1 curve=$2
	shift 2
	openssl ecparam -genkey -name "$curve" -noout -out "$name.key"
	openssl req -new -x509 -key "$name.key" -subj "/CN=$name" -days 30 \
		-out "$name.pem" "$@"
}

@test "eif: parts make an EIF; stdout is its path, stderr what it measures" {
	expect 0 parts -o out.eif
	same out.eif "$output"
	eif_read out.eif sections >pcrs
	same "enc-eif: the EIF is for x86_64 and has $(stat -c %s out.eif) bytes
$(sed 's/^/enc-eif: /' pcrs)
enc-eif: the enclave needs at least 64 MiB of memory" "$stderr"
	cmp sections/kernel blobs/bzImage
	cmp sections/ramdisk1 r0
	cmp sections/ramdisk2 r1
	same 'console=ttyS0' "$(cat sections/cmdline)"
	same '{"ImageName":"application","ImageVersion":"1.0","BuildMetadata":{"BuildTime":"1970-01-01T00:00:00Z","BuildTool":"enclaver","BuildToolVersion":"'"$ENC_VERSION"'","OperatingSystem":"Linux","KernelVersion":"6.12.117"},"DockerInfo":null,"CustomMetadata":null}' \
		"$(cat sections/metadata)"
}

@test "eif: without -o it is ./application.eif; -q says nothing" {
	expect 0 parts -q
	same ./application.eif "$output"
	same "" "$stderr"
	same 644 "$(stat -c %a application.eif)"
}

@test "eif: --json is one object" {
	expect 0 parts --json -q -o out.eif
	same "$(eif_read out.eif | sed -n 's/^PCR0 //p')" \
		"$(jq -r .pcr0 <<<"$output")"
	same "enc-eif/1 out.eif false 64 $(stat -c %s out.eif)" \
		"$(jq -r '"\(.schema) \(.eif) \(.signed) \(.memory_mib) \(.size)"' <<<"$output")"
}

@test "eif: --measurements writes the PCRs as Enclaver's JSON has them" {
	expect 0 parts -q -o out.eif --measurements m.json
	same "{\"Measurements\":{\"PCR0\":\"$(pcr 0 out.eif)\",\"PCR1\":\"$(pcr 1 out.eif)\",\"PCR2\":\"$(pcr 2 out.eif)\"}}" \
		"$(cat m.json)"
}

@test "eif: the needed memory is 4 times the EIF, or what unpacked files take" {
	truncate -s 20M r0
	expect 0 parts -o out.eif
	contains "$stderr" 'at least 81 MiB'
}

@test "eif: same parts, same bytes, whatever the surroundings" {
	local first
	expect 0 parts -q -o a.eif
	mkdir other
	(
		umask 077
		export TZ=Asia/Tokyo LC_ALL=C.UTF-8
		parts -q -o other/b.eif
	)
	cmp a.eif other/b.eif
	first=$(sha256sum <a.eif)
	SOURCE_DATE_EPOCH=86400 expect 0 parts -q -o a.eif
	[ "$first" != "$(sha256sum <a.eif)" ]
	eif_read a.eif s
	contains "$(cat s/metadata)" '"BuildTime":"1970-01-02T00:00:00Z"'
}

@test "eif: --metadata goes in as it is; --name and --image-version otherwise" {
	parts -q -o a.eif --name n --image-version 2
	eif_read a.eif s
	contains "$(cat s/metadata)" '{"ImageName":"n","ImageVersion":"2",'
	printf '{ "ImageName": "x", "ImageVersion": "", "BuildMetadata": {},\n "DockerInfo": 1, "CustomMetadata": [] }\n' >m
	expect 0 parts -q -o b.eif --metadata m
	eif_read b.eif s
	cmp m s/metadata
	same "$(eif_read a.eif)" "$(eif_read b.eif)" 'metadata is in no measurement'
	echo '{}' >m
	expect 3 parts -o c.eif --metadata m
	same "enc-eif: 'm': no member 'ImageName': not the metadata of an EIF" "$stderr"
	echo '[' >m
	expect 3 parts -o c.eif --metadata m
	contains "$stderr" "enc-eif: 'm': not JSON: "
	[ ! -e c.eif ]
}

@test "eif: signed with each curve; PCR8 is the certificate's" {
	requires openssl
	local curve want
	for curve in prime256v1 secp384r1 secp521r1; do
		key_pair c "$curve"
		expect 0 parts -q -o s.eif --sign-cert c.pem --sign-key c.key \
			--measurements m.json
		same "$(eif_read s.eif | sed -n 's/^PCR0 //p')" \
			"$(jq -r .Measurements.PCR0 m.json)"
		want=$({
			head -c 48 /dev/zero
			openssl x509 -in c.pem -outform DER |
				openssl dgst -sha384 -binary
		} | sha384sum | cut -d ' ' -f 1)
		same "$want" "$(jq -r .Measurements.PCR8 m.json)"
		expect 0 enc-inspect pcrs s.eif
		contains "$output" "PCR8 $want"
	done
}

@test "eif: the manifest's signature is used, the command line's first" {
	requires openssl
	key_pair m prime256v1
	key_pair c prime256v1
	mkdir conf
	mv m.pem m.key conf
	cat >conf/enclaver.yaml <<-END
	version: v1
	name: "named"
	target: "t"
	sources: {app: "a"}
	signature: {certificate: m.pem, key: m.key}
	END
	expect 0 parts -q -o s.eif -f conf/enclaver.yaml
	contains "$(enc-inspect s.eif)" 'CN=m'
	eif_read s.eif s
	contains "$(cat s/metadata)" '"ImageName":"named"'
	expect 0 parts -q -o s.eif -f conf/enclaver.yaml --sign-cert c.pem \
		--sign-key c.key
	contains "$(enc-inspect s.eif)" 'CN=c'
}

@test "eif: a certificate that will not do is told before anything is written" {
	requires openssl
	key_pair c prime256v1
	key_pair d prime256v1
	expect 4 parts -o s.eif --sign-cert c.pem --sign-key d.key
	same "enc-eif: key 'd.key' is not the key of certificate 'c.pem'" "$stderr"
	openssl pkey -in c.key -aes128 -passout pass:x -out locked.key
	expect 3 parts -o s.eif --sign-cert c.pem --sign-key locked.key
	same "enc-eif: key 'locked.key' is encrypted: write it without a password (openssl pkey -in KEY -out PLAIN)" "$stderr"
	expect 3 parts -o s.eif --sign-cert r0 --sign-key c.key
	same "enc-eif: 'r0' is not a certificate in PEM (-----BEGIN CERTIFICATE-----)" "$stderr"
	openssl req -new -x509 -newkey rsa:2048 -nodes -keyout rsa.key \
		-subj /CN=r -out rsa.pem 2>openssl.log
	expect 3 parts -o s.eif --sign-cert rsa.pem --sign-key rsa.key
	contains "$stderr" 'it must be on P-256, P-384 or P-521'
	same "" "$output"
	same "" "$(find . -name '*eif*')" 'nothing is left'
}

@test "eif: expired and not yet valid certificates are refused" {
	requires openssl
	openssl ecparam -genkey -name secp384r1 -noout -out c.key
	openssl req -new -key c.key -subj /CN=c -out c.csr
	: >index
	printf '[ca]\ndefault_ca=x\n[x]\ndatabase=index\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nrand_serial=yes\nunique_subject=no\n[p]\ncommonName=supplied\n' >ca.conf
	openssl ca -batch -config ca.conf -selfsign -keyfile c.key -in c.csr \
		-notext -out old.pem -startdate 20000101000000Z \
		-enddate 20010101000000Z 2>openssl.log
	expect 4 parts -o s.eif --sign-cert old.pem --sign-key c.key
	same "enc-eif: certificate 'old.pem' expired on 2001-01-01T00:00:00Z: an enclave signed with it does not start; renew it" "$stderr"
	openssl ca -batch -config ca.conf -selfsign -keyfile c.key -in c.csr \
		-notext -out new.pem -startdate 99980101000000Z \
		-enddate 99990101000000Z 2>openssl.log
	expect 4 parts -o s.eif --sign-cert new.pem --sign-key c.key
	same "enc-eif: certificate 'new.pem' is not valid before 9998-01-01T00:00:00Z" "$stderr"
	[ ! -e s.eif ]
}

@test "eif: what is no kernel is refused, with what it is" {
	printf "\177ELF" >vmlinux
	expect 3 enc-eif --kernel vmlinux --cmdline x --ramdisk r0
	same "enc-eif: 'vmlinux' is an ELF file (vmlinux?): give a bzImage (x86_64) or an uncompressed Image (aarch64)" "$stderr"
	same "" "$output"
	expect 3 enc-eif --kernel . --cmdline x --ramdisk r0
	same "enc-eif: '.' is not a regular file" "$stderr"
	expect 6 enc-eif --kernel none --cmdline x --ramdisk r0
	same "enc-eif: cannot open 'none': No such file or directory" "$stderr"
	[ ! -e application.eif ]
}

@test "eif: an arm64 Image makes an EIF for aarch64" {
	{
		head -c 56 /dev/zero
		printf 'ARM\x64'
		head -c 1000 /dev/zero
	} >Image
	expect 0 enc-eif -q --kernel Image --cmdline x --ramdisk r0
	same aarch64 "$(enc-inspect --json application.eif | jq -r .architecture)"
}

@test "eif: limits of the format are errors" {
	local many=()
	for _ in {1..29}; do many+=(--ramdisk r0); done
	expect 3 enc-eif --kernel blobs/bzImage --cmdline x "${many[@]}"
	same "enc-eif: 'r0': too many ramdisks: an EIF holds at most 28" "$stderr"
	expect 3 enc-eif --kernel blobs/bzImage --ramdisk r0 \
		--cmdline "$(head -c 4097 /dev/zero | tr '\0' x)"
	same "enc-eif: cmdline: 4097 bytes, at most 4096 fit into an EIF" "$stderr"
}

@test "eif: wrong usage is status 2 and says what is wrong" {
	local want
	while IFS='|' read -r want args; do
		# shellcheck disable=SC2086
		expect 2 enc-eif $args
		same "enc-eif: $want
enc-eif: try 'enc-eif --help'" "$stderr"
		same "" "$output"
	done <<-'END'
	parts are --kernel, --cmdline and one --ramdisk at least|--kernel k --cmdline x
	parts are --kernel, --cmdline and one --ramdisk at least|--ramdisk r0
	an image and parts do not go together|--kernel k --cmdline x --ramdisk r0 oci:x
	--blobs and --init are for images, not for parts|--kernel k --cmdline x --ramdisk r --blobs b
	--blobs and --init are for images, not for parts|--kernel k --cmdline x --ramdisk r --init blobs
	--metadata holds the name and the version already|--kernel k --cmdline x --ramdisk r --metadata m --name n
	--sign-cert and --sign-key go together|--sign-cert c
	--init 'x': give 'own' or 'blobs'|--init x
	--mtime '-1' is not a number of seconds since 1970|--mtime -1
	--mtime '5x' is not a number of seconds since 1970|--mtime 5x
	--max-size is a number of bytes, or of k, M, G or T, not '5x'|--max-size 5x a
	one image only|a b
	an EIF is written to a file, not to standard output|-o - a
	--measurements and --output name the same file|--measurements x -o x a
	END
	expect 2 enc-eif -o $'a\nb' x
	contains "$stderr" "the output's path must be one line"
}

@test "eif: an output that cannot be written is status 6 and leaves nothing" {
	expect 6 parts -o none/out.eif
	contains "$stderr" "none/"
	same "" "$output"
	expect 6 parts -o out.eif --measurements none/m.json
	same "" "$output"
	[ ! -e out.eif ]
	same "" "$(find . -name '*.tmp')"
}

@test "eif: an output whose name is not UTF-8" {
	expect 0 parts -q -o $'\xff.eif'
	[ -s $'\xff.eif' ]
}

# tls_image ENTRY...: an image with these files, amended with a manifest that
# has TLS on port 8443; in $amended
tls_image() {
	{
		printf 'config {"Cmd": ["/app"]}\nlayer none\nfile app mode=0755 data=app\n'
		printf '%s\n' "$@"
	} | mkimage layout app:1 >image
	amended=$(enc-amend -q -f enclaver.yaml --odyn odyn "$(cat image)")
}

@test "eif: an image without the certificate or key of a port with TLS" {
	requires python3 jq
	local dir=etc/enclaver/tls/server/8443
	fake_odyn odyn
	printf 'version: v1\nname: app\ntarget: app:enclave\nsources: {app: app:1}\n' >enclaver.yaml
	echo 'ingress: [{listen_port: 80}, {listen_port: 8443, tls: {key_file: k, cert_file: c}}]' \
		>>enclaver.yaml
	tls_image
	expect 3 enc-eif -q --blobs blobs -o out.eif "$amended"
	same "" "$output"
	same "enc-eif: ingress 8443 has tls, and the image has no '/$dir/cert.pem': add it to the application's image" "$stderr"
	tls_image "file $dir/cert.pem data=c"
	expect 3 enc-eif -q --blobs blobs -o out.eif "$amended"
	same "enc-eif: ingress 8443 has tls, and the image has no '/$dir/key.pem': add it to the application's image" "$stderr"
	# a link to nothing and a folder are no files either
	tls_image "symlink $dir/cert.pem to=/srv/cert.pem" "file $dir/key.pem data=k"
	expect 3 enc-eif -q --blobs blobs -o out.eif "$amended"
	contains "$stderr" "cert.pem"
	tls_image "file $dir/cert.pem data=c" "dir $dir/key.pem"
	expect 3 enc-eif -q --blobs blobs -o out.eif "$amended"
	contains "$stderr" "key.pem"
	[ ! -e out.eif ]
	# what links lead to is as good, also through a folder
	tls_image "file srv/tls/cert.pem data=c" "file srv/tls/key data=k" \
		"symlink srv/tls/key.pem to=key" "symlink $dir to=/srv/tls"
	expect 0 enc-eif -q --blobs blobs -o out.eif "$amended"
	same out.eif "$output"
}
