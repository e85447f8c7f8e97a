#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push.bats - registries that lie to who pushes, lose things or fish for passwords
#
# tools/stubpush.py misbehaves in one way at a time.  enc-push gets the image
# there nevertheless, or says in one sentence why not, with the right status;
# nothing then has the name, and nothing is left here.
load ../helpers
load ../peers

local_setup() {
	requires python3 jq
	export PUSHED=$T/pushed
	image=$(mkimage src app <<-'END'
	layer gzip
	file one data='the first'
	layer none
	file two size=6280000 fill=1
	END
	)
	digest=${image##*@}
	large=$(manifest_of "$image" | jq -r '.layers[1].digest')
}

# pushed [OPTION...]: it is there, all of it.
pushed() {
	local blob
	rm -rf "$PUSHED"
	expect 0 timeout 60 enc-push -q --target "$stub/app:1" "$@" -- "$image"
	same "$stub/app@$digest" "$output"
	same "" "$stderr"
	same "$(manifest_of "$image")" "$(cat "$PUSHED/app/1")"
	for blob in $(manifest_of "$image" | jq -r '.config, .layers[] | .digest'); do
		cmp "$PUSHED/app/$blob" "$(blob_of src "$blob")"
	done
}

# refused STATUS TEXT [OPTION...]
refused() {
	local status_wanted=$1 text=$2
	shift 2
	rm -rf "$PUSHED"
	expect "$status_wanted" timeout 60 enc-push -q --target "$stub/app:1" "$@" -- "$image"
	same "" "$output"
	same 1 "${#stderr_lines[@]}"
	contains "$stderr" "$text"
	case $stderr in *secret*) return 1 ;; esac
	[ -n "${named:-}" ] || [ ! -e "$PUSHED/app/1" ]
}

# The requests for the large layer, without what is the same in all.
requests() {
	sed -n 's,^main \([A-Z]*\) /v2/app/blobs/uploads/[0-9]*[^ ]* -,\1,p' "$stub_log" |
		grep -v POST
}

@test "hostile push: a good one is pushed to" {
	start_stub push-good
	pushed
	start_stub push-silent
	pushed -j 1
	# All at once, when nothing speaks against it.
	same 3 "$(grep -c '^main PUT .*/uploads/' "$stub_log")"
	same "" "$(grep PATCH "$stub_log" || [ $? = 1 ])"
	start_stub push-relative
	pushed
	contains "$(cat "$stub_log")" "?state=a%20b&digest=sha256:"
}

@test "hostile push: wrong digests" {
	start_stub push-digest
	refused 4 "and 'sha256:"
	start_stub push-digest-manifest
	named=1 refused 4 "says that image '$stub/app:1' has digest 'sha256:$(printf %064d 0)', and '$digest' was sent"
	start_stub push-good
	pushed
	start_stub push-digest-mount
	expect 0 enc-push -q --target "$stub/from:1" "$image"
	cp -r src "$T/from"
	image=$(put_image src "$stub/from:1" "$(manifest_of "$image")")
	refused 4 "says that"
	start_stub push-digest-head
	expect 0 enc-push -q --target "$stub/app:1" "$image"
	expect 4 enc-push -q --target "$stub/app:1" "$image"
	contains "$stderr" "says that"
}

@test "hostile push: a manifest that is not there afterwards" {
	start_stub push-forgets
	named=1 refused 5 "(manifest unknown)"
	start_stub push-other-manifest
	named=1 refused 4 "did someone else push meanwhile?"
	start_stub push-giant
	named=1 refused 3 "is larger than 4194304 bytes"
	start_stub push-manifest-400
	refused 5 "answers 400 for image '$stub/app:1' (manifest blob unknown)"
}

@test "hostile push: its errors" {
	start_stub push-403
	refused 5 "refuses "
	contains "$stderr" " (the?reason)"
	start_stub push-404
	refused 5 "has no repository 'app' to put "
	start_stub push-405
	refused 5 "is only there to read from"
	start_stub push-429
	refused 5 "was asked too often"
	start_stub push-500
	refused 5 "answers 500 for "
	start_stub push-all-413
	refused 5 " too large (too much)"
	start_stub push-believes
	pushed
	# A blob of no bytes can be too large, too, and not made smaller.
	start_stub push-413-empty
	empty=$(sha256sum </dev/null | cut -d ' ' -f 1)
	: >"$(blob_of src "$empty")"
	image=$(put_image src app "$(manifest_of "$image" | jq -c --arg d "sha256:$empty" \
		'.layers[0].size = 0 | .layers[0].digest = $d')")
	refused 5 "too large (too much)" -j 1
}

@test "hostile push: endless answers" {
	start_stub push-endless
	pushed
	start_stub push-endless-201
	pushed
	start_stub push-endless-500
	refused 5 "answers 400 for "
}

