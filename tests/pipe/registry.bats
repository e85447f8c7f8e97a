#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# registry.bats - enc-pull against Debian's docker-registry, skopeo as judge
load ../helpers
load ../peers

local_setup() {
	requires docker-registry skopeo jq python3
}

# fetched: how many blobs the one registry of this test was asked for.
fetched() {
	cat "$T"/registry.*/log | grep -c '"GET /v2/.*/blobs/' || [ $? = 1 ]
}

@test "registry: an image comes, and the second time no blob" {
	local image digest path
	image=$(mkimage_app src app:1)
	digest=${image##*@}
	start_registry
	push "$image" team/app:1
	expect 0 enc-pull "$registry_url/team/app:1"
	path=$output
	same "oci:$T/store:$registry_url/team/app:1@$digest" "$path"
	same 3 "${#stderr_lines[@]}"
	same 3 "$(fetched)"
	same "$(manifest_of "$image")" "$(manifest_of "$path")"
	expect 0 enc-pull "$registry_url/team/app:1"
	same "$path" "$output"
	same 3 "$(fetched)"
	same 3 "$(grep -c 'already here' <<<"$stderr")"
	# A layer that went missing is the only one to come again.
	rm "$(blob_of store "$(manifest_of "$path" | jq -r '.layers[0].digest')")"
	expect 0 enc-pull "docker://$registry_url/team/app@$digest"
	same "oci:$T/store:$registry_url/team/app@$digest" "$output"
	same 4 "$(fetched)"
}

@test "registry: skopeo inspects and copies what came" {
	local image path
	image=$(mkimage_app src app:1)
	start_registry
	push "$image" app:1
	path=$(enc-pull -q "$registry_url/app:1")
	same "${image##*@}" "$(skopeo inspect --format '{{.Digest}}' "$path")"
	expect 0 skopeo copy -q --preserve-digests "$path" oci:copy:x
	same "$(manifest_of "$image")" "$(cat "$(blob_of copy "${image##*@}")")"
	# And by its moving name.
	same "${image##*@}" "$(skopeo inspect --format '{{.Digest}}' "${path%@*}")"
}

@test "registry: Docker's media types stay as they are" {
	local image path
	image=$(mkimage_app src app:1)
	start_registry
	skopeo copy -q --format v2s2 --dest-tls-verify=false "$image" \
		"docker://$registry_url/app:1"
	path=$(enc-pull -q "$registry_url/app:1")
	same application/vnd.docker.distribution.manifest.v2+json \
		"$(manifest_of "$path" | jq -r .mediaType)"
	same "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry_url/app:1")" \
		"${path##*@}"
	# Tools that know OCI's alone find the same image under the same name.
	expect 0 skopeo inspect "$path"
	same "$(manifest_of "$image" | jq -c '[.layers[].digest]')" "$(jq -c .Layers <<<"$output")"
	expect 0 skopeo copy -q "${path%@*}" oci:copy:x
	same "$(config_of "$image")" "$(config_of "oci:copy:x@$(jq -r '.manifests[0].digest' copy/index.json)")"
	# And it is an image for us, from one store to another.
	expect 0 enc-pull -q --store other "$path"
	same "${path##*@}" "${output##*@}"
	same "$(manifest_of "$path")" "$(manifest_of "$output")"
}

@test "registry: layers of gzip, zstd and plain; equal ones once" {
	local image
	image=$(mkimage src app <<-'END'
	layer gzip
	file one size=2000000 fill=1
	layer none
	file two data=plain
	layer none
	file two data=plain
	layer zstd
	file three size=3000000 fill=3
	END
	)
	start_registry
	push "$image" app:1
	expect 0 enc-pull -j 2 -q "$registry_url/app:1"
	same 4 "$(fetched)"
	for digest in $(manifest_of "$output" | jq -r '.layers[].digest'); do
		same "$digest" "sha256:$(sha256sum <"$(blob_of store "$digest")" | cut -d ' ' -f 1)"
	done
}

# index_of: an index of all images in the layout src, each named by its
# architecture.
index_of() {
	jq -c '{schemaVersion:2,mediaType:"application/vnd.oci.image.index.v1+json",
		manifests:[.manifests[] | select(.annotations[] | contains("@") | not)
		| .platform = {os:"linux",architecture:.annotations[]} | del(.annotations)]}' \
		src/index.json
}

