#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker.bats - docker's own engine, where tests/pipe/daemon.bats has Podman's
# service: images from it and to it
load ../helpers
load ../peers

local_setup() {
	requires root python3 jq curl skopeo
	image=$(mkimage_app source app:1)
	start_dockerd
	docker_load "$image" app:1
}

id_of() {
	docker_api "images/$1/json" | jq -r .Id
}

@test "docker: an image comes in, by name and by ID, and nothing twice" {
	expect 0 enc-pull -q docker-daemon:app:1
	path=$output
	same "$(config_of "$image" | jq -cS .rootfs)" "$(config_of "$path" | jq -cS .rootfs)"
	same "$(id_of app:1)" "$(manifest_of "$path" | jq -r .config.digest)"
	expect 0 enc-pull "docker-daemon:$(id_of app:1)"
	same "$path" "$output"
	same "" "$(grep -v ': already here$' <<<"$stderr")"
	docker_api images/app:1/get -o saved.tar
	expect 0 enc-pull -q docker-archive:saved.tar
	same "$path" "$output"
	expect 5 enc-pull docker-daemon:none
	contains "$stderr" "does not have it: docker pull or docker build it first"
	same "" "$(find "$ENCLAVER_STORE/tmp" -type f)"
}

@test "docker: it builds the base images, and enclaver build is made of them" {
	[ -z "${SAN_CFLAGS:-}" ] || skip 'sanitizers have no static form'
	local scripts=$abs_top_srcdir/scripts
	requires docker
	fake_blobs blobs
	mkdir -p tree/bin tree/libexec
	cp "$(command -v enc-run)" tree/bin
	cp "$(our_odyn)" tree/libexec/odyn
	expect 0 "$scripts/build-docker-images.sh" --build tree --engine docker
	same 'odyn-dev:latest
sleeve:latest' "$output"
	manifest app:1 repo/app:enclave sleeve:latest >enclaver.yaml
	enclaver build -q --blobs blobs >own.json
	sed -i 's/^  sleeve:/  odyn: odyn-dev:latest\n&/' enclaver.yaml
	expect 0 enclaver build -q --blobs blobs
	same "$(id_of odyn-dev:latest)" "$(jq -r .Sources.Odyn.ID <<<"$output")"
	same "$(id_of sleeve:latest)" "$(jq -r .Sources.Sleeve.ID <<<"$output")"
	same "$(jq -c .Measurements own.json)" "$(jq -c .Measurements <<<"$output")"
	expect 0 "$scripts/inspect-base-images.sh" --local --engine docker sleeve:latest
	contains "$output" "$(id_of sleeve:latest)"
	contains "$output" 'ENTRYPOINT ["/usr/local/b'
	contains "$output" "/usr/local/bin/enclaver-run -> enc-run"
}

@test "docker: enclaver build finds the images, and leaves the release there" {
	fake_blobs blobs
	export ENCLAVER_BLOBS="$T/blobs"
	docker_load "$(mkimage_sleeve source)" sleeve:1
	manifest app:1 repo/app:enclave sleeve:1 >enclaver.yaml
	expect 0 enclaver build -q
	same "" "$stderr"
	same "$(id_of app:1)" "$(jq -r .Sources.App.ID <<<"$output")"
	same "$(id_of sleeve:1)" "$(jq -r .Sources.Sleeve.ID <<<"$output")"
	same "$(id_of repo/app:enclave)" "$(jq -r .Image.ID <<<"$output")"
	same '["repo/app:enclave"]' "$(docker_api images/repo/app:enclave/json | jq -c .RepoTags)"
	# What docker hands out again is the EIF that was built.
	expect 0 enclaver build -q --eif-only app.eif
	docker_api images/repo/app:enclave/get -o saved.tar
	expect 0 enc-pull -q --store "$T/again" docker-archive:saved.tar
	layer=$(manifest_of "$output" | jq -r '.layers[-1].digest')
	tar -xOf "$(blob_of again "$layer")" enclave/application.eif | cmp - app.eif
}
