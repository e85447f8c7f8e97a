#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# release.bats - enc-release: an EIF becomes an image that runs it
load ../helpers
load ../peers

local_setup() {
	requires python3 skopeo jq
	head -c 20000 /dev/zero | tr '\0' r >ramdisk
	make_app_eif ramdisk
}

release() {
	enc-release -q -f enclaver.yaml "$@"
}

# layer_of IMAGE N: the blob of a layer.
layer_of() {
	local rest=${1#oci:}
	blob_of "${rest%%:*}" "$(manifest_of "$1" | jq -r ".layers[$2].digest")"
}

note_of() {
	manifest_of "$1" | jq -r ".annotations[\"$2\"]"
}

# signed_eif NAME: NAME.pem, NAME.key and NAME.eif.
signed_eif() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes \
		-keyout "$1.key" -out "$1.pem" -days 30 -subj "/CN=$1" 2>/dev/null
	enc-eif -q --kernel blobs/bzImage --cmdline console=ttyS0 \
		--ramdisk ramdisk --sign-cert "$1.pem" --sign-key "$1.key" \
		-o "$1.eif" >/dev/null
}

@test "release: sleeve, manifest and EIF" {
	expect 0 enc-release -f enclaver.yaml app.eif
	contains "$output" "oci:$ENCLAVER_STORE:docker.io/repo/app:enclave@sha256:"
	image=$output
	same 3 "$(manifest_of "$image" | jq '.layers | length')"
	same "$(layer_of "$sleeve" 0)" "$(layer_of "$image" 0)" "the sleeve's layer"
	tar -tvf "$(layer_of "$image" 1)" --full-time --utc --numeric-owner >list
	same "drwxr-xr-x 0/0 0 1970-01-01 00:00:00 enclave/
-rw-r--r-- 0/0 $(stat -c %s enclaver.yaml) 1970-01-01 00:00:00 enclave/enclaver.yaml" \
		"$(tr -s ' ' <list)"
	tar -xOf "$(layer_of "$image" 1)" enclave/enclaver.yaml | cmp - enclaver.yaml
	same enclave/application.eif "$(tar -tf "$(layer_of "$image" 2)")"
	tar -xOf "$(layer_of "$image" 2)" enclave/application.eif | cmp - app.eif
	tail -c +4097 "$(layer_of "$image" 2)" | head -c "$(stat -c %s app.eif)" |
		cmp - app.eif
	skopeo inspect --config --raw "$image" >config
	same '{"Entrypoint":["/usr/local/bin/enclaver-run"]}' "$(jq -c .config config)"
	same amd64 "$(jq -r .architecture config)"
	for i in 0 1 2; do
		same "$(pcr $i app.eif)" "$(note_of "$image" io.enclaver.pcr$i)"
	done
	same null "$(note_of "$image" io.enclaver.pcr8)"
	same docker.io/library/sleeve:1 "$(note_of "$image" org.opencontainers.image.base.name)"
	same "${sleeve##*@}" "$(note_of "$image" org.opencontainers.image.base.digest)"
}

@test "release: skopeo copies it, umoci unpacks it, the name moves" {
	requires umoci
	image=$(release app.eif)
	skopeo copy -q --preserve-digests "$image" "oci:$T/copy:x"
	same "${image##*@}" "$(skopeo inspect --format '{{.Digest}}' "oci:$T/copy:x")"
	umoci unpack --rootless --image "$T/copy:x" bundle
	cmp bundle/rootfs/enclave/application.eif app.eif
	cmp bundle/rootfs/enclave/enclaver.yaml enclaver.yaml
	same "${image##*@}" "$(skopeo inspect --format '{{.Digest}}' \
		"oci:$ENCLAVER_STORE:docker.io/repo/app:enclave")"
	echo '# another' >>enclaver.yaml
	second=$(release app.eif)
	[ "$image" != "$second" ]
	same "${second##*@}" "$(skopeo inspect --format '{{.Digest}}' \
		"oci:$ENCLAVER_STORE:docker.io/repo/app:enclave")"
	same "${image##*@}" "$(skopeo inspect --format '{{.Digest}}' "$image")"
}

