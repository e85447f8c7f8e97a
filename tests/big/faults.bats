#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# faults.bats - disks that fail while an image comes from a registry, and full
# quotas
#
# tools/faults.py says what is looked at; hostile/faults.bats has the rest.
load ../helpers
load ../peers
load ../faults

local_setup() {
	export FAULTS_ERRORS='ENOSPC EDQUOT EIO'
}

@test "enc-pull from a registry, on a disk that fails" {
	given_registry
	faults fail enc-pull -q --store store "$app"
}

@test "enc-pull from a registry, on a disk that has no nameless files" {
	given_registry
	export FAIL_NAMED=1
	faults fail enc-pull -q --store store "$app"
}

@test "a full quota" {
	export FAULTS_ERRORS=EDQUOT
	given_layout
	faults fail enc-pull -q --store store oci:layout:app:1
	faults fail enc-amend -q -f enclaver.yaml --odyn odyn "oci:layout:$app"
	rm -r given
	given_amended
	faults fail enc-eif -q -o out.eif --measurements m.json --blobs blobs \
		"oci:layout:$app"
	rm -r given
	given_eif
	faults fail enc-release -q -f enclaver.yaml --store store \
		--output oci-archive:out.tar app.eif
}

@test "enc-pull from a registry: reads that fail, reads and writes cut short" {
	given_registry
	faults read enc-pull -q --store store "$app"
	faults short enc-pull -q --store store "$app"
}
