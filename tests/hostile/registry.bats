#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# registry.bats - registries that lie, stall the door or fish for passwords
#
# tools/stubreg.py misbehaves in one way at a time.  What enc-pull says is one
# sentence with the right status, and the store has no image and no remains.
load ../helpers
load ../peers

local_setup() {
	requires python3 jq
	image=$(mkimage src app <<-'END'
	layer gzip
	file one data='the first'
	layer zstd
	file two size=300000 fill=1
	END
	)
	digest=${image##*@}
}

# refused STATUS TEXT [OPTION...]
refused() {
	local status_wanted=$1 text=$2
	shift 2
	rm -rf "$ENCLAVER_STORE"
	expect "$status_wanted" timeout 60 enc-pull -q "$@" -- "$stub/${name:-app:app}"
	same "" "$output"
	same 1 "${#stderr_lines[@]}"
	contains "$stderr" "$text"
	same "" "$(find "$ENCLAVER_STORE/tmp" -type f)"
	[ ! -e "$ENCLAVER_STORE/index.json" ]
}

pulled() {
	rm -rf "$ENCLAVER_STORE"
	expect 0 timeout 60 enc-pull -q "$@" -- "$stub/${name:-app:app}"
	contains "$output" "@$digest"
	same "" "$stderr"
}

@test "hostile registry: a good one is pulled from" {
	start_stub good
	pulled
	pulled -j 1
	# Docker-Content-Digest is wrong, and nobody believes it.
	name=app@$digest pulled
}

@test "hostile registry: a layer's bytes" {
	start_stub flip
	refused 4 "has digest 'sha256:"
	start_stub longer
	refused 4 "is longer than the"
	start_stub endless
	refused 4 "is longer than the"
	start_stub shorter
	refused 4 "were announced"
	start_stub cut
	refused 5 "layer"
	start_stub gone
	refused 5 "has no layer"
	contains "$stderr" "(blob unknown)"
	start_stub encoding
	pulled
}

@test "hostile registry: the manifest" {
	start_stub giant
	refused 3 "is larger than 4194304 bytes"
	start_stub html
	refused 3 "not JSON"
	start_stub empty
	refused 3 "is empty"
	start_stub other-manifest
	name=app@$digest refused 4 "and '$digest' was asked for"
	start_stub good
	name=app:none refused 5 "has no image '$stub/app:none' (manifest unknown)"
}

# Four times in all, and not at all when that would take too long.
@test "hostile registry: its errors" {
	start_stub 500
	refused 5 "answers 500 for image '$stub/app:app' (the?reason)"
	same 4 "$(grep -c manifests "$stub_log")"
	start_stub 429
	refused 5 "was asked too often: wait, or log in"
	same 1 "$(grep -c manifests "$stub_log")"
	start_stub 403
	refused 5 "refuses image '$stub/app:app' (the?reason)"
	same 1 "$(grep -c manifests "$stub_log")"
}

@test "hostile registry: what passes is tried again" {
	local mode
	for mode in flaky busy hang-up cut-once; do
		start_stub "$mode"
		pulled
	done
}

@test "hostile registry: an answer that is nothing but headers" {
	for mode in headers continues; do
		start_stub $mode
		refused 5 "cannot talk to '$stub': Too large response headers"
	done
}

# A manifest that says where else its layers are is not asked.
@test "hostile registry: layers that are not for distribution" {
	start_stub good
	put_image src app "$(manifest_of "$image" | jq -c --arg url "http://$stub_other/evil" '
		.layers[0] += {urls: [$url],
		mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"}')" >path
	digest=$(sed 's/.*@//' path)
	pulled
	same "" "$(grep '^other' "$stub_log" || [ $? = 1 ])"
	rm "$(blob_of src "$(manifest_of "$(cat path)" | jq -r '.layers[0].digest')")"
	refused 5 "layer"
	same "" "$(grep '^other' "$stub_log" || [ $? = 1 ])"
}

@test "hostile registry: an index in an index in an index" {
	local inner outer i
	# index N names index N - 1 names ... the image
	inner=$(jq -c '.manifests[0] | del(.annotations)' src/index.json)
	for i in 1 2 3; do
		outer=$(jq -cn --argjson m "$inner" '{schemaVersion:2,mediaType:"application/vnd.oci.image.index.v1+json",manifests:[$m]}')
		outer_digest=$(printf %s "$outer" | sha256sum | cut -d ' ' -f 1)
		printf %s "$outer" >"src/blobs/sha256/$outer_digest"
		inner=$(jq -cn --arg d "sha256:$outer_digest" --argjson s "${#outer}" \
			'{mediaType:"application/vnd.oci.image.index.v1+json",digest:$d,size:$s}')
		jq -c --argjson m "$inner" --arg n "deep$i" \
			'.manifests += [$m + {annotations:{"org.opencontainers.image.ref.name":$n}}]' \
			src/index.json >next
		mv next src/index.json
	done
	start_stub good
	name=app:deep1 pulled
	name=app:deep2 pulled
	name=app:deep3 refused 3 "is an index of indexes of indexes"
}

@test "hostile registry: redirects" {
	start_stub loop
	refused 5 "too many redirects, the last from '$stub'"
	start_stub chain
	pulled
	start_stub file
	refused 5 "refused redirect from '$stub'"
	start_stub nowhere
	refused 5 "redirect to nowhere from '$stub'"
}

# The registry wants a password and has it, the other host gets none, even when
# it asks.
@test "hostile registry: no Authorization goes to another host" {
	start_stub redirect-basic
	login "$stub"
	pulled
	same 3 "$(grep -c '^main GET .*/blobs/.* Basic ' "$stub_log")"
	same 2 "$(grep -c '^other GET .* -$' "$stub_log")"
	same 2 "$(grep -c '^other' "$stub_log")"
	start_stub redirect-401
	login "$stub"
	refused 5 "'$stub_other', where registry '$stub' sends us, answers 401 for layer"
	same "" "$(grep '^other' "$stub_log" | grep -v ' -$')"
	case $stderr in *secret*) return 1 ;; esac
}

@test "hostile registry: a token service gets the password, by its realm" {
	start_stub token-basic
	refused 5 "there are no credentials for it in "
	login "$stub"
	pulled
	contains "$(grep '^main GET /token' "$stub_log" | tail -n 1)" " Basic "
	same "" "$(grep manifests "$stub_log" | grep Basic)"
}

@test "hostile registry: no redirect from HTTPS to HTTP" {
	requires openssl
	registry_certificate "$T"
	start_stub downgrade cert.pem key.pem
	refused 5 "it does not lead to an https URL" --ca-file cert.pem
	same "" "$(grep '^other' "$stub_log" || [ $? = 1 ])"
	start_stub good cert.pem key.pem
	pulled --ca-file cert.pem
	pulled --tls-verify=false
	refused 5 "name the authority that signed it with --ca-file" --tls-verify=true
	# On the loopback HTTPS is found without being told of.
	refused 5 "name the authority that signed it with --ca-file"
}

@test "hostile registry: challenges" {
	start_stub challenge
	refused 5 "WWW-Authenticate header is malformed"
	start_stub digest-auth
	refused 5 "neither Bearer nor Basic"
	start_stub realm-file
	refused 5 "not an https URL"
}

@test "hostile registry: tokens" {
	start_stub token-anonymous
	pulled
	contains "$(cat "$stub_log")" "/token?a=b&service=stub%20%221%22&scope=repository%3Aapp%3Apull -"
	start_stub token-expires
	pulled
	pulled -j 1
	start_stub token-endless
	refused 5 "token service's answer is larger than"
	start_stub token-newline
	refused 5 "a token that fits no header"
	start_stub token-none
	refused 5 "answers without a token"
}

@test "hostile registry: passwords go where their key says" {
	start_stub basic
	refused 5 "there are no credentials for it in '$HOME/.docker/config.json': use"
	login "x$stub"
	refused 5 "there are no credentials for it in "
	login "$stub"
	pulled
	contains "$(grep manifests "$stub_log" | tail -n 1)" "Basic dGVzdGVyOnNlc2FtZQ=="
	# Nothing is said before it is asked for.
	contains "$(grep manifests "$stub_log" | head -n 1)" " -"
	login "$stub/app" wrong
	refused 5 "does not accept the credentials in '$HOME/.docker/config.json'"
	case $stderr in *wrong*) return 1 ;; esac
	same 2 "$(grep -c manifests <<<"$(tail -n 2 "$stub_log")")"
	printf '{"auths":{"%s":{}},"credsStore":"pass"}' "$stub" >"$HOME/.docker/config.json"
	refused 5 "docker-credential-pass"
}

@test "hostile registry: an identity token is traded in by POST" {
	start_stub token-refresh
	mkdir -p "$HOME/.docker"
	printf '{"auths":{"%s":{"identitytoken":"re/fresh"}}}' "$stub" >"$HOME/.docker/config.json"
	pulled
	contains "$(cat "$stub_log")" "main POST /token?a=b -"
}

@test "hostile registry: nobody is there" {
	stub=127.0.0.1:$(free_port)
	refused 5 "cannot connect to '$stub'"
	refused 5 "cannot connect to '$stub'" --tls-verify=true
	refused 5 "cannot connect to '$stub'" --tls-verify=false
	stub=none.invalid
	refused 5 "cannot find 'none.invalid'"
}
