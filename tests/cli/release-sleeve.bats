#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# release-sleeve.bats - enc-release: on an image that is named
load ../helpers
load ../peers

local_setup() {
	requires python3 skopeo jq
	echo ramdisk >ramdisk
	make_app_eif ramdisk
}

release() {
	enc-release -q -f enclaver.yaml "$@"
}

@test "release: the sleeve's layers come along into another store" {
	requires umoci
	expect 0 release --sleeve "$sleeve" --store "$T/new" app.eif
	umoci unpack --rootless --image "${output#oci:}" bundle
	same '#!/bin/sh' "$(cat bundle/rootfs/usr/local/bin/enclaver-run)"
}

@test "release: a sleeve with layers of every compression makes a docker-archive" {
	mkimage "$T/mixed" m:1 >path-of-mixed <<-'END'
	config {"Entrypoint": ["x"]}
	layer gzip
	file a data=1
	layer zstd
	file usr/local/bin/enclaver-run mode=0755 data=2
	layer none
	file c data=3
	layer gzip
	file a data=1
	END
	image=$(release --sleeve "$(cat path-of-mixed)" --output docker-archive:d.tar app.eif)
	tar -xf d.tar
	same 6 "$(jq '.[0].Layers | length' manifest.json)"
	jq -r '.[0].Layers[]' manifest.json | while read -r layer; do
		same "${layer%.tar}" "$(sha256sum <"$layer" | cut -d' ' -f1)"
	done
	same "$(config_of "$image" | jq -r '.rootfs.diff_ids[]' | sed 's/sha256://;s/$/.tar/')" \
		"$(jq -r '.[0].Layers[]' manifest.json)"
	same "" "$(tar -tf d.tar | sort | uniq -d)"
	skopeo inspect docker-archive:d.tar >/dev/null
}

@test "release: a named sleeve must be there, and for the architecture" {
	expect 3 release --sleeve sleeve:2 app.eif
	same "enc-release: sleeve 'sleeve:2': no image 'docker.io/library/sleeve:2' in the store '$ENCLAVER_STORE': pull it first, enc-pull sleeve:2" "$stderr"
	sed 's/^  sleeve:.*/  sleeve: docker-daemon:sleeve:1/' enclaver.yaml >daemon.yaml
	expect 3 enc-release -f daemon.yaml app.eif
	contains "$stderr" "enc-release: sources.sleeve 'docker-daemon:sleeve:1' (--sleeve takes a path instead): "
	contains "$stderr" "enc-pull brings an image from there and prints its path"
	arm=$(MKIMAGE_ARCH=arm64 mkimage_sleeve "$T/arm" sleeve:arm)
	expect 3 release --sleeve "$arm" app.eif
	contains "$stderr" "is for linux/arm64, the EIF for linux/amd64: pull the right one, enc-pull --platform linux/amd64"
	expect 0 release --sleeve sleeve:1 app.eif
}

# sleeve_of: an image of the lines on standard input, after a layer with all that
# a sleeve has.
sleeve_of() {
	{
		cat <<-'END'
		layer
		file bin/run mode=0755 data=run
		file usr/local/bin/enc-run mode=0755 data=run
		symlink usr/local/bin/enclaver-run to=enc-run
		END
		cat
	} | mkimage "$T/sleeves" sleeve:1
}

@test "release: a sleeve without enclaver-run is refused before anything is written" {
	local words="has no program '/usr/local/bin/enclaver-run', which starts a release: name another, --sleeve IMAGE, or none"
	local without link=usr/local/bin/enclaver-run
	find "$ENCLAVER_STORE" -type f | sort >before
	# Taken away, with its folder, or what the link leads to; none that runs.
	for without in "whiteout $link" 'opaque usr/local' 'whiteout usr' \
		'whiteout usr/local/bin/enc-run' \
		"file $link mode=0644 data=x" "dir $link" "symlink $link to=enclaver-run" \
		"symlink $link to=/nowhere"; do
		expect 3 release --sleeve "$(printf 'layer\n%s\n' "$without" | sleeve_of)" app.eif
		same "" "$output"
		same "enc-release: sleeve '$(printf 'layer\n%s\n' "$without" | sleeve_of)' $words" "$stderr"
	done
	mkimage "$ENCLAVER_STORE" docker.io/library/none:1 <<<'layer' >path
	find "$ENCLAVER_STORE" -type f | sort >before
	sed -i 's/sleeve:1/none:1/' enclaver.yaml
	expect 3 release app.eif
	same "" "$output"
	same "enc-release: sleeve 'none:1' $words" "$stderr"
	find "$ENCLAVER_STORE" -type f | sort >after
	cmp before after
}

@test "release: enclaver-run may be a link in the sleeve, to what is there" {
	local with link=usr/local/bin/enclaver-run
	for with in 'file x data=x' "symlink $link to=/bin/run" "link $link to=bin/run" \
		"symlink $link to=../../../../../bin/run"; do
		expect 0 release --sleeve "$(printf 'layer\n%s\n' "$with" | sleeve_of)" app.eif
	done
	# usr/local is elsewhere, and the lower layer's is hidden.
	expect 0 release --sleeve "$(sleeve_of <<-'END'
	layer
	whiteout usr
	layer
	symlink usr to=/opt
	file opt/local/bin/enclaver-run mode=0755 data=x
	END
	)" app.eif
}

@test "release: a sleeve whose layer is damaged is refused" {
	blob=$(blob_of "$ENCLAVER_STORE" "$(manifest_of "$sleeve" | jq -r '.layers[0].digest')")
	printf X | dd of="$blob" bs=1 seek=30 conv=notrunc status=none
	expect 4 release app.eif
	same "" "$output"
	contains "$stderr" "enc-release: sleeve 'sleeve:1': "
	contains "$stderr" "has digest 'sha256:"
}
