#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kills.bats - SIGKILL at any moment, alone and with a second run beside it
#
# tools/faults.py says what is looked at.  ENC_TEST_KILLS=200 kills oftener.
load ../helpers
load ../peers
load ../faults

# killed COMMAND...: before each change of the disk, and at random moments.
killed() {
	export FAULTS_KILLS="${ENC_TEST_KILLS:-20}"
	faults kill "$@"
	faults random "$@"
}

@test "enc-pull killed" {
	given_layout
	killed enc-pull -q --store store oci:layout:app:1
}

@test "enc-amend killed" {
	given_layout
	killed enc-amend -q -f enclaver.yaml --odyn odyn "oci:layout:$app"
}

@test "enc-eif killed" {
	given_amended
	killed enc-eif -q -o out.eif --measurements m.json --blobs blobs \
		"oci:layout:$app"
}

@test "enc-release killed" {
	given_eif
	killed enc-release -q -f enclaver.yaml --store store \
		--output oci-archive:out.tar app.eif
}