@test "hostile push: no place, or no good one, to send a blob to" {
	local text="and does not say where, by an http or https URL"
	start_stub push-nowhere
	refused 5 "$text"
	start_stub push-file
	refused 5 "$text"
	start_stub push-password
	refused 5 "$text"
	requires openssl
	registry_certificate "$T"
	start_stub push-downgrade cert.pem key.pem
	refused 5 "$text" --ca-file cert.pem
	same "" "$(grep '^other' "$stub_log" || [ $? = 1 ])"
}

@test "hostile push: another host gets the blob and no Authorization" {
	local mode
	for mode in push-other push-redirect; do
		start_stub "$mode"
		login "$stub"
		pushed
		same 3 "$(grep -c '^other PUT .* -$' "$stub_log")"
		same 3 "$(grep -c '^other' "$stub_log")"
		same "" "$(grep '^main P.* -$' "$stub_log" || [ $? = 1 ])"
	done
	start_stub push-other-401
	login "$stub"
	refused 5 "'$stub_other', where registry '$stub' sends us, answers 401 for "
	same "" "$(grep '^other' "$stub_log" | grep -v ' -$')"
}

@test "hostile push: redirects of what has a body" {
	start_stub push-loop
	refused 5 "too many redirects, the last from '$stub'"
	start_stub push-redirect-302
	refused 5 "answers 302 for "
	same "" "$(grep '^other' "$stub_log" || [ $? = 1 ])"
}

@test "hostile push: a mount that is not done, or refused, is an upload" {
	local mode
	for mode in push-mount-202 push-mount-403; do
		start_stub "$mode"
		image=$(put_image src "$stub/from:1" "$(manifest_of "$image")")
		expect 0 enc-push -q "$image"
		pushed
		same 3 "$(grep -c '^main POST .*mount=sha256:.*&from=from -' "$stub_log")"
	done
}

@test "hostile push: pieces, for who finds all of it too large" {
	start_stub push-413
	pushed -j 1
	same "PUT
PUT
PUT
PATCH 0-4194303
PATCH 0-1048575
PATCH 1048576-2097151
PATCH 2097152-3145727
PATCH 3145728-4194303
PATCH 4194304-5242879
PATCH 5242880-$(($(stat -c %s "$(blob_of src "$large")") - 1))
PUT" "$(requests)"
	start_stub push-min
	pushed -j 1
	contains "$(requests)" "PATCH 0-5242879"
	start_stub push-no-patch
	refused 5 "too large"
	# Taken, and lost: that has an end.
	start_stub push-stuck
	refused 5 "answers 202"
	start_stub push-range
	refused 5 "and says '0-"
	start_stub push-lost
	pushed
}

@test "hostile push: a connection that breaks is gone on with" {
	local sent
	start_stub push-cut
	pushed -j 1
	# It had 1 MiB and 17 bytes, and got the rest.
	sent=$(requests)
	contains "$sent" "GET
PATCH 1048593-"
	# From the start, where the rest alone is not taken.
	start_stub push-cut-no-patch
	pushed
	start_stub push-cut-always
	refused 5 "layer ${large:7:12}: "
	same 3 "$(requests | grep -c GET)"
	start_stub push-cut
	expect 0 enc-push --target "$stub/app:1" "$image"
	same 1 "$(grep -c "^enc-push: layer ${large:7:12}: trying again$" <<<"$stderr")"
	# It was all there when the answer got lost.
	start_stub push-late
	pushed
}

@test "hostile push: a token that expires, and one for two repositories" {
	start_stub push-token
	image=$(put_image src "$stub/from:1" "$(manifest_of "$image")")
	pushed
	contains "$(cat "$stub_log")" "&scope=repository%3Aapp%3Apull%2Cpush&scope=repository%3Afrom%3Apull -"
	start_stub push-token-expires
	pushed
	start_stub push-token-expires
	pushed -j 1
	start_stub push-token-strict
	image=$(put_image src "$stub/from:1" "$(manifest_of "$image")")
	pushed
	same "" "$(grep mount= "$stub_log" || [ $? = 1 ])"
}

@test "hostile push: a blob of ours that is missing or damaged" {
	local blob
	start_stub push-believes
	blob=$(blob_of src "$large")
	cp "$blob" good
	printf x | dd of="$blob" bs=1 seek=6000000 conv=notrunc status=none
	refused 4 "layer ${large:7:12} in the store has digest 'sha256:"
	[ ! -e "$PUSHED/app/$large" ]
	truncate -s -1 "$blob"
	refused 4 "layer ${large:7:12} is not in '$T/src', or not whole"
	rm "$blob"
	refused 4 "layer ${large:7:12} is not in '$T/src', or not whole"
	cp good "$blob"
	start_stub push-believes
	pushed
}
