#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# crowd.bats - many at once in one store: images of a registry that share
# layers, builds beside them, and some that are killed
load ../helpers
load ../peers

# given_images: in the registry twenty images, app1 to app20, each of its own
# layer and of three in five that it shares with others; $registry_url.
given_images() {
	local n layer
	requires python3 skopeo flock
	start_registry
	for n in $(seq 20); do
		for layer in $((n % 5)) $(((n + 1) % 5)) $(((n + 2) % 5)); do
			echo layer gzip
			echo "file f$layer size=300000 fill=$layer"
		done | {
			echo "config {\"Cmd\": [\"/own$n\"]}"
			cat
			echo layer gzip
			echo "file own$n mode=0755 size=70000 fill=$((n + 100))"
		} | mkimage "layouts/$n" "app$n:1" >image
		push "$(cat image)" "app$n:1"
	done
}

# check_store: sound, and nothing left in tmp/.
check_store() {
	python3 "$abs_top_srcdir/tests/tools/storecheck.py" "$1"
}

@test "twenty pulls and two builds at once, ten times" {
	local n round
	given_images
	push "$(mkimage_sleeve layouts/sleeve sleeve:1)" sleeve:1
	fake_blobs blobs
	manifest "$registry_url/app7:1" app:enclave "$registry_url/sleeve:1" \
		>enclaver.yaml
	export ENCLAVER_BLOBS="$T/blobs"
	for round in $(seq 10); do
		local pids=()
		rm -rf store
		: >paths
		for n in $(seq 20); do
			enc-pull -q "$registry_url/app$n:1" >>paths &
			pids+=($!)
		done
		for n in one two; do
			enclaver build -q >$n &
			pids+=($!)
		done
		for n in "${pids[@]}"; do
			wait "$n"
		done
		cmp one two
		same 20 "$(sort -u paths | wc -l)" "images, round $round"
		check_store store
		[ "$round" -eq 1 ] || cmp one first
		cp one first
	done
	while read -r path; do
		expect 0 enc-eif -q -o app.eif "$path"
	done <paths
}

# Every temporary has a name here, and every pull sweeps before every blob.
@test "pulls that sweep, pulls that write and pulls that die, thirty times" {
	local n round killed=0 status
	given_images
	[ -e "$abs_top_builddir/tests/preload/fail.so" ] ||
		missing 'tests/preload/fail.so (make check builds it)'
	for round in $(seq 30); do
		local pids=()
		rm -rf store
		for n in $(seq 20); do
			env FAIL_NAMED=1 ASAN_OPTIONS=verify_asan_link_order=0 \
				LD_PRELOAD="$abs_top_builddir/tests/preload/fail.so" \
				enc-pull -q "$registry_url/app$n:1" >>paths &
			pids+=($!)
		done
		for n in $(seq 0 4 19); do
			sleep "0.0$((RANDOM % 10))"
			kill -9 "${pids[n]}" || continue
		done
		for n in "${!pids[@]}"; do
			status=0
			wait "${pids[n]}" || status=$?
			[ "$status" -eq 137 ] && [ $((n % 4)) -eq 0 ] &&
				killed=$((killed + 1)) && continue
			same 0 "$status" "pull of app$((n + 1)), round $round"
		done
		for n in $(seq 1 4 20); do
			expect 0 enc-pull -q "$registry_url/app$n:1"
		done
		check_store store
	done
	[ "$killed" -gt 0 ]
}
