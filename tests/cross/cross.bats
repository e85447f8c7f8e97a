#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# cross.bats - the suite for aarch64, built on x86_64: "make check-cross" builds
# it in cross/.  Its programs run by qemu-user, which knows neither vsock nor
# the sandbox's system calls; the rest of the system is the machine's own.
load ../helpers
load ../peers

CROSS=$abs_top_builddir/cross
ARM=qemu-aarch64-static

local_setup() {
	requires $ARM jq python3
	[ -x "$CROSS/bin/enc-eif" ] || missing "the aarch64 build ($CROSS, by make check-cross)"
	export ENC_SANDBOX=off
	# What a machine has that installed both.
	mkdir -p libexec/aarch64 libexec/x86_64
	ln -s "$(our_odyn)" "$(dirname "$(our_odyn)")/init" libexec
	ln -s "$CROSS/libexec/odyn" "$CROSS/libexec/init" "$CROSS/bin/enc-run" libexec/aarch64
	export ENCLAVER_LIBEXEC=$T/libexec
	minimal_manifest | sed 's/target: "-"/target: app:enclave/' >enclaver.yaml
}

# arm PROGRAM ARGUMENT...: the aarch64 one, whose own odyn and init are those
# for aarch64
arm() {
	local program=$1
	shift
	mkdir -p "$T/arm-libexec/x86_64"
	ln -sf "$CROSS/libexec/odyn" "$CROSS/libexec/init" "$T/arm-libexec"
	ln -sf "$(our_odyn)" "$(dirname "$(our_odyn)")/init" "$T/arm-libexec/x86_64"
	ENCLAVER_LIBEXEC=$T/arm-libexec $ARM "$CROSS/bin/$program" "$@"
}

# both_images: $x86 and $arm, the same application for either, and the kernels
both_images() {
	x86=$(mkimage_app layout app:1)
	arm=$(MKIMAGE_ARCH=arm64 mkimage_app layout app:arm)
	fake_blobs blobs
	mkdir blobs/aarch64
	fake_image blobs/aarch64/Image
	echo 'console=ttyS0 panic=30' >blobs/aarch64/cmdline
}

@test "cross: what is built is for aarch64, and what is static is" {
	local file
	for file in "$CROSS"/bin/enc-* "$CROSS/libexec/odyn" "$CROSS/libexec/init"; do
		contains "$(file -L "$file")" 'ARM aarch64'
	done
	for file in "$CROSS/bin/enc-run" "$CROSS/libexec/odyn" "$CROSS/libexec/init"; do
		contains "$(file -L "$file")" 'statically linked'
	done
}

@test "cross: configure takes no libraries of this machine for those of the other" {
	requires aarch64-linux-gnu-gcc
	mkdir bin
	ln -s /usr/bin/* bin
	rm -f bin/aarch64-linux-gnu-pkg-config
	# The suite exports the CC of this machine; named, it would be taken.
	expect 1 env -u CC -u PKG_CONFIG -u PKG_CONFIG_LIBDIR PATH="$T/bin" \
		"$abs_top_srcdir/configure" -q --host=aarch64-linux-gnu
	contains "$stderr" "configure: error: no aarch64-linux-gnu-pkg-config: for aarch64, scripts/install-deps cross installs it"
}

@test "cross: each program knows its name and version" {
	local file name
	for file in "$CROSS"/bin/enc-*; do
		name=${file##*/}
		expect 0 $ARM "$file" --version
		same "$name (enclaver) $ENC_VERSION" "$output"
		same "" "$stderr"
	done
}

# supervise: odyn as the first process of a namespace; qemu-user has no prctl()
# by which another one could be the reaper of orphans.  It ends as an enclave
# does: it reboots, which in a namespace is a SIGHUP (129).
supervise() {
	timeout 60 unshare --user --map-current-user --keep-caps --pid --fork --kill-child \
		$ARM "$CROSS/libexec/odyn" --config-dir conf --no-bootstrap \
		--no-console --linger 0 --vsock v
}

@test "cross: odyn supervises an application" {
	requires userns
	mkdir conf
	minimal_manifest >conf/enclaver.yaml
	jq -cn --arg cwd "$T" --arg uid "$(id -u)" --arg gid "$(id -g)" \
		--arg groups "$(sed -n 's/^Groups:[[:space:]]*//p' /proc/self/status)" \
		'{schema: "process/1", argv: $ARGS.positional, env: ["WORD=two words"],
		cwd: $cwd, stop_signal: 15, uid: $uid | tonumber, gid: $gid | tonumber,
		groups: ($groups | [scan("[0-9]+") | tonumber])}' \
		--args -- /bin/sh -c 'echo "$WORD in $PWD"; echo err >&2; exit 37' >conf/process.json
	expect 129 supervise
	same "two words in $T" "$output"
	same "err
