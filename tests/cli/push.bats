#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push.bats - enc-push: usage, and what is left when it is killed; registries
# are in pipe/push.bats, hostile ones in hostile/push.bats
load ../helpers
load ../peers

local_setup() {
	requires python3 jq
	image=$(mkimage_app src app:1)
}

# refused STATUS TEXT ARGUMENT...: one sentence and no result.
refused() {
	local status_wanted=$1 text=$2
	shift 2
	expect "$status_wanted" enc-push -q "$@"
	same "" "$output"
	same 1 "${#stderr_lines[@]}"
	contains "$stderr" "$text"
}

@test "push: usage" {
	expect 2 enc-push a b
	contains "$stderr" "one image at a time: what is 'b'?"
	expect 2 enc-push -j 17 a
	contains "$stderr" "--jobs is a number from 1 to 16, not '17'"
	expect 2 enc-push --tls-verify=maybe a
	contains "$stderr" "--tls-verify is true or false, not 'maybe'"
	expect 2 enc-push </dev/null
	contains "$stderr" "no image on standard input"
	refused 2 "'UPPER' is not the name of a repository" UPPER
	refused 2 "'UPPER' is not the name of a repository" --target UPPER "$image"
	refused 3 "no image 'docker.io/library/app:1' in the store" app:1
	# What is no registry's would be on Docker Hub otherwise.
	refused 2 "'oci:x' is not the name of a repository" --target oci:x "$image"
	refused 2 "enc-pull brings an image from there" docker-archive:da2.tar
	refused 2 "enc-pull brings an image from there" docker-daemon:localhost/app:1
	refused 5 "DOCKER_HOST: no docker daemon at '$DOCKER_HOST'" --target docker-daemon: "$image"
	for option in --json --authfile=x --ca-file=x --tls-verify=false; do
		expect 2 enc-push --target docker-daemon: "$option" "$image"
		contains "$stderr" "--json, --authfile, --ca-file and --tls-verify are for registries"
	done
	expect 2 enc-push --target docker-daemon:UPPER "$image"
	contains "$stderr" "target 'docker-daemon:UPPER': 'UPPER' is not the name of a repository"
	expect 2 enc-push --target "docker-daemon:x@sha256:$(printf %064d 0)" "$image"
	contains "$stderr" "has a digest, which the docker daemon would not know"
	refused 6 "'none.yaml'" -f none.yaml
	refused 6 "cannot open 'none'" --ca-file none "$image"
}

@test "push: into archives, which appear whole" {
	requires skopeo
	named=$(mkimage_app "$ENCLAVER_STORE" docker.io/library/named:1)
	expect 0 enc-push --target docker-archive:d.tar named:1
	same docker.io/library/named:1 "$output"
	same "" "$stderr"
	same '["docker.io/library/named:1"]' "$(skopeo list-tags docker-archive:d.tar | jq -c .Tags)"
	same "$(config_of "$named" | sha256sum)" \
		"$(skopeo inspect --raw --config docker-archive:d.tar | sha256sum)"
	expect 0 enc-push --target oci-archive:o.tar "$named"
	same docker.io/library/named:1 "$output"
	same "${named##*@}" "$(skopeo inspect --format '{{.Digest}}' oci-archive:o.tar)"
	refused 6 "nowhere/" --target oci-archive:nowhere/x.tar named:1
	expect 2 enc-push --target oci-archive: named:1
	contains "$stderr" "names no file"
	layer=$(blob_of "$ENCLAVER_STORE" "$(manifest_of "$named" | jq -r '.layers[0].digest')")
	chmod u+w "$layer"
	printf X | dd of="$layer" bs=1 seek=30 conv=notrunc status=none
	expect 4 enc-push --target oci-archive:bad.tar named:1
	same "" "$output"
	[ ! -e bad.tar ]
	run ls -A
	[[ $output != *.tmp* ]]
}

@test "push: an image of --store by its name, and what -f names" {
	local port
	port=$(free_port)
	manifest app:1 "127.0.0.1:$port/app:enclave" sleeve:1 >enclaver.yaml
	# There it is, and there is no registry.
	mkimage_app src "127.0.0.1:$port/app:enclave" >path
	refused 5 "cannot connect to '127.0.0.1:$port'" --store src "127.0.0.1:$port/app:enclave"
	refused 5 "cannot connect to '127.0.0.1:$port'" --store src -f enclaver.yaml
	refused 5 "cannot connect to '127.0.0.1:$port'" --store src -f - <enclaver.yaml
	refused 3 "target of 'enclaver.yaml' (is it built?): no image" -f enclaver.yaml
	# A manifest without -f is not taken for an image that is missing.
	refused 2 "'enclaver.yaml' is a file, not an image: to push the release image that a manifest names, give -f enclaver.yaml" enclaver.yaml
	manifest app:1 App sleeve:1 >bad.yaml
	refused 3 "enc-push: bad.yaml: target 'App': 'App' is not the name of a repository" -f bad.yaml
	# An argument is pushed whatever the manifest names.
	refused 3 "no image 'docker.io/library/none:1'" -f enclaver.yaml none:1
	refused 3 "no image 'docker.io/library/none:1'" -f enclaver.yaml - <<<none:1
}

@test "push: what a layout lacks is bad input, to its neighbours too, and said with what it has" {
	local there="'$T/src' has no image 'nope'; it has app:1"
	refused 3 "$there" oci:src:nope
	manifest app:1 r.io/app:enclave sleeve:1 >enclaver.yaml
	expect 3 enc-amend -q -f enclaver.yaml oci:src:nope
	contains "$stderr" "$there"
	expect 3 enc-inspect -q oci:src:nope
	contains "$stderr" "$there"
	expect 3 enc-inspect -q ls oci:src:nope
	contains "$stderr" "$there"
}

# tree: every file here and what is in it.
tree() {
	find src "$HOME" "$ENCLAVER_STORE" -type f -exec sha256sum {} + 2>/dev/null | sort
}

@test "push: a kill in the middle leaves nothing here, and no name there" {
	local signal before pid
	export PUSHED=$T/pushed
	image=$(mkimage src big:1 <<<"layer none
file one size=3000000 fill=1")
	start_stub push-hold
	enc-inspect -q layers "$image" >listed
	before=$(tree)
	for signal in KILL HUP TERM; do
		rm -f "$PUSHED/held"
		# nohup, which may be above us, has us ignore one of them
		env --default-signal enc-push -q --target "$stub/app:1" \
			"$image" >out 2>err 3>&- &
		pid=$!
		until [ -e "$PUSHED/held" ]; do sleep 0.05; done
		kill -s "$signal" "$pid"
		wait "$pid" && return 1
		same "" "$(cat out err)"
		same "$before" "$(tree)"
		[ ! -e "$PUSHED/app/1" ]
	done
	start_stub push-good
	expect 0 enc-push -q --target "$stub/app:1" "$image"
	same "$(manifest_of "$image")" "$(cat "$PUSHED/app/1")"
}