@test "release: same inputs, same bytes, whatever the surroundings" {
	first=$(release app.eif)
	mkdir elsewhere
	cp app.eif elsewhere/other.eif
	cp enclaver.yaml elsewhere
	cd elsewhere
	second=$(umask 077; TZ=Asia/Tokyo LC_ALL=C.UTF-8 enc-release -q -f - \
		--store "$T/store2" --sleeve "$sleeve" other.eif <enclaver.yaml)
	same "${first##*@}" "${second##*@}"
	contains "$second" "oci:$T/store2:"
}

@test "release: --target and SOURCE_DATE_EPOCH" {
	expect 0 release --target 127.0.0.1:5000/x app.eif
	contains "$output" ":127.0.0.1:5000/x:latest@sha256:"
	SOURCE_DATE_EPOCH=86400 expect 0 release app.eif
	same 1970-01-02T00:00:00Z "$(config_of "$output" | jq -r .created)"
	expect 2 release --target 'Not A Name' app.eif
	contains "$stderr" "target 'Not A Name'"
	expect 2 release --target "x@sha256:$(printf 0 | sha256sum | cut -c-64)" app.eif
	contains "$stderr" "has a digest, which nobody knows yet"
	sed -i 's/target: .*/target: "A B"/' enclaver.yaml
	expect 3 release app.eif
	contains "$stderr" "target 'A B'"
}

@test "release: oci-archive and docker-archive, read by skopeo" {
	image=$(release --output oci-archive:o.tar app.eif)
	same "$image" "$(release --output docker-archive:d.tar app.eif)"
	same "${image##*@}" "$(skopeo inspect --format '{{.Digest}}' oci-archive:o.tar)"
	same "$(config_of "$image" | sha256sum)" \
		"$(skopeo inspect --raw --config oci-archive:o.tar | sha256sum)"
	same '["docker.io/repo/app:enclave"]' "$(skopeo list-tags docker-archive:d.tar | jq -c .Tags)"
	same "$(config_of "$image" | jq -c .rootfs)" \
		"$(skopeo inspect --raw --config docker-archive:d.tar | jq -c .rootfs)"
	skopeo copy -q docker-archive:d.tar "oci:$T/from-docker:x"
	skopeo copy -q oci-archive:o.tar "oci:$T/from-oci:x"
	same "${image##*@}" "$(enc-pull -q oci-archive:o.tar | sed 's/.*@//')"
	same "$(config_of "$image" | jq -c .rootfs)" \
		"$(config_of "$(enc-pull -q docker-archive:d.tar)" | jq -c .rootfs)"
	requires umoci
	umoci unpack --rootless --image "$T/from-docker:x" one
	umoci unpack --rootless --image "$T/from-oci:x" two
	diff -r one/rootfs two/rootfs
	cmp one/rootfs/enclave/application.eif app.eif
}

@test "release: archives are the same bytes each time, and appear whole" {
	release --output oci-archive:a.tar app.eif >/dev/null
	release --output docker-archive:b.tar app.eif >/dev/null
	(
		umask 027
		release --store "$T/s2" --sleeve "$sleeve" --output oci-archive:c.tar app.eif
		release --store "$T/s2" --sleeve "$sleeve" --output docker-archive:d.tar app.eif
	) >/dev/null
	cmp a.tar c.tar
	cmp b.tar d.tar
	expect 6 release --output oci-archive:nowhere/x.tar app.eif
	same "" "$output"
	contains "$stderr" "nowhere/"
	expect 2 release --output tar:x app.eif
	contains "$stderr" "output 'tar:x' is neither oci-archive:FILE nor docker-archive:FILE"
	expect 2 release --output oci-archive: app.eif
	contains "$stderr" "names no file"
}