odyn: application exited with status 37" "$stderr"
	# an error of its own, by its JSON and YAML
	echo 'version: v2' >conf/enclaver.yaml
	expect 129 supervise
	contains "$stderr" "enclaver.yaml"
}

@test "cross: init says that it is no command" {
	expect 2 $ARM "$CROSS/libexec/init"
	contains "$stderr" "init: this is the first process of an enclave"
}

@test "cross: the same bytes on either architecture, for either" {
	local image
	both_images
	for image in "$x86" "$arm"; do
		expect 0 enc-amend -q -f enclaver.yaml "$image"
		amended=$output
		expect 0 arm enc-amend -q -f enclaver.yaml "$image"
		same "$amended" "$output"
		expect 0 enc-eif -q --blobs blobs --measurements here -o here.eif "$amended"
		expect 0 arm enc-eif -q --blobs blobs --measurements there -o there.eif "$amended"
		cmp here.eif there.eif
		cmp here there
		same "$(enc-inspect --json here.eif)" "$(arm enc-inspect --json here.eif)"
	done
}

@test "cross: an arm64 image becomes an EIF and a release on x86_64" {
	both_images
	# an index of both, as registries have for an image of several platforms
	python3 - layout "${x86##*@sha256:}" "${arm##*@sha256:}" <<-'END'
	import hashlib, json, os, sys
	layout, x86, arm = sys.argv[1:]
	def entry(hex, arch):
	    size = os.path.getsize(f"{layout}/blobs/sha256/{hex}")
	    return {"mediaType": "application/vnd.oci.image.manifest.v1+json",
	            "digest": "sha256:" + hex, "size": size,
	            "platform": {"os": "linux", "architecture": arch}}
	index = json.dumps({"schemaVersion": 2,
	    "mediaType": "application/vnd.oci.image.index.v1+json",
	    "manifests": [entry(x86, "amd64"), entry(arm, "arm64")]}).encode()
	hex = hashlib.sha256(index).hexdigest()
	with open(f"{layout}/blobs/sha256/{hex}", "wb") as f:
	    f.write(index)
	with open(f"{layout}/index.json", "w") as f:
	    json.dump({"schemaVersion": 2, "manifests": [
	        {"mediaType": "application/vnd.oci.image.index.v1+json",
	         "digest": "sha256:" + hex, "size": len(index),
	         "annotations": {"org.opencontainers.image.ref.name": "app"}}]}, f)
	END
	sed -i 's|app: .*|app: oci:layout:app}|' enclaver.yaml
	for n in 1 2; do
		expect 0 enc-pull -q --store "store$n" --platform linux/arm64 oci:layout:app
		expect 0 enc-amend -q -f enclaver.yaml "$output"
		same arm64 "$(config_of "$output" | jq -r .architecture)"
		expect 0 enc-eif -q --blobs blobs --measurements "pcrs$n" -o "$n.eif" "$output"
		expect 0 enc-release -q -f enclaver.yaml --store "store$n" "$n.eif"
		echo "${output##*@}" >"release$n"
	done
	cmp 1.eif 2.eif
	cmp pcrs1 pcrs2
	cmp release1 release2
	build=$(ENCLAVER_STORE=$T/store3 enclaver build -q --platform linux/arm64 --blobs blobs)
	same "$(cat release1)" "$(jq -r '.Image.RepoDigest | sub(".*@"; "")' <<<"$build")"
	same 0001 "$(xxd -s 6 -l 2 -p 1.eif)" "bit 0 of the flags"
	same aarch64 "$(enc-inspect --json 1.eif | jq -r .architecture)"
	# the second opinion on what the measurements are
	for n in 0 1 2; do
		same "$(pcr $n 1.eif)" "$(jq -r ".Measurements.PCR$n // .PCR$n" pcrs1)"
	done
	enc-inspect extract 1.eif ramdisk:0 | cpio -i --quiet --to-stdout init |
		cmp - "$CROSS/libexec/init"
	enc-inspect extract 1.eif ramdisk:1 | cpio -i --quiet --to-stdout rootfs/sbin/odyn |
		cmp - "$CROSS/libexec/odyn"
	same arm64 "$(config_of "$output" | jq -r .architecture)"
	tar -xOf "$(blob_of store2 "$(manifest_of "$output" | jq -r '.layers[0].digest')")" \
		usr/local/bin/enc-run | cmp - "$CROSS/bin/enc-run"
	# a machine of the other kind says so
	expect 125 enc-run --eif-file 1.eif --launcher sandbox
	contains "$stderr" "is for aarch64, and this machine is x86_64"
}
