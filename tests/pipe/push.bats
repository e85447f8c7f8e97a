#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push.bats - enc-push and enc-release --push, with Debian's docker-registry
#
# What is pushed is taken back by skopeo and has the digest that it had.
load ../helpers
load ../peers

local_setup() {
	requires python3 jq skopeo
	start_registry
}

# back REPO[:TAG|@DIGEST]: the digest of what skopeo takes back.
back() {
	rm -rf "$T/back"
	skopeo copy -q --preserve-digests --src-tls-verify=false \
		"docker://$registry_url/$1" "dir:$T/back"
	skopeo manifest-digest "$T/back/manifest.json"
}

# how WHAT: how many blobs of the JSON in $output were uploaded, mounted, present.
how() {
	jq -r --arg what "$1" '.blobs[$what] | length' <<<"$output"
}

@test "push: skopeo takes back what was pushed, by tag and by digest" {
	local image digest
	image=$(mkimage_app src "$registry_url/team/app:1")
	digest=${image##*@}
	expect 0 enc-push "$image"
	same "$registry_url/team/app@$digest" "$output"
	same 3 "$(grep -cE '^enc-push: (config|layer) [0-9a-f]{12}: ' <<<"$stderr")"
	same "$digest" "$(back team/app:1)"
	same "$digest" "$(back "team/app@$digest")"
	same "$(manifest_of "$image")" "$(cat back/manifest.json)"
	# And so do we.
	expect 0 enc-pull -q "$registry_url/team/app:1"
	contains "$output" "@$digest"
}

@test "push: --target, standard input, docker:// and a digest" {
	local image digest
	image=$(mkimage_app src app:1)
	digest=${image##*@}
	expect 0 enc-push -q --target "$registry_url/a:2" - <<<"$image"
	same "$registry_url/a@$digest" "$output"
	same "" "$stderr"
	same "$digest" "$(back a:2)"
	expect 0 enc-push -q --target "docker://$registry_url/b" "$image"
	same "$digest" "$(back b:latest)"
	expect 0 enc-push -q --target "$registry_url/c@$digest" "$image"
	same "$digest" "$(back "c@$digest")"
	same null "$(curl -s "http://$registry_url/v2/c/tags/list" | jq -c .tags)"
	expect 2 enc-push -q --target "$registry_url/c@sha256:$(printf %064d 1)" "$image"
	same "" "$output"
	contains "$stderr" "has another digest than the image, '$digest'"
	expect 2 enc-push -q --target "$registry_url/UPPER" "$image"
	same "" "$output"
}

@test "push: what is there is not sent again, what is elsewhere is mounted" {
	local image
	image=$(mkimage_app src "$registry_url/one:1")
	expect 0 enc-push -q --json "$image"
	same enc-push/1 "$(jq -r .schema <<<"$output")"
	same "$registry_url/one:1" "$(jq -r .name <<<"$output")"
	same "${image##*@}" "$(jq -r .digest <<<"$output")"
	same "3 0 0" "$(how uploaded) $(how mounted) $(how present)"
	expect 0 enc-push -q --json "$image"
	same "0 0 3" "$(how uploaded) $(how mounted) $(how present)"
	expect 0 enc-push --json --target "$registry_url/two:1" "$image"
	same "0 3 0" "$(how uploaded) $(how mounted) $(how present)"
	same 3 "$(grep -c ': mounted from one$' <<<"$stderr")"
	same "${image##*@}" "$(back two:1)"
}

@test "push: an image of one layer twice, and one whose manifest is Docker's" {
	local image digest
	image=$(mkimage src twice:1 <<-'END'
	docker
	layer gzip
	file a data=1
	layer gzip
	file a data=1
	END
	)
	expect 0 enc-push -q --json --target "$registry_url/twice:1" "$image"
	same 2 "$(how uploaded)"
	digest=$(back twice:1)
	same "${image##*@}" "$digest"
	same application/vnd.docker.distribution.manifest.v2+json "$(jq -r .mediaType back/manifest.json)"
	# Through our store it keeps its digest, too.
	image=$(enc-pull -q "$registry_url/twice:1")
	expect 0 enc-push -q --target "$registry_url/thrice:1" "$image"
	same "$registry_url/thrice@$digest" "$output"
	same "$digest" "$(back thrice:1)"
}

@test "push: large blobs in few megabytes, one at a time or all at once" {
	local image
	image=$(mkimage src big:1 <<-'END'
	layer
	file one size=30000000 fill=1
	layer
	file two size=30000000 fill=2
	layer
	file empty
	END
	)
	expect 0 enc-push -q -j 1 --target "$registry_url/one:1" "$image"
	same "${image##*@}" "$(back one:1)"
	expect 0 enc-push -q -j 16 --target "$registry_url/two:1" \
		"$(mkimage src other:1 <<<"layer
file three size=30000000 fill=3
layer
file four size=30000000 fill=4")"
}

# The release of a real build, by each way that a user may push it.
@test "push: enc-release --push, the pipe, and enclaver push" {
	local image digest name=$registry_url/team/app:enclave
	fake_blobs blobs
	export ENCLAVER_BLOBS=$T/blobs
	mkimage_sleeve "$ENCLAVER_STORE" "$registry_url/team/sleeve:1" >sleeve
	enc-push -q "$(<sleeve)" >pushed
	manifest "oci:$T/src:app:1" "$name" "$registry_url/team/sleeve:1" >enclaver.yaml
	mkimage_app src app:1 >app
	expect 3 enclaver push -q
	contains "$stderr" "enc-push: target of 'enclaver.yaml' (is it built?): no image '$name' in the store"
	expect 0 enclaver build -q
	digest=$(jq -r .Image.RepoDigest <<<"$output")
	expect 0 enclaver push -q
	same "$digest" "$output"
	digest=${digest##*@}
	same "$digest" "$(back team/app:enclave)"
	expect 0 enclaver push -q --json --target "$registry_url/other:1"
	same "0 4 0" "$(how uploaded) $(how mounted) $(how present)"
	expect 0 enclaver push -q --target "$registry_url/other:2" "$(<app)"
	same "$registry_url/other@$(sed 's/.*@//' app)" "$output"
	# The base's layer is mounted from the base's repository.
	stop_peers
	start_registry
	name=$registry_url/team/app:enclave
	mkimage_sleeve "$ENCLAVER_STORE" "$registry_url/team/sleeve:1" >sleeve
	enc-push -q "$(<sleeve)" >pushed
	enc-pull -q "$(<app)" | enc-amend -q -f enclaver.yaml | enc-eif -q -o app.eif >path
	expect 0 enc-release -q -f enclaver.yaml --push --target "$name" \
		--sleeve "$registry_url/team/sleeve:1" <path
	image=$output
	contains "$image" "oci:$ENCLAVER_STORE:$name@sha256:"
	same "${image##*@}" "$(back team/app:enclave)"
	expect 0 enc-push -q --json --target "$registry_url/again:1" <<<"$image"
	same "0 4 0" "$(how uploaded) $(how mounted) $(how present)"
}

@test "push: a registry with a password, by HTTPS" {
	local image auth
	image=$(mkimage_app src app:1)
	start_registry auth tls
	expect 5 enc-push -q --ca-file "$registry_ca" --target "$registry_url/app:1" "$image"
	same "" "$output"
	contains "$stderr" "takes 'app' only from those logged in"
	auth=$(printf %s "$PEER_USER:$PEER_PASSWORD" | base64)
	printf '{"auths":{"%s":{"auth":"%s"}}}' "$registry_url" "$auth" >auth.json
	expect 5 enc-push -q --target "$registry_url/app:1" --authfile auth.json "$image"
	contains "$stderr" "name the authority that signed it with --ca-file"
	expect 0 enc-push -q --ca-file "$registry_ca" --authfile auth.json \
		--target "$registry_url/app:1" "$image"
	same "$registry_url/app@${image##*@}" "$output"
	skopeo copy -q --src-cert-dir "$(mkdir -p certs && cp "$registry_ca" certs/ca.crt && echo certs)" \
		--src-creds "$PEER_USER:$PEER_PASSWORD" --preserve-digests \
		"docker://$registry_url/app:1" dir:back
	same "${image##*@}" "$(skopeo manifest-digest back/manifest.json)"
	printf '{"auths":{"%s":{"auth":"%s"}}}' "$registry_url" "$(printf a:b | base64)" >wrong.json
	expect 5 enc-push -q --ca-file "$registry_ca" --authfile wrong.json \
		--target "$registry_url/app:2" "$image"
	contains "$stderr" "does not accept the credentials in 'wrong.json' for 'app'"
}