@test "release: one whose blob is damaged is not exported" {
	image=$(release app.eif)
	blob=$(layer_of "$image" 0)
	printf X | dd of="$blob" bs=1 seek=30 conv=notrunc status=none
	expect 4 enc-push -q --target oci-archive:o.tar "$image"
	same "" "$output"
	contains "$stderr" "has digest 'sha256:"
	[ ! -e o.tar ]
	run ls -A
	[[ $output != *.tmp* ]]
	expect 4 enc-push -q --target docker-archive:o.tar "$image"
	same "" "$output"
	contains "$stderr" "and the configuration says 'sha256:"
	[ ! -e o.tar ]
}

@test "release: the manifest's signature is asked for" {
	requires openssl
	signed_eif one
	signed_eif two
	expect 0 release one.eif
	pcr8=$({
		head -c 48 /dev/zero
		openssl x509 -in one.pem -outform DER | openssl dgst -sha384 -binary
	} | sha384sum | cut -d' ' -f1)
	same "$pcr8" "$(note_of "$output" io.enclaver.pcr8)"
	echo 'signature: {certificate: one.pem, key: one.key}' >>enclaver.yaml
	expect 0 release one.eif
	same "sha256:$(openssl x509 -in one.pem -outform DER | sha256sum | cut -d' ' -f1)" \
		"$(note_of "$output" io.enclaver.signature.certificate)"
	find "$ENCLAVER_STORE" -type f | sort >before
	expect 4 release two.eif
	same "" "$output"
	contains "$stderr" "'two.eif' is signed by 'CN=two' (sha256:"
	contains "$stderr" "not by the manifest's certificate 'one.pem'"
	expect 4 release app.eif
	same "enc-release: 'app.eif' is not signed, and the manifest asks for a signature: build it with enc-eif -f" "$stderr"
	find "$ENCLAVER_STORE" -type f | sort >after
	cmp before after
}

@test "release: a damaged EIF is refused before anything is written" {
	find "$ENCLAVER_STORE" -type f | sort >before
	cp app.eif bad.eif
	printf X | dd of=bad.eif bs=1 seek=10000 conv=notrunc status=none
	expect 4 release bad.eif
	same "" "$output"
	contains "$stderr" "'bad.eif' is damaged"
	head -c 9000 app.eif >short.eif
	expect 3 release short.eif
	same "" "$output"
	expect 3 release enclaver.yaml
	contains "$stderr" "enclaver.yaml"
	expect 6 release nothing.eif
	same "enc-release: cannot open 'nothing.eif': No such file or directory" "$stderr"
	find "$ENCLAVER_STORE" -type f | sort >after
	cmp before after
}

# no_sleeve: the manifest names none, and enc-run is a file of $T.
no_sleeve() {
	sed -i '/sleeve:/d' enclaver.yaml
	mkdir libexec
	fake_runner libexec/enc-run
	export ENCLAVER_LIBEXEC=$T/libexec
}

@test "release: without a sleeve it begins with enc-run and what an engine needs" {
	no_sleeve
	expect 0 enc-release -f enclaver.yaml app.eif
	image=$output
	same 3 "$(manifest_of "$image" | jq '.layers | length')"
	tar -tvf "$(layer_of "$image" 0)" --full-time --utc --numeric-owner |
		sed 's| 0/0  *\([0-9]*\) 1970-01-01 00:00:00 | \1 |' >list
	same "drwxr-xr-x 0 dev/
drwxr-xr-x 0 etc/
-rw-r--r-- 10 etc/group
-rw-r--r-- 32 etc/passwd
dr-xr-xr-x 0 proc/
drwxr-xr-x 0 run/
drwxr-xr-x 0 run/enclaver/
drwxr-xr-x 0 run/nitro_enclaves/
dr-xr-xr-x 0 sys/
drwxrwxrwt 0 tmp/
drwxr-xr-x 0 usr/
drwxr-xr-x 0 usr/local/
drwxr-xr-x 0 usr/local/bin/
-rwxr-xr-x 120 usr/local/bin/enc-run
lrwxrwxrwx 0 usr/local/bin/enclaver-run -> enc-run
drwxr-xr-x 0 var/
drwxr-xr-x 0 var/log/
drwxr-xr-x 0 var/log/nitro_enclaves/" "$(cat list)"
	tar -xOf "$(layer_of "$image" 0)" usr/local/bin/enc-run | cmp - libexec/enc-run
	same enclave/application.eif "$(tar -tf "$(layer_of "$image" 2)")"
	skopeo inspect --config --raw "$image" >config
	same '{"Entrypoint":["/usr/local/bin/enclaver-run"]}' "$(jq -c .config config)"
	same "amd64 linux" "$(jq -r '.architecture + " " + .os' config)"
	same '["enc-release","enc-release","enc-release"]' "$(jq -c '[.history[].created_by]' config)"
	same "sha256:$(sha256sum <libexec/enc-run | cut -d' ' -f1)" \
		"$(note_of "$image" io.enclaver.runner)"
	same null "$(note_of "$image" org.opencontainers.image.base.digest)"
	expect 0 release --json app.eif
	same "{\"ID\":\"sha256:$(sha256sum <libexec/enc-run | cut -d' ' -f1)\",\"Name\":\"builtin\"}" \
		"$(jq -c .Sources.Sleeve <<<"$output")"
	expect 0 enc-release -v -f enclaver.yaml app.eif
	contains "$stderr" "is built on runner '$T/libexec/enc-run'"
}

