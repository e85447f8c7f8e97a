#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# inspect.bats - enc-inspect: what it shows of images and EIFs
#
# What it does with hostile EIFs is in tests/hostile/eif.bats.
load ../helpers
load ../peers

an_eif() {
	fake_blobs blobs
	printf 'ramdisk zero' >r0
	printf 'ramdisk one' >r1
	enc-eif -q --kernel blobs/bzImage --cmdline 'console=ttyS0' \
		--ramdisk r0 --ramdisk r1 -o a.eif "$@"
}

an_image() {
	requires python3
	image=$(python3 "$abs_top_srcdir/tests/tools/mkimage.py" layout app:1 <<-'END'
	image {"created":"2020-01-02T03:04:05Z","architecture":"amd64"}
	config {"Entrypoint":["/bin/app","two words"],"Cmd":["-x"],"Env":["A=b","EVIL=\u001b[31m"],"User":"1000","WorkingDir":"/srv","StopSignal":"SIGINT","Labels":{"l":"v"},"ExposedPorts":{"80/tcp":{}}}
	layer gzip
	dir bin
	file bin/app data=hello mode=4755 uid=5 gid=6
	file gone data=x
	symlink bin/sh to=app
	char dev/null major=1 minor=3
	layer none
	whiteout gone
	link bin/same to=bin/app
	file bin.txt data=y
	END
	)
}

@test "inspect: an EIF, as text" {
	an_eif
	expect 0 enc-inspect a.eif
	same "" "$stderr"
	contains "$output" 'file           a.eif
architecture   x86_64'
	contains "$output" 'command line   console=ttyS0
metadata       {"ImageName":"application"'
	contains "$output" 'signature      none'
	contains "$output" 'kernel                  560           4518
cmdline                5090             13'
	contains "$output" "ramdisk:1"
	contains "$output" "$(eif_read a.eif)"
	same "$output" "$(enc-inspect show a.eif)" 'show is the default'
	same "$output" "$(echo a.eif | enc-inspect)" 'the object from stdin'
	same "$output" "$(echo a.eif | enc-inspect show -)"
}

@test "inspect: an EIF, as JSON" {
	requires openssl
	openssl ecparam -genkey -name secp384r1 -noout -out key
	openssl req -new -x509 -key key -subj /O=Us/CN=signer -days 2 -out cert
	an_eif --sign-cert cert --sign-key key
	expect 0 enc-inspect --json a.eif
	same 1 "$(wc -l <<<"$output")"
	same 'enc-inspect/1 eif x86_64 true console=ttyS0 application' \
		"$(jq -r '"\(.schema) \(.type) \(.architecture) \(.crc.valid) \(.cmdline) \(.metadata.ImageName)"' <<<"$output")"
	same "$(stat -c %s a.eif)" "$(jq .size <<<"$output")"
	same 'kernel cmdline metadata ramdisk ramdisk signature' \
		"$(jq -r '[.sections[].type] | join(" ")' <<<"$output")"
	same "true ES384 CN=signer,O=Us $(openssl x509 -in cert -outform DER |
		sha256sum | cut -d ' ' -f 1)" \
		"$(jq -r '.signature | "\(.valid) \(.algorithm) \(.subject) \(.certificate_sha256)"' <<<"$output")"
	same "$(pcr 0 a.eif)" "$(jq -r .pcr0 <<<"$output")"
}

@test "inspect: pcrs are those that an independent reader computes" {
	an_eif
	expect 0 enc-inspect pcrs a.eif
	same "$(eif_read a.eif)" "$output"
	expect 0 enc-inspect pcrs --json a.eif
	same "$(pcr 2 a.eif)" "$(jq -r .pcr2 <<<"$output")"
}

@test "inspect: extract gives each section as it is" {
	local name
	an_eif
	mkdir s
	eif_read a.eif s
	for name in kernel cmdline metadata; do
		expect 0 enc-inspect extract a.eif $name -o "out.$name"
		same "" "$output"
		cmp s/$name "out.$name"
	done
	enc-inspect extract a.eif ramdisk:0 | cmp - r0
	enc-inspect -o out extract a.eif ramdisk:1
	cmp out r1
	echo a.eif | enc-inspect extract - ramdisk:1 | cmp - r1
	same 644 "$(stat -c %a out)"
}

@test "inspect: extract of what is not there" {
	an_eif
	expect 1 enc-inspect extract a.eif signature -o out
	same "enc-inspect: 'a.eif' has no section 'signature'" "$stderr"
	expect 1 enc-inspect extract a.eif ramdisk:2
	same "enc-inspect: 'a.eif' has no section 'ramdisk:2'" "$stderr"
	for name in ramdisk ramdisk: ramdisk:x ramdisk:1x ramdisk:-1 initrd; do
		expect 2 enc-inspect extract a.eif "$name"
		contains "$stderr" "no section is called '$name'"
	done
	expect 2 enc-inspect extract a.eif
	[ ! -e out ]
}

@test "inspect: extract refuses a terminal" {
	requires script
	an_eif
	expect 2 script -qec 'enc-inspect extract a.eif kernel' /dev/null </dev/null
	contains "$output" 'a section is not for a terminal: give -o FILE'
}

