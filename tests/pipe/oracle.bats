#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# oracle.bats - AWS's own library as the judge of our EIFs (tests/oracle)
load ../helpers
load ../peers

# scripts/check installs eif-oracle: cargo install --locked --path tests/oracle.
local_setup() {
	requires eif-oracle openssl
	fake_blobs blobs
	cat blobs/bzImage /dev/zero | head -c 3000000 >kernel
	head -c 700001 /dev/urandom >r0
	head -c 2500003 /dev/urandom >r1
	printf 'third' >r2
	cat >metadata <<-'END'
	{"ImageName":"näme \" \\ \u0001","ImageVersion":"1","BuildMetadata":{"BuildTime":"2026-11-23T00:00:00Z","BuildTool":"t","BuildToolVersion":"1","OperatingSystem":"Linux","KernelVersion":"6.12"},"DockerInfo":{"a":[1,null,true],"b":{}},"CustomMetadata":null}
	END
	truncate -s -1 metadata
}

@test "oracle: an unsigned EIF is the same bytes as AWS's builder writes" {
	local theirs
	theirs=$(eif-oracle build theirs.eif x86_64 kernel 'reboot=k panic=30' \
		metadata r0 r1 r2)
	expect 0 enc-eif -q --kernel kernel --cmdline 'reboot=k panic=30' \
		--metadata metadata --ramdisk r0 --ramdisk r1 --ramdisk r2 \
		-o ours.eif --measurements m.json
	cmp theirs.eif ours.eif
	same "$(jq -c 'del(.HashAlgorithm)' <<<"$theirs")" \
		"$(jq -c .Measurements m.json)"
	same "$theirs" "$(eif-oracle describe ours.eif)"
}

@test "oracle: our own metadata is the text that AWS's builder makes of it" {
	local theirs
	enc-eif -q --kernel kernel --cmdline x --ramdisk r0 -o ours.eif
	enc-inspect extract ours.eif metadata -o metadata
	theirs=$(eif-oracle build theirs.eif x86_64 kernel x metadata r0)
	cmp theirs.eif ours.eif
	same "$theirs" "$(eif-oracle describe ours.eif)"
}

@test "oracle: aarch64, and one ramdisk alone" {
	{
		head -c 56 /dev/zero
		printf 'ARM\x64'
		head -c 1000 /dev/zero
	} >Image
	eif-oracle build theirs.eif aarch64 Image x metadata r2
	enc-eif -q --kernel Image --cmdline x --metadata metadata \
		--ramdisk r2 -o ours.eif
	cmp theirs.eif ours.eif
}

@test "oracle: what we sign is verified by AWS's reader, and the reverse" {
	local curve ours theirs
	for curve in prime256v1 secp384r1 secp521r1; do
		openssl ecparam -genkey -name "$curve" -noout -out key
		openssl req -new -x509 -key key -subj /CN=x -days 2 -out cert
		enc-eif -q --kernel kernel --cmdline x --metadata metadata \
			--ramdisk r0 --ramdisk r1 -o ours.eif \
			--sign-cert cert --sign-key key --measurements m.json
		ours=$(eif-oracle describe ours.eif)
		same "$(jq -c 'del(.HashAlgorithm)' <<<"$ours")" \
			"$(jq -c .Measurements m.json)"
		theirs=$(eif-oracle sign theirs.eif x86_64 kernel x metadata \
			cert key r0 r1)
		same "$ours" "$theirs"
		expect 0 enc-inspect --json theirs.eif
		same true "$(jq .signature.valid <<<"$output")"
		same "$(jq -r .PCR8 <<<"$theirs")" "$(jq -r .pcr8 <<<"$output")"
		# All but the signature, which is random, and what depends on
		# its length.
		enc-inspect extract theirs.eif signature -o s1
		enc-inspect extract ours.eif signature -o s2
		cmp <(tail -c +549 theirs.eif | head -c "-$(($(stat -c %s s1) + 12))") \
			<(tail -c +549 ours.eif | head -c "-$(($(stat -c %s s2) + 12))")
	done
}

@test "oracle: the judge refuses what was changed" {
	enc-eif -q --kernel kernel --cmdline x --ramdisk r0 -o ours.eif
	printf 'Y' | dd of=ours.eif bs=1 seek=1000 conv=notrunc status=none
	expect 1 eif-oracle describe ours.eif
	contains "$stderr" 'the CRC is wrong'
}