@test "release: without a sleeve, same inputs, same bytes, and one blob of enc-run" {
	no_sleeve
	first=$(release app.eif)
	mkdir elsewhere
	cp app.eif elsewhere/other.eif
	cp libexec/enc-run elsewhere/mine
	chmod 0600 elsewhere/mine
	touch -d 2001-01-01 elsewhere/mine
	cd elsewhere
	second=$(umask 077; TZ=Asia/Tokyo LC_ALL=C.UTF-8 enc-release -q -f - \
		--store "$T/store2" --runner mine other.eif <../enclaver.yaml)
	same "${first##*@}" "${second##*@}"
	cd ..
	find "$ENCLAVER_STORE/blobs" -type f | sort >before
	stat -c '%i %Y' "$(layer_of "$first" 0)" >layer
	third=$(release --target other app.eif)
	same "$(layer_of "$first" 0)" "$(layer_of "$third" 0)"
	find "$ENCLAVER_STORE/blobs" -type f | sort >after
	same "" "$(diff before after)"
}

# dated TIME: metadata of an EIF that was built then.
dated() {
	enc-inspect extract app.eif metadata |
		jq -c --arg time "$1" '.BuildMetadata.BuildTime = $time'
}

@test "release: without a sleeve the date is the EIF's, or SOURCE_DATE_EPOCH" {
	no_sleeve
	enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk ramdisk \
		--metadata <(dated 2026-11-23T06:55:00.5+02:00) \
		-o dated.eif >/dev/null
	same 2026-11-23T04:55:00Z "$(config_of "$(release dated.eif)" | jq -r .created)"
	same 1970-01-02T00:00:00Z \
		"$(config_of "$(SOURCE_DATE_EPOCH=86400 release dated.eif)" | jq -r .created)"
	enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk ramdisk \
		--metadata <(dated yesterday) \
		-o undated.eif >/dev/null
	same null "$(config_of "$(release undated.eif)" | jq -r .created)"
}

@test "release: without a sleeve skopeo copies it, umoci unpacks it, in both archives" {
	requires umoci
	no_sleeve
	image=$(release --output oci-archive:o.tar app.eif)
	same "$image" "$(release --output docker-archive:d.tar app.eif)"
	skopeo copy -q docker-archive:d.tar "oci:$T/from-docker:x"
	skopeo copy -q oci-archive:o.tar "oci:$T/from-oci:x"
	umoci unpack --rootless --image "$T/from-docker:x" one
	umoci unpack --rootless --image "$T/from-oci:x" two
	diff -r one/rootfs two/rootfs
	cmp one/rootfs/enclave/application.eif app.eif
	cmp one/rootfs/usr/local/bin/enclaver-run libexec/enc-run
	[ -x one/rootfs/usr/local/bin/enclaver-run ]
	same 1777 "$(stat -c %a one/rootfs/tmp)"
	same '["/usr/local/bin/enclaver-run"]' "$(jq -c .process.args one/config.json)"
}

