#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kills.bats - SIGKILL at 400 random moments, at half of them with a second run
# beside
#
# tools/faults.py says what is looked at; hostile/kills.bats has fewer.
load ../helpers
load ../peers
load ../faults

local_setup() {
	export FAULTS_KILLS="${ENC_TEST_KILLS:-400}"
}

@test "enc-pull oci: killed" {
	given_layout
	faults random enc-pull -q --store store oci:layout:app:1
}

@test "enc-pull docker-archive: killed" {
	given_archive
	faults random enc-pull -q --store store docker-archive:app.tar
}

@test "enc-pull from a registry: killed" {
	given_registry
	faults random enc-pull -q --store store "$app"
	faults kill enc-pull -q --store store "$app"
}

@test "enc-pull from a registry: killed where every file has a name" {
	given_registry
	export FAIL_NAMED=1
	faults kill enc-pull -q --store store "$app"
	faults random enc-pull -q --store store "$app"
}

@test "enc-amend killed" {
	given_layout
	faults random enc-amend -q -f enclaver.yaml --odyn odyn \
		"oci:layout:$app"
}

@test "enc-eif killed" {
	given_amended
	faults random enc-eif -q -o out.eif --measurements m.json \
		--blobs blobs "oci:layout:$app"
}

@test "enc-eif killed where every file has a name" {
	given_amended
	export FAIL_NAMED=1
	faults random enc-eif -q -o out.eif --measurements m.json \
		--blobs blobs "oci:layout:$app"
}

@test "enc-release killed" {
	given_eif
	faults random enc-release -q -f enclaver.yaml --store store \
		--output oci-archive:out.tar app.eif
}