@test "registry: of an index one platform" {
	local amd64 arm64 index digest
	amd64=$(mkimage src amd64 <<-'END'
	image {"architecture": "amd64"}
	layer
	file who data=amd64
	END
	)
	arm64=$(mkimage src arm64 <<-'END'
	image {"architecture": "arm64"}
	layer
	file who data=arm64
	END
	)
	index=$(index_of)
	digest=$(printf %s "$index" | sha256sum | cut -d ' ' -f 1)
	printf %s "$index" >"src/blobs/sha256/$digest"
	jq -c --arg d "sha256:$digest" --argjson s "${#index}" '.manifests += [{
		mediaType:"application/vnd.oci.image.index.v1+json",digest:$d,size:$s,
		annotations:{"org.opencontainers.image.ref.name":"all"}}]' \
		src/index.json >next
	mv next src/index.json
	start_registry
	skopeo copy -q --all --preserve-digests --dest-tls-verify=false \
		oci:src:all "docker://$registry_url/app:1"
	expect 0 enc-pull -q --platform linux/arm64 "$registry_url/app:1"
	same "${arm64##*@}" "${output##*@}"
	expect 0 enc-pull -q --platform amd64 "$registry_url/app@sha256:$digest"
	same "${amd64##*@}" "${output##*@}"
	expect 3 enc-pull -q --platform linux/s390x "$registry_url/app:1"
	contains "$stderr" "has no image for linux/s390x; it has linux/amd64, linux/arm64"
	same "" "$output"
}

@test "registry: TLS by an authority of its own, and a password" {
	requires openssl
	local image
	image=$(mkimage_app src app:1)
	start_registry auth tls
	push "$image" app:1 --dest-creds "$PEER_USER:$PEER_PASSWORD"
	expect 5 enc-pull -q "$registry_url/app:1"
	contains "$stderr" "name the authority that signed it with --ca-file"
	expect 5 enc-pull -q --ca-file "$registry_ca" "$registry_url/app:1"
	contains "$stderr" "there are no credentials for it in "
	expect 0 skopeo login --tls-verify=false -u "$PEER_USER" \
		-p "$PEER_PASSWORD" --authfile auth.json "$registry_url"
	expect 0 enc-pull -q --ca-file "$registry_ca" --authfile auth.json "$registry_url/app:1"
	contains "$output" "${image##*@}"
	rm -rf store
	REGISTRY_AUTH_FILE=auth.json expect 0 enc-pull -q --tls-verify=false "$registry_url/app:1"
	contains "$output" "${image##*@}"
}

@test "registry: HTTPS asked of one that has none" {
	start_registry
	expect 5 enc-pull --tls-verify=true "$registry_url/app:1"
	same "" "$output"
	contains "$stderr" "cannot talk to '$registry_url'"
	contains "$stderr" "plain HTTP takes --tls-verify=false"
}

@test "registry: a large image takes no more than 32 MiB" {
	requires /usr/bin/time
	local image
	image=$(mkimage src app <<-'END'
	layer none
	file one size=40000000
	layer none
	file two size=40000001
	layer none
	file three size=40000002
	END
	)
	start_registry
	push "$image" app:1
	expect 0 env MALLOC_PERTURB_=0 /usr/bin/time -o peak -f %M enc-pull -q "$registry_url/app:1"
	cat peak
	[ "$(tail -n 1 peak)" -lt 32768 ]
}