@test "release: the runner must be there, static, and for the architecture" {
	no_sleeve
	fake_runner arm b7
	expect 3 release --runner arm app.eif
	same "enc-release: the runner 'arm' is for architecture arm64, the EIF for amd64: give the right enc-run, --runner FILE" "$stderr"
	expect 3 release --runner enclaver.yaml app.eif
	same "enc-release: the runner 'enclaver.yaml' is not a program (ELF)" "$stderr"
	cp /bin/true dynamic
	expect 3 release --runner dynamic app.eif
	contains "$stderr" "the runner 'dynamic' is not static"
	fake_odyn headers
	head -c 200000 "$(command -v enc-run)" >piece
	for file in headers piece; do
		expect 3 release --runner $file app.eif
		contains "$stderr" "the runner '$file' is not static, or not whole"
	done
	expect 3 release --runner /dev/null app.eif
	contains "$stderr" "the runner '/dev/null' is not a file"
	expect 6 release --runner none app.eif
	same "enc-release: cannot open the runner 'none' (give --runner FILE, or a sleeve to build on): No such file or directory" "$stderr"
	expect 2 release --runner arm --sleeve sleeve:1 app.eif
	contains "$stderr" "--runner is for an image without a sleeve, and --sleeve names one"
	same "" "$output"
}

@test "release: for another architecture enc-run is in the folder of its name" {
	no_sleeve
	head -c 56 /dev/zero >Image
	printf 'ARM\x64' >>Image
	head -c 1000 /dev/zero >>Image
	echo ramdisk >r0
	enc-eif -q --kernel Image --cmdline x --ramdisk r0 -o arm.eif
	expect 6 enc-release -f enclaver.yaml arm.eif
	same "" "$output"
	same "enc-release: no enc-run for aarch64, cannot open '$T/libexec/aarch64/enc-run' (install the package enclaver-odyn, give --runner FILE, or a sleeve to build on): No such file or directory" "$stderr"
	mkdir libexec/aarch64
	cp libexec/enc-run libexec/aarch64
	expect 3 enc-release -f enclaver.yaml arm.eif
	contains "$stderr" "the runner '$T/libexec/aarch64/enc-run' is for architecture amd64, the EIF for arm64"
	fake_runner libexec/aarch64/enc-run b7
	expect 0 enc-release -f enclaver.yaml arm.eif
	tar -xOf "$(layer_of "$output" 0)" usr/local/bin/enc-run | cmp - libexec/aarch64/enc-run
	same arm64 "$(config_of "$output" | jq -r .architecture)"
}

@test "release: --runner goes before the manifest's sleeve; enc-run is beside us" {
	fake_runner mine
	echo mine >>mine
	image=$(release --runner mine app.eif)
	tar -xOf "$(layer_of "$image" 0)" usr/local/bin/enc-run | cmp - mine
	sed -i '/sleeve:/d' enclaver.yaml
	image=$(release --runner mine app.eif)
	mkdir bin
	cp "$(command -v enc-release)" bin
	cp mine bin/enc-run
	same "$image" "$(bin/enc-release -q -f enclaver.yaml app.eif)"
	same "$image" "$(ENCLAVER_LIBEXEC=/nowhere bin/enc-release -q -f enclaver.yaml app.eif)"
}

