#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# daemon.bats - images from a docker daemon and to it; Podman's service is the
# daemon
load ../helpers
load ../peers

local_setup() {
	requires python3 jq curl
	image=$(mkimage_app source app:1)
	start_podman
}

# other_app: another image of that name.
other_app() {
	mkimage other app:1 <<-'END'
	config {"Entrypoint": ["/other"]}
	layer
	file other mode=0755 data=other
	END
}

# id_of NAME: the daemon's ID of an image, sha256:HEX.
id_of() {
	docker_api "images/$1/json" | jq -r .Id
}

@test "daemon: an image comes in, and nothing twice" {
	docker_load "$image" app:1
	expect 0 enc-pull docker-daemon:app:1
	path=$output
	contains "$path" "oci:$ENCLAVER_STORE:docker.io/library/app:1@sha256:"
	contains "$stderr" "image 'app:1': "
	same "$(config_of "$image" | jq -cS .rootfs)" "$(config_of "$path" | jq -cS .rootfs)"
	same "$(id_of app:1)" "$(manifest_of "$path" | jq -r .config.digest)"
	# Again, by the ID too: the store has it all, and nothing is fetched.
	for name in app:1 "$(id_of app:1)"; do
		expect 0 enc-pull "docker-daemon:$name"
		same "$path" "$output"
		same 3 "${#stderr_lines[@]}"
		same "" "$(grep -v ': already here$' <<<"$stderr")"
	done
	# What docker save would write makes the same manifest.
	docker_api images/app:1/get -o saved.tar
	expect 0 enc-pull -q docker-archive:saved.tar
	same "$path" "$output"
	same "" "$(find "$ENCLAVER_STORE/tmp" -type f)"
}

@test "daemon: the name stays the daemon's: the store files the digest alone" {
	docker_load "$image" app:1
	expect 0 enc-pull -q docker-daemon:app:1
	first=$output
	expect 3 enc-inspect layers app:1
	contains "$stderr" "no image 'docker.io/library/app:1' in the store"
	docker_load "$(other_app)" app:1
	expect 0 enc-pull -q docker-daemon:app:1
	[ "$first" != "$output" ]
	expect 0 enc-inspect layers "$first"
}

@test "daemon: the platform, before anything is fetched" {
	docker_load "$image" app:1
	expect 3 enc-pull --platform linux/arm64 docker-daemon:app:1
	same "" "$output"
	contains "$stderr" "'docker.io/library/app:1' has no image for linux/arm64: it is for linux/amd64 alone"
	same 1 "${#stderr_lines[@]}"
}

@test "daemon: no such image" {
	expect 5 enc-pull docker-daemon:none:1
	same "" "$output"
	same "enc-pull: image 'none:1': the docker daemon at '$DOCKER_HOST' does not have it: docker pull or docker build it first" "$stderr"
	expect 1 enc-pull --if-there docker-daemon:none:1
	same "" "$output$stderr"
	expect 1 enc-pull -v --if-there docker-daemon:none:1
	contains "$stderr" "does not have it"
}

@test "daemon: a release goes there, under the target or another name" {
	fake_blobs blobs
	manifest app:1 repo/app:enclave >enclaver.yaml
	sleeve=$(mkimage_sleeve source)
	fake_odyn odyn
	enc-amend -f enclaver.yaml --odyn odyn "$image" |
		ENCLAVER_BLOBS=$T/blobs enc-eif -q -o app.eif
	expect 0 enc-release -f enclaver.yaml --sleeve "$sleeve" --output docker-daemon: app.eif
	path=$output
	contains "$stderr" "output 'docker-daemon:docker.io/repo/app:enclave': "
	same "$(manifest_of "$path" | jq -r .config.digest)" "$(id_of repo/app:enclave)"
	expect 0 enc-release -q -f enclaver.yaml --sleeve "$sleeve" --output docker-daemon:r.io/x:2 app.eif
	same "$path" "$output"
	same "" "$stderr"
	same "$(id_of repo/app:enclave)" "$(id_of r.io/x:2)"
	# And back: the EIF is in the image as it was.
	expect 0 enc-pull -q --store "$T/again" docker-daemon:r.io/x:2
	layer=$(manifest_of "$output" | jq -r '.layers[-1].digest')
	tar -xOf "$(blob_of again "$layer")" enclave/application.eif | cmp - app.eif
}

