#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# oom.bats - memory that runs out at any allocation
#
# tools/faults.py says what is looked at.
load ../helpers
load ../peers
load ../faults

local_setup() {
	[ -z "${SAN_CFLAGS:-}" ] || skip 'the sanitizers allocate by themselves'
	export FAULTS_STEP="${ENC_TEST_STEP:-11}"
}

@test "enc-amend without memory" {
	given_layout
	faults oom enc-amend -q -f enclaver.yaml --odyn odyn "oci:layout:$app"
}

@test "enc-eif without memory" {
	given_amended
	faults oom enc-eif -q -o out.eif --blobs blobs "oci:layout:$app"
}

@test "enc-release without memory" {
	given_eif
	faults oom enc-release -q -f enclaver.yaml --store store app.eif
}

@test "enc-pull oci: without memory" {
	given_layout
	faults oom enc-pull -q --store store oci:layout:app:1
}

@test "enc-pull from a registry without memory" {
	given_registry
	faults oom enc-pull -q --store store "$app"
}