@test "release: --json tells of the build" {
	fake_odyn odyn
	app=$(mkimage_app "$ENCLAVER_STORE" docker.io/library/app:1)
	amended=$(enc-amend -f enclaver.yaml --odyn odyn "$app")
	expect 0 release --json --amended "$amended" app.eif
	jq . <<<"$output" >build.json
	image=$(skopeo inspect --raw "oci:$ENCLAVER_STORE:docker.io/repo/app:enclave" | sha256sum | cut -d' ' -f1)
	same '["Sources","Measurements","Image"]' "$(jq -c keys_unsorted build.json)"
	same '["App","Odyn","NitroCLI","Sleeve"]' "$(jq -c '.Sources | keys_unsorted' build.json)"
	same "docker.io/library/app@${app##*@}" "$(jq -r .Sources.App.RepoDigest build.json)"
	same docker.io/library/app:1 "$(jq -r .Sources.App.Name build.json)"
	same "$(manifest_of "$app" | jq -r .config.digest)" "$(jq -r .Sources.App.ID build.json)"
	same "{\"ID\":\"sha256:$(sha256sum <odyn | cut -d' ' -f1)\",\"Name\":\"builtin\"}" \
		"$(jq -c .Sources.Odyn build.json)"
	same "{\"ID\":\"sha256:$(sha256sum <blobs/bzImage | cut -d' ' -f1)\",\"Name\":\"builtin\"}" \
		"$(jq -c .Sources.NitroCLI build.json)"
	same docker.io/library/sleeve:1 "$(jq -r .Sources.Sleeve.Name build.json)"
	same "{\"PCR0\":\"$(pcr 0 app.eif)\",\"PCR1\":\"$(pcr 1 app.eif)\",\"PCR2\":\"$(pcr 2 app.eif)\"}" \
		"$(jq -c .Measurements build.json)"
	same docker.io/repo/app:enclave "$(jq -r .Image.Name build.json)"
	same "docker.io/repo/app@sha256:$image" "$(jq -r .Image.RepoDigest build.json)"
	expect 3 release --json --amended "$app" app.eif
	contains "$stderr" "it was not made by enc-amend"
	expect 3 release --json --nitro-cli none:1 app.eif
}

@test "release: the path of the EIF comes through the pipe too" {
	first=$(release app.eif)
	expect 0 release <path
	contains "$(cat path)" app.eif
	same "$first" "$output"
	expect 0 release - <path
	same "$first" "$output"
	expect 2 release </dev/null
	contains "$stderr" "no path of an EIF on standard input"
}

@test "release: usage" {
	expect 2 enc-release
	same $'enc-release: no manifest: give --file enclaver.yaml\nenc-release: try \'enc-release --help\'' "$stderr"
	expect 2 enc-release -f -
	contains "$stderr" "standard input is the manifest: give the EIF as an argument"
	expect 2 release a b
	contains "$stderr" "more than one EIF: 'b'"
	expect 2 release --amended x app.eif
	contains "$stderr" "--amended is for --json"
	expect 2 release --nitro-cli x app.eif
	contains "$stderr" "--nitro-cli is for --json"
	printf 'version: v3\n' >wrong.yaml
	expect 3 enc-release -f wrong.yaml app.eif
	contains "$stderr" "wrong.yaml:1:10: "
}

@test "release: the EIF begins at 4096 in its layer, after one padding record" {
	image=$(release app.eif)
	same "ustar" "$(tail -c +258 "$(layer_of "$image" 2)" | head -c 5)"
	same "enclave/application.eif" "$(tail -c +3585 "$(layer_of "$image" 2)" |
		head -c 100 | tr -d '\0')"
	same ".eif" "$(tail -c +4097 "$(layer_of "$image" 2)" | head -c 4)"
	same 0 "$((($(stat -c %s "$(layer_of "$image" 2)")) % 512))"
}

@test "release: a kill in the middle leaves no blob and no file" {
	find "$ENCLAVER_STORE" -type f ! -path '*/tmp/*' | sort >before
	head -c 300000000 /dev/zero >ramdisk
	enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk ramdisk -o big.eif >/dev/null
	enc-release -q -f enclaver.yaml big.eif >out &
	pid=$!
	# Killed once it has written a good part of the layer.
	until awk '$1 == "wchar:" && $2 > 1000000 { n = 1 } END { exit !n }' \
		"/proc/$pid/io"; do
		kill -0 "$pid"
	done
	kill -KILL "$pid"
	wait "$pid" || same 137 "$?"
	same "" "$(cat out)"
	find "$ENCLAVER_STORE" -type f ! -path '*/tmp/*' ! -path '*/blobs/*' | sort >after
	same "" "$(grep -v /blobs/ before | diff - after)"
	expect 0 release app.eif
	same "" "$(ls -A "$ENCLAVER_STORE/tmp")"
}
