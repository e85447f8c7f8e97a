#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pull.bats - enc-pull: usage, folders and archives; registries are in
# pipe/registry.bats, hostile ones in hostile/registry.bats
load ../helpers
load ../peers

local_setup() {
	requires python3 jq
}

# nothing_stored: the store, if it is there at all, has no image and no
# temporary file.
nothing_stored() {
	[ -d "$ENCLAVER_STORE" ] || return 0
	same "" "$(find "$ENCLAVER_STORE/tmp" -type f)"
	[ ! -e "$ENCLAVER_STORE/index.json" ] ||
		same 0 "$(jq '.manifests | length' "$ENCLAVER_STORE/index.json")"
}

# refused STATUS TEXT IMAGE [OPTION...]: one sentence, no result, no image.
refused() {
	local status_wanted=$1 text=$2 image=$3
	shift 3
	expect "$status_wanted" enc-pull -q "$@" -- "$image"
	same "" "$output"
	same 1 "${#stderr_lines[@]}"
	contains "$stderr" "$text"
	nothing_stored
}

@test "pull: usage" {
	expect 2 enc-pull a b
	contains "$stderr" "one image at a time: what is 'b'?"
	expect 2 enc-pull -j 0 a
	contains "$stderr" "--jobs is a number from 1 to 16, not '0'"
	expect 2 enc-pull --jobs 17 a
	expect 2 enc-pull -j 1x a
	expect 2 enc-pull --tls-verify=maybe a
	contains "$stderr" "--tls-verify is true or false, not 'maybe'"
	for value in '' x 0 -1 +1 ' 1' 1.5G 1GB 17000000T 99999999999999999999; do
		expect 2 enc-pull --max-size "$value" a
		contains "$stderr" "--max-size is a number of bytes, or of k, M, G or T, not '$value'"
	done
	expect 2 enc-pull --platform linux/ a
	contains "$stderr" "'linux/' is not a platform"
	refused 2 "'UPPER' is not the name of a repository" UPPER
	refused 2 "a file is oci-archive:FILE or docker-archive:FILE" ./app.tar
	refused 2 "a file is oci-archive:FILE or docker-archive:FILE" /x/app.tar
	refused 2 "; leave https:// out" https://r.example/app
	refused 2 "name the image by its tag or its ID" "docker-daemon:app@sha256:$(printf %064d 0)"
	refused 2 "'UPPER' is not the name of a repository" docker-daemon:UPPER
	expect 2 enc-pull --if-there app
	contains "$stderr" "--if-there is for docker-daemon:NAME, not for 'app'"
	refused 6 "cannot open 'none'" app --ca-file none
	echo none >no.pem
	refused 3 "'no.pem' has no certificate in PEM" app --ca-file no.pem
	expect 2 enc-pull </dev/null
	contains "$stderr" "no image on standard input"
	[ ! -e "$ENCLAVER_STORE" ]
}

@test "pull: of a file that has the name no registry gives it is said what to call it" {
	export https_proxy=http://127.0.0.1:1
	refused 5 127.0.0.1 app.tar
	[[ $stderr != *docker-archive:* ]]
	: >app.tar
	refused 5 "; the file here is docker-archive:app.tar or oci-archive:app.tar" app.tar
	refused 5 127.0.0.1 docker://app.tar
	[[ $stderr != *docker-archive:* ]]
}

@test "pull: oci: copies an image, and says the same the second time" {
	local image path
	image=$(mkimage_app src app:1)
	path="oci:$T/store:app:1@${image##*@}"
	expect 0 enc-pull oci:src:app:1
	same "$path" "$output"
	same 3 "${#stderr_lines[@]}"
	same "$(manifest_of "$image")" "$(manifest_of "$path")"
	same "$(config_of "$image")" "$(config_of "$path")"
	expect 0 enc-pull oci:src:app:1
	same "$path" "$output"
	same 3 "$(grep -c 'already here' <<<"$stderr")"
	expect 0 enc-pull -q oci:src:app:1
	same "" "$stderr"
	same "" "$(find store/tmp -type f)"
}

@test "pull: the image may come on standard input, as an image path too" {
	local image
	image=$(mkimage_app src app:1)
	expect 0 enc-pull --store other <<<"$image"
	same "oci:$T/other:app:1@${image##*@}" "$output"
	expect 0 enc-pull - <<<"$output"
	same "oci:$T/store:app:1@${image##*@}" "$output"
	# Named by its digest, the image gets no moving name.
	same "[\"app:1@${image##*@}\"]" "$(jq -c '[.manifests[].annotations[]]' store/index.json)"
}

@test "pull: without a name the folder's is taken" {
	local image
	image=$(mkimage_app src/deep app:1)
	expect 0 enc-pull oci:src/deep/
	same "oci:$T/store:deep@${image##*@}" "$output"
	cd src/deep
	expect 0 enc-pull oci:.
	same "oci:$T/store:deep@${image##*@}" "$output"
}

@test "pull: a folder with several images wants a name" {
	mkimage_app src one
	mkimage src two <<<'layer'
	refused 3 "'src' has several images: add :NAME, one of one, two" oci:src
	refused 3 "'src' has no image 'three'; it has one, two" oci:src:three
}

