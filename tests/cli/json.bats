#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# json.bats - enclaver-json(5) has the members that the programs print, and no
# other ones
load ../helpers
load ../peers
load ../odyn
load ../inside

local_setup() {
	requires python3 jq openssl
	page=$abs_top_srcdir/man/enclaver-json.5
	fake_blobs blobs
	export ENCLAVER_BLOBS=$T/blobs
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout key.pem -out cert.pem -days 2 -subj /CN=app 2>/dev/null
	mkimage_app images app:1.0 >path
	manifest "$(cat path)" registry.example/app:enclave >enclaver.yaml
}

# members HEADING: "NAME TYPE" of the page, a line for each name and type
members() {
	awk -v heading="$1" '
		sub(/^\.Ss /, "") { on = $0 == heading; next }
		/^\.S[hs] / { on = 0 }
		on && sub(/^\.It Va /, "") {
			split($0, part, / Pq /)
			n = split(part[1], names, / , /)
			t = split(part[2], types, / or /)
			for (i = 1; i <= n; i++)
				for (j = 1; j <= t; j++)
					print names[i], types[j]
		}' "$page"
}

# printed: the same of what stands on standard input.  Below "any" nothing is
# looked at.
printed() {
	jq -r --arg any "$(grep ' any$' <<<"$documented" | cut -d ' ' -f 1)" '
		def walk_at($at):
			if IN($at; $any | split("\n")[]) then "\($at) any"
			else
				# that an element is an object is said by its members
				(if $at == "" or (type == "object" and ($at | endswith("[]")))
				then empty else "\($at) \(type)" end),
				(if type == "object" then
					to_entries[] | .key as $k |
					.value | walk_at(if $at == "" then $k else "\($at).\($k)" end)
				elif type == "array" then .[] | walk_at("\($at)[]")
				else empty end)
			end;
		walk_at("")' | LC_ALL=C sort -u
}

# documents HEADING <JSON...: all members that are printed are in the page, and
# each that is there is in one of these
documents() {
	local documented
	documented=$(members "$1" | LC_ALL=C sort -u)
	[ -n "$documented" ]
	printed | diff -u --label "$1 in the page" --label printed \
		<(echo "$documented") - >&2
}

# build_of APP ODYN SLEEVE KERNEL: a signed one, of images with these names
build_of() {
	local app odyn sleeve kernel amended
	app=$(mkimage_app images "$1")
	odyn=$(printf 'layer none\ntar odyn.tar\n' | mkimage images "$2")
	sleeve=$(mkimage_sleeve images "$3")
	# from where nothing else comes, which the sandbox has to let in
	kernel=$(printf 'layer none\ntar kernel.tar\n' | mkimage kernels "$4")
	amended=$(enc-amend -q -f enclaver.yaml --odyn "$odyn" "$app")
	enc-eif -q --blobs "$kernel" --sign-cert cert.pem --sign-key key.pem "$amended" >/dev/null
	enc-release -q -f enclaver.yaml --json --sleeve "$sleeve" \
		--nitro-cli "$kernel" --amended "$amended" application.eif
}

@test "json: enclaver build and describe-eif" {
	local file
	mkdir -p odyn/usr/local/bin
	fake_odyn odyn/usr/local/bin/odyn
	tar -cf odyn.tar -C odyn usr
	mkdir -p nitro/usr/share/nitro_enclaves
	cp -r blobs nitro/usr/share/nitro_enclaves/blobs
	tar -cf kernel.tar -C nitro usr
	# of an enc-run with sanitizers, which is not static, no release is made
	mkdir libexec
	ln -s "$(our_odyn)" "$(dirname "$(our_odyn)")/init" libexec
	fake_runner libexec/enc-run
	export ENCLAVER_LIBEXEC=$T/libexec
	enclaver build -q >builtin
	build_of registry.example/app:1 registry.example/odyn:1 registry.example/sleeve:1 \
		registry.example/nitro-cli:1 >named
	# what no registry has, for it cannot have a name like that
	build_of App Odyn Sleeve Kernel >nameless
	for file in builtin named nameless; do
		same 1 "$(wc -l <$file)"
		same "Sources Measurements Image" "$(jq -r 'keys_unsorted | join(" ")' $file)"
	done
	cat builtin named nameless | documents "enclaver build"
	enc-run describe-eif application.eif --manifest-file enclaver.yaml >described
	enclaver build -q --eif-only some.eif | tail -n 1 >only
	enc-amend -q -f enclaver.yaml "$(cat path)" | enc-eif -q --measurements measured >/dev/null
	cat described measured only | documents Measurements
}

@test "json: enc-eif and enc-push" {
	requires docker-registry
	enc-amend -q -f enclaver.yaml "$(cat path)" >amended
	{
		enc-eif -q --json <amended
		enc-eif -q --json --sign-cert cert.pem --sign-key key.pem <amended
	} | documents enc-eif/1
	start_registry
	{
		enc-push -q --json --target "$registry_url/one:1" "$(cat path)"
		enc-push -q --json --target "$registry_url/one:1" "$(cat path)"
		enc-pull -q "$registry_url/one:1" |
			enc-push -q --json --target "$registry_url/two:1"
	} | documents enc-push/1
}