@test "daemon: enc-push brings an image of the store there, once" {
	named=$(mkimage_app "$ENCLAVER_STORE" docker.io/library/named:1)
	expect 0 enc-push --target docker-daemon: named:1
	same docker.io/library/named:1 "$output"
	contains "$stderr" "output 'docker-daemon:docker.io/library/named:1': "
	same "$(manifest_of "$named" | jq -r .config.digest)" "$(id_of named:1)"
	expect 0 enc-push --target docker-daemon: named:1
	same docker.io/library/named:1 "$output"
	same "enc-push: 'docker.io/library/named:1': the docker daemon has it" "$stderr"
	# Another image of that name takes it.
	expect 0 enc-push -q --target docker-daemon:named:1 "$(other_app)"
	same docker.io/library/named:1 "$output"
	same "" "$stderr"
	[ "$(manifest_of "$named" | jq -r .config.digest)" != "$(id_of named:1)" ]
	expect 0 enc-push -q --target docker-daemon: named:1
	same "$(manifest_of "$named" | jq -r .config.digest)" "$(id_of named:1)"
}

@test "daemon: enclaver build takes bare names from there, and tags the release there" {
	fake_blobs blobs
	export ENCLAVER_BLOBS="$T/blobs"
	docker_load "$image" app:1
	docker_load "$(mkimage_sleeve source)" sleeve:1
	manifest app:1 app:enclave sleeve:1 >enclaver.yaml
	expect 0 enclaver build -q
	same "" "$stderr"
	same "$(id_of app:1)" "$(jq -r .Sources.App.ID <<<"$output")"
	same "$(id_of sleeve:1)" "$(jq -r .Sources.Sleeve.ID <<<"$output")"
	same "$(id_of app:enclave)" "$(jq -r .Image.ID <<<"$output")"
	# The daemon's image is another one now: so is the next build's.
	docker_load "$(other_app)" app:1
	was=$output
	expect 0 enclaver build -q
	same "$(id_of app:1)" "$(jq -r .Sources.App.ID <<<"$output")"
	[ "$(jq .Measurements.PCR0 <<<"$was")" != "$(jq .Measurements.PCR0 <<<"$output")" ]
	same "$(id_of app:enclave)" "$(jq -r .Image.ID <<<"$output")"
}

@test "daemon: enclaver build looks in the store first, and with --pull in registries alone" {
	fake_blobs blobs
	export ENCLAVER_BLOBS="$T/blobs"
	start_registry
	push "$(other_app)" app:1
	push "$(mkimage_sleeve source)" sleeve:1
	docker_load "$image" "$registry_url/app:1"
	manifest "$registry_url/app:1" app:enclave "$registry_url/sleeve:1" >enclaver.yaml
	# The sleeve is in the registry alone.
	expect 0 enclaver -v build
	same "$(id_of "$registry_url/app:1")" "$(jq -r .Sources.App.ID <<<"$output")"
	contains "$stderr" "image '$registry_url/sleeve:1': the docker daemon at '$DOCKER_HOST' does not have it"
	expect 0 enclaver build -q --pull
	registry_id=$(jq -r .Sources.App.ID <<<"$output")
	[ "$registry_id" != "$(id_of "$registry_url/app:1")" ]
	# What came from the registry has its name in the store, and stays.
	docker_api images/app:enclave -X DELETE
	expect 0 enclaver build -q
	same "$registry_id" "$(jq -r .Sources.App.ID <<<"$output")"
	expect 22 docker_api images/app:enclave/json
	# Unless the manifest names the daemon.
	manifest "docker-daemon:$registry_url/app:1" app:enclave "$registry_url/sleeve:1" >enclaver.yaml
	expect 0 enclaver build -q
	same "$(id_of "$registry_url/app:1")" "$(jq -r .Sources.App.ID <<<"$output")"
	same "$(id_of app:enclave)" "$(jq -r .Image.ID <<<"$output")"
}