@test "pull: an archive that is a pipe is told from one that is bad" {
	expect 2 enc-pull -q oci-archive:<(echo x)
	contains "$stderr" "is a pipe, and it is read several times: write it to a file"
}

@test "pull: layers beyond --max-size are not begun" {
	local image size
	image=$(mkimage_app src app)
	size=$(manifest_of "$image" | jq '[.layers[].size] | add')
	refused 3 "the layers of 'src' have more than $((size - 1)) bytes, and enc-pull takes no more without a larger --max-size" \
		oci:src --max-size $((size - 1))
	expect 0 enc-pull -q --max-size "$size" oci:src
	# An announcement of any size, and the default.
	rm -rf store
	put_image src app "$(manifest_of "$image" | jq -c '.layers[0].size = 1000000000000')" >layout
	refused 3 "more than 68719476736 bytes" oci:src
}

@test "pull: what is missing or damaged in a folder" {
	local image blob
	refused 6 "cannot open store 'none'" oci:none
	mkdir empty
	refused 3 "'empty' is not an OCI image layout" oci:empty
	image=$(mkimage_app src app)
	blob=$(blob_of src "$(manifest_of "$image" | jq -r '.layers[1].digest')")
	cp "$blob" saved
	printf x | dd of="$blob" bs=1 seek=20 conv=notrunc status=none
	refused 4 "has digest 'sha256:" oci:src
	truncate -s 20 "$blob"
	refused 4 "has not the" oci:src
	rm "$blob"
	refused 3 "is not in" oci:src
	mv saved "$blob"
	blob=$(blob_of src "${image##*@}")
	printf ' ' >>"$blob"
	refused 4 "$(basename "$blob")" oci:src
	refused 4 "was asked for" "$image"
	rm "$blob"
	refused 3 "layout '$T/src' has no 'blobs/sha256/" "$image"
}

@test "pull: oci-archive: plain, gzip, zstd; members in any order" {
	requires tar gzip zstd
	local image name
	image=$(mkimage_app src app:1)
	tar -C src -cf a.tar .
	tar -C src -cf b.tar oci-layout blobs index.json
	gzip -k a.tar
	zstd -q a.tar
	for name in a.tar b.tar a.tar.gz a.tar.zst; do
		rm -rf store
		expect 0 enc-pull -q "oci-archive:$name:app:1"
		same "oci:$T/store:app:1@${image##*@}" "$output"
		same "$(config_of "$image")" "$(config_of "$output")"
	done
	expect 0 enc-pull -q "oci-archive:a.tar:x@${image##*@}"
	same "oci:$T/store:x@${image##*@}" "$output"
	expect 0 enc-pull -q oci-archive:b.tar
	same "oci:$T/store:b.tar@${image##*@}" "$output"
}

@test "pull: faults of an oci-archive" {
	requires tar gzip
	local image blob
	image=$(mkimage_app src app:1)
	tar -C src -cf whole.tar oci-layout index.json blobs
	head -c 3000 whole.tar >cut.tar
	refused 3 "'cut.tar'" oci-archive:cut.tar
	gzip -c whole.tar | head -c 600 >cut.tar.gz
	refused 3 "'cut.tar.gz'" oci-archive:cut.tar.gz
	printf 'no archive at all, but long enough to be looked at\n' >text
	refused 3 "'text'" oci-archive:text
	refused 6 "cannot open archive 'none'" oci-archive:none
	: >nothing
	refused 3 "it has no index.json" oci-archive:nothing
	blob=blobs/sha256/$(manifest_of "$image" | jq -r '.layers[0].digest[7:]')
	tar -C src -cf lacks.tar --exclude "$blob" oci-layout index.json blobs
	refused 3 "lacks layer" oci-archive:lacks.tar
	printf x | dd of="src/$blob" bs=1 seek=20 conv=notrunc status=none
	tar -C src -cf bad.tar oci-layout index.json blobs
	refused 4 "has digest" oci-archive:bad.tar
	printf x >>"src/$blob"
	tar -C src -cf long.tar oci-layout index.json blobs
	refused 4 "were announced" oci-archive:long.tar
}

# What docker save writes, by skopeo: the layout before Docker 25.
@test "pull: docker-archive: of skopeo, the same manifest each time" {
	requires skopeo tar gzip
	local image first
	image=$(mkimage_app src app:1)
	skopeo copy -q "$image" docker-archive:a.tar:r.io/team/app:1
	expect 0 enc-pull -q docker-archive:a.tar
	first=$output
	contains "$first" "oci:$T/store:r.io/team/app:1@sha256:"
	same "$(config_of "$image" | jq -cS .rootfs.diff_ids)" \
		"$(manifest_of "$first" | jq -cS '[.layers[].digest]')"
	rm -rf store
	gzip a.tar
	expect 0 enc-pull -q docker-archive:a.tar.gz:r.io/team/app:1
	same "$first" "$output"
	expect 0 skopeo copy -q "$first" oci:out:x
	rm -rf store
	refused 3 "has no image 'none'; it has r.io/team/app:1" \
		docker-archive:a.tar.gz:none
}

