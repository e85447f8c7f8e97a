#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# signals.bats - Ctrl-C and SIGTERM at any moment; streams that are closed
#
# tools/faults.py says what is looked at.
load ../helpers
load ../peers
load ../faults

@test "enc-pull: signals, closed streams, another that holds the lock" {
	given_layout
	faults signal enc-pull --store store oci:layout:app:1
	faults streams enc-pull -q --store store oci:layout:app:1
	faults held enc-pull -q --store store oci:layout:app:1
}

@test "enc-amend: signals, closed streams" {
	given_layout
	set -- enc-amend -q -f enclaver.yaml --odyn odyn "oci:layout:$app"
	faults signal "$@"
	faults streams "$@"
}

@test "enc-eif: signals, closed streams" {
	given_amended
	faults signal enc-eif -o out.eif --measurements m.json --blobs blobs \
		"oci:layout:$app"
	faults streams enc-eif -q -o out.eif --measurements m.json \
		--blobs blobs "oci:layout:$app"
}

@test "enc-eif: signals where every file has a name" {
	given_amended
	export FAIL_NAMED=1
	faults signal enc-eif -q -o out.eif --blobs blobs "oci:layout:$app"
}

@test "enc-release: signals, closed streams" {
	given_eif
	set -- enc-release -q -f enclaver.yaml --store store \
		--output oci-archive:out.tar app.eif
	faults signal "$@"
	faults streams "$@"
}