@test "json: enc-inspect" {
	local verb
	mkimage images odd:1 >odd <<-'END'
	layer gzip
	file a data=some mode=0644
	link b to=a
	symlink c to=a
	char d major=1 minor=3
	dir e
	fifo f
	END
	enc-amend -q -f enclaver.yaml "$(cat path)" >amended
	enc-eif -q -o plain.eif <amended >/dev/null
	enc-eif -q -o signed.eif --sign-cert cert.pem --sign-key key.pem <amended >/dev/null
	# a signature of something else: the metadata is in none, PCR0 is
	python3 - signed.eif <<-'END'
	import sys, zlib
	data = bytearray(open(sys.argv[1], "rb").read())
	at = data.index(b"console=ttyS0")
	data[at:at + 7] = b"CONSOLE"
	crc = zlib.crc32(data[:544] + data[548:])
	data[544:548] = crc.to_bytes(4, "big")
	open("wrong.eif", "wb").write(data)
	END
	{
		enc-inspect -q --json plain.eif
		enc-inspect -q --json signed.eif
		expect 4 enc-inspect --json wrong.eif
		echo "$output"
	} | documents "enc-inspect/1 eif"
	{
		enc-inspect --json pcrs plain.eif
		enc-inspect --json pcrs signed.eif
		enc-inspect --json verify plain.eif
	} | documents "enc-inspect/1 pcrs"
	{
		attest pcr16="$(printf '%096d' 1)" nonce=01 user=02 public=03 >document
		enc-inspect --json verify --root root.pem document
		attest pcr16="$(printf '%096d' 1)" >document
		enc-inspect --json verify --root root.pem document
		expect 4 enc-inspect --json document
		echo "$output"
	} | documents "enc-inspect/1 attestation"
	{
		enc-inspect --json "$(cat path)"
		enc-inspect --json "$(cat amended)"
		enc-inspect --json "$(printf 'image {"created": null, "os": null, "architecture": null}\nlayer\nfile a\n' |
			mkimage images bare:1)"
	} | documents "enc-inspect/1 image"
	for verb in config history layers path id; do
		enc-inspect --json $verb "$(cat path)" | documents "enc-inspect/1 $verb"
	done
	enc-inspect --json verify "$(cat path)" | documents "enc-inspect/1 path"
	enc-inspect --json ls "$(cat odd)" | documents "enc-inspect/1 files"
	mkimage images other:1 >other <<-'END'
	layer gzip
	file a data=other mode=0644 xattr.user.b=31
	symlink c to=b
	char d major=1 minor=5
	dir e mode=0700
	file g xattr.user.b=31
	link h to=g
	END
	python3 "$abs_top_srcdir/tests/tools/newc.py" <<<'file f' >archive
	enc-eif -q -o parts.eif --ramdisk archive --ramdisk enclaver.yaml \
		--kernel blobs/bzImage --cmdline x >/dev/null
	{
		expect 1 enc-inspect -q --json diff "$(cat odd)" "$(cat other)"
		echo "$output"
		expect 1 enc-inspect -q --json diff "$(cat other)" "$(cat odd)"
		echo "$output"
		expect 1 enc-inspect -q --json diff plain.eif parts.eif
		echo "$output"
		expect 1 enc-inspect -q --json diff parts.eif signed.eif
		echo "$output"
	} | documents "enc-inspect/1 diff"
	# each heading of the page is looked at above, and each type has one
	same "attestation config diff eif files history id image layers path pcrs" \
		"$(sed -n 's|^\.Ss enc-inspect/1 ||p' "$page" | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')"
}

@test "json: enc-run's events, and enc-run ps" {
	inside_setup
	shell 'while [ ! -e /srv/end ]; do busybox sleep 1; done'
	enc-run -q --launcher sandbox -p none --status-fd 5 app.eif >out 2>err 3>&- 5>events &
	until_line events '{"event":"ready"}'
	enc-run ps --json >listed
	kill -TERM $!
	wait $! || true
	# what has a CID, and one port
	jq -c '.enclaves[0].ports = ["127.0.0.1:1:2"] | .enclaves[0].cid = 16' listed >>listed
	jq -c 'select(.event == "started") | .cid = 16' events >>events
	documents "enc-run-ps/1" <listed
	documents "enc-run events" <events
	same "starting started ready stopping exited started" "$(jq -r .event events | tr '\n' ' ' | sed 's/ $//')"
}

# What the page shows, and what came: the same members of the same types
like() {
	jq -S 'map_values(type)' <<<"$1" >shown
	jq -S 'map_values(type)' <<<"$2" | diff -u shown - >&2
}

@test "json: odyn(8) shows what the API answers" {
	local odyn=$abs_top_builddir/tests/odyn-fake text port
	requires curl
	[ -x "$odyn" ] || missing tests/odyn-fake
	mkdir conf
	port=$(free_port)
	{
		minimal_manifest
		echo "api: {listen_port: $port}"
	} >conf/enclaver.yaml
	expect 0 env -i PATH="$PATH" ${ENC_SANDBOX:+"ENC_SANDBOX=$ENC_SANDBOX"} "$odyn" \
		--config-dir conf --no-bootstrap --no-console --linger 0 --vsock v -- \
		sh -c "cd '$T' && for what in random health 'pcr/16/lock -X POST'; do
			curl -sS -m 30 http://127.0.0.1:$port/v1/\$what; done"
	text=$(sed -nE 's/^\.Li (\{.*\}).*/\1/p' "$abs_top_srcdir/man/odyn.8" |
		sed 's/:N,/:0,/; s/:BOOL/:true/')
	like "$(grep random_bytes <<<"$text")" "$(sed -n 1p <<<"$output")"
	like "$(grep odyn-health <<<"$text")" "$(sed -n 2p <<<"$output")"
	like "$(grep odyn-pcr <<<"$text")" "$(sed -n 3p <<<"$output")"
}