# saved DIR: docker save's legacy layout in DIR, made by hand: two layers of
# which the second is a link to the first's file.
saved() {
	mkdir -p "$1/one" "$1/two" tree
	printf 'hello\n' >tree/file
	tar -C tree -cf "$1/one/layer.tar" file
	ln -s ../one/layer.tar "$1/two/layer.tar"
	local id config
	id=sha256:$(sha256sum "$1/one/layer.tar" | cut -d ' ' -f 1)
	jq -cn --arg d "$id" '{architecture:"amd64",os:"linux",config:{},rootfs:{type:"layers",diff_ids:[$d,$d]}}' >config
	config=$(sha256sum config | cut -d ' ' -f 1)
	mv config "$1/$config.json"
	jq -cn --arg c "$config.json" '[{Config:$c,RepoTags:["app:1"],Layers:["one/layer.tar","two/layer.tar"]}]' >"$1/manifest.json"
}

@test "pull: docker-archive: a layer may be a link to another" {
	requires tar
	local order
	saved d
	for order in "one two" "two one"; do
		rm -rf store
		# shellcheck disable=SC2086 # two words
		(cd d && tar -cf ../s.tar $order -- *.json)
		expect 0 enc-pull -q --platform linux/amd64 docker-archive:s.tar
		contains "$output" "oci:$T/store:docker.io/library/app:1@sha256:"
		same 2 "$(manifest_of "$output" | jq '.layers | length')"
		same 1 "$(manifest_of "$output" | jq '[.layers[].digest] | unique | length')"
	done
}

@test "pull: docker-archive: of several images one must be named" {
	requires tar
	saved d
	jq -c '. + [.[0] | .RepoTags = ["other:2", "r.io/x"]]' d/manifest.json >m
	mv m d/manifest.json
	(cd d && tar -cf ../s.tar -- *)
	refused 3 "has 2 images: add :NAME, one of app:1, other:2, r.io/x" docker-archive:s.tar
	expect 0 enc-pull -q docker-archive:s.tar:r.io/x:latest
	contains "$output" ":r.io/x:latest@sha256:"
}

# Docker 25 and later: an OCI layout with a manifest.json beside it, whose
# layers may be compressed.
@test "pull: docker-archive: with blobs by digest, compressed too" {
	requires tar
	local image digest
	image=$(mkimage_app src app:1)
	jq -c '[{Config:("blobs/sha256/"+.config.digest[7:]),RepoTags:["app:1"],Layers:[.layers[].digest|"blobs/sha256/"+.[7:]]}]' \
		<(manifest_of "$image") >src/manifest.json
	tar -C src -cf h.tar .
	expect 0 enc-pull -q docker-archive:h.tar
	same "$(manifest_of "$image" | jq -cS '[.layers[] | .digest, .size]')" \
		"$(manifest_of "$output" | jq -cS '[.layers[] | .digest, .size]')"
	rm -rf store
	digest=$(manifest_of "$image" | jq -r '.layers[0].digest')
	printf x >>"$(blob_of src "$digest")"
	tar -C src -cf h.tar .
	refused 4 "does not have the digest that is its name" docker-archive:h.tar
}

@test "pull: faults of a docker-archive" {
	requires tar
	saved d
	(cd d && tar -cf ../nolayer.tar -- *.json)
	refused 3 "lacks layer 'one/layer.tar'" docker-archive:nolayer.tar
	(cd d && tar -cf ../noconfig.tar manifest.json one two)
	refused 3 "lacks '" docker-archive:noconfig.tar
	(cd d && tar -cf ../nolist.tar one two)
	refused 3 "has no manifest.json" docker-archive:nolist.tar
	printf x | dd of=d/one/layer.tar bs=1 seek=600 conv=notrunc status=none
	(cd d && tar -cf ../bad.tar -- *)
	refused 4 "has digest" docker-archive:bad.tar
	echo '{"a":' >d/manifest.json
	(cd d && tar -cf ../json.tar -- *)
	refused 3 "not JSON" docker-archive:json.tar
}

@test "pull: an image for another platform: a note, or with --platform an error" {
	mkimage src other <<-'END'
	image {"architecture": "mips64le"}
	layer
	END
	refused 3 "has no image for linux/riscv64: it is for linux/mips64le alone" \
		oci:src --platform linux/riscv64
	expect 0 enc-pull oci:src
	contains "$stderr" "'src' is for linux/mips64le, not for this machine's"
	expect 0 enc-pull -q --platform linux/mips64le oci:src
}

@test "pull: several at once into one store" {
	local i pids=() image
	for i in 1 2 3 4 5 6; do
		image=$(mkimage src "app:$i" <<<"layer
file same data=x
layer
file own data=$i")
		enc-pull -q "$image" >"out$i" 2>"err$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	same "" "$(cat err?)"
	same 6 "$(jq '[.manifests[].digest] | unique | length' store/index.json)"
	same "" "$(find store/tmp -type f)"
}
