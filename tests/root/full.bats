#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# full.bats - file systems that are really full, and one that is read-only
load ../helpers
load ../peers
load ../faults

# on_a_disk OPTIONS COMMAND...: with a tmpfs on $T/disk that nobody else sees,
# and what is given in it.
on_a_disk() {
	local options=$1
	shift
	mkdir -p disk
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs -o "$1" disk disk && shift &&
		cp -a given/. disk && cd disk && "$@" &&
		rm -rf ../after && cp -a . ../after' sh "$options" "$@"
}

# until_it_fits COMMAND...: on disks that have room for ever more.
until_it_fits() {
	local given pages failed=0
	requires root unshare
	given=$(find given -printf '%k %y\n' |
		awk '{ n += $1 / 4 + ($2 == "d") } END { print n }')
	for pages in $(seq $((given / 2)) 400); do
		run --separate-stderr on_a_disk "size=$((pages * 4096))" \
			sh -c 'status=0; "$@" || status=$?; find . -name "*.tmp" >&2
				exit $status' sh "$@"
		[ "$status" -ne 0 ] || break
		# Before there was room for what is given.
		case $stderr in cp:*) continue ;; esac
		same 6 "$status" "with $pages pages"
		same '' "$output"
		same 1 "${#stderr_lines[@]}" "$stderr"
		contains "$stderr" 'No space left on device'
		failed=$((failed + 1))
	done
	same 0 "$status" "$stderr"
	[ "$failed" -gt 2 ] || { echo "$failed sizes were too small" >&2; return 1; }
}

@test "enc-pull on a full disk" {
	given_layout
	until_it_fits enc-pull -q --store store oci:layout:app:1
	python3 "$abs_top_srcdir/tests/tools/storecheck.py" after/store
}

@test "enc-eif on a full disk" {
	given_amended
	until_it_fits enc-eif -q -o out.eif --measurements m.json \
		--blobs blobs "oci:layout:$app"
	eif_read after/out.eif
}

@test "enc-release on a full disk" {
	given_eif
	until_it_fits enc-release -q -f enclaver.yaml --store store \
		--output oci-archive:out.tar app.eif
	python3 "$abs_top_srcdir/tests/tools/storecheck.py" after/store
}

@test "a store that is read-only can be read, and says so when it cannot be written" {
	requires root unshare
	given_amended
	# shellcheck disable=SC2016
	read_only() {
		unshare -m sh -c 'mount --bind given given &&
			mount -o remount,ro,bind given && "$@"' sh "$@"
	}
	expect 0 read_only enc-eif -q -o out.eif --blobs given/blobs \
		"oci:$T/given/layout:$app"
	expect 0 read_only enc-inspect -q layers "oci:$T/given/layout:$app"
	expect 6 read_only enc-pull -q --store given/store "oci:$T/given/layout:$app"
	same '' "$output"
	same 1 "${#stderr_lines[@]}"
	contains "$stderr" "store '$T/given/store': "
	contains "$stderr" 'Read-only file system'
}