@test "inspect: an image, as text" {
	an_image
	expect 0 enc-inspect "$image"
	same "" "$stderr"
	contains "$output" "name           app:1"
	contains "$output" "digest         sha256:${image##*@sha256:}"
	contains "$output" 'created        2020-01-02T03:04:05Z'
	contains "$output" 'entrypoint     /bin/app two words'
	contains "$output" 'cmd            -x
workdir        /srv
user           1000
stop signal    SIGINT
env            A=b
env            EVIL=\x1b[31m
port           80/tcp
label          l=v'
	same "$output" "$(enc-inspect <<<"$image")"
}

@test "inspect: an image, as JSON" {
	an_image
	expect 0 enc-inspect --json "$image"
	same "enc-inspect/1 image amd64 sha256:${image##*@sha256:} 2 /srv" \
		"$(jq -r '"\(.schema) \(.type) \(.architecture) \(.digest) \(.layers | length) \(.config.WorkingDir)"' <<<"$output")"
	same "" "$(tr -d '\n\040-\176' <<<"$output")"
}

@test "inspect: the path and the ID of an image, by its name and without one" {
	mkimage "$ENCLAVER_STORE" docker.io/library/named:1 <<<'layer' >named
	expect 0 enc-inspect path named:1
	same "$(cat named)" "$output"
	expect 0 enc-inspect path "$(cat named)"
	same "$(cat named)" "$output"
	expect 0 enc-inspect --json path named:1
	same "enc-inspect/1 path $(cat named)" \
		"$(jq -r '"\(.schema) \(.type) \(.path)"' <<<"$output")"
	expect 0 enc-inspect id named:1
	same "$(manifest_of "$(cat named)" | jq -r .config.digest)" "$output"
	id=$output
	expect 0 enc-inspect --json id named:1
	same "enc-inspect/1 id $id" "$(jq -r '"\(.schema) \(.type) \(.id)"' <<<"$output")"
	# A layout of one image, which it does not name.
	cp -r "$ENCLAVER_STORE" nameless
	jq -c '.manifests |= [.[0] | del(.annotations)]' nameless/index.json >index
	mv index nameless/index.json
	expect 0 enc-inspect path "oci:$T/nameless"
	same "oci:$T/nameless:image@$(sed 's/.*@//' named)" "$output"
	expect 0 enc-inspect layers "$output"
	expect 3 enc-inspect path none:1
	same "" "$output"
	contains "$stderr" "pull it first"
}

@test "inspect: config, history and layers" {
	local config
	an_image
	config=$(jq -r .config.digest layout/blobs/sha256/"${image##*@sha256:}")
	expect 0 enc-inspect config "$image"
	same "$(jq -S . "layout/blobs/sha256/${config#sha256:}")" "$(jq -S . <<<"$output")"
	expect 0 enc-inspect config --json "$image"
	same "$(jq -S . "layout/blobs/sha256/${config#sha256:}")" "$(jq -S .config <<<"$output")"
	expect 0 enc-inspect layers "$image"
	same "$(jq -r '.layers[] | "\(.digest) \(.size) \(.mediaType)"' layout/blobs/sha256/"${image##*@sha256:}")" \
		"$(tr -s ' ' <<<"$output")"
	expect 0 enc-inspect layers --json "$image"
	same "$(jq -c '.rootfs.diff_ids' "layout/blobs/sha256/${config#sha256:}")" \
		"$(jq -c '[.layers[].diff_id]' <<<"$output")"
	expect 0 enc-inspect history "$image"
	expect 0 enc-inspect history --json "$image"
	same "$(jq -c '.history' "layout/blobs/sha256/${config#sha256:}")" \
		"$(jq -c .history <<<"$output")"
}

@test "inspect: ls shows the merged tree" {
	an_image
	expect 0 enc-inspect -q ls "$image"
	same 'd0755 0 0 0 /bin
-0644 0 0 1 /bin.txt
-4755 5 6 5 /bin/app
-4755 5 6 5 /bin/same
l0777 0 0 0 /bin/sh -> app
d0755 0 0 0 /dev
c0644 0 0 1, 3 /dev/null' "$(tr -s ' ' <<<"$output")"
	expect 0 enc-inspect -q ls "$image" /bin/
	same '/bin /bin/app /bin/same /bin/sh' \
		"$(awk '{ printf "%s%s", sep, $5; sep = " " }' <<<"$output")"
	expect 0 enc-inspect -q ls "$image" bin/app
	same 1 "$(wc -l <<<"$output")"
	expect 0 enc-inspect -q ls --json "$image" bin/app
	same '{"gid":6,"mode":"4755","mtime":0,"nlink":2,"path":"/bin/app","size":5,"type":"-","uid":5}' \
		"$(jq -c '.files[]' <<<"$output")"
	expect 1 enc-inspect -q ls "$image" /gone
	same "enc-inspect: the image has no '/gone'" "$stderr"
	same "" "$output"
}

@test "inspect: a verb for the other kind is status 2" {
	an_eif
	an_image
	expect 2 enc-inspect layers a.eif
	same "enc-inspect: 'layers' is for images, and 'a.eif' is an EIF" "$stderr"
	expect 2 enc-inspect pcrs "$image"
	contains "$stderr" "'pcrs' is for EIFs"
}

@test "inspect: what is neither, and what is not there" {
	echo text >file
	expect 3 enc-inspect file
	same "enc-inspect: 'file' is neither an EIF nor an attestation document nor an image path (oci:DIR:NAME@sha256:HEX)" "$stderr"
	expect 6 enc-inspect ./none
	same "enc-inspect: cannot open './none': No such file or directory" "$stderr"
	expect 6 enc-inspect none.eif
	expect 3 enc-inspect none
	contains "$stderr" 'pull it first'
	expect 2 enc-inspect </dev/null
	contains "$stderr" 'no image, EIF or document on standard input'
	expect 2 enc-inspect show a b
	contains "$stderr" "too many arguments for 'show'"
	expect 2 enc-inspect frob a.eif
	contains "$stderr" "unknown verb 'frob'"
	expect 2 enc-inspect extract a b c
	expect 2 enc-inspect show a -o f
	contains "$stderr" "--output is for 'extract'"
}
