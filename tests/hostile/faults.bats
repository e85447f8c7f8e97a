#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# faults.bats - full and failing disks: one sentence, status 6, nothing half
# done
#
# tools/faults.py says what is looked at.
load ../helpers
load ../peers
load ../faults

@test "enc-pull oci: on a disk that fails" {
	given_layout
	faults fail enc-pull -q --store store oci:layout:app:1
}

@test "enc-pull docker-archive: on a disk that fails" {
	given_archive
	faults fail enc-pull -q --store store docker-archive:app.tar
}

@test "enc-amend on a disk that fails" {
	given_layout
	faults fail enc-amend -q -f enclaver.yaml --odyn odyn "oci:layout:$app"
}

@test "enc-amend on a disk that fails and has no nameless files" {
	given_layout
	export FAIL_NAMED=1
	faults fail enc-amend -q -f enclaver.yaml --odyn odyn "oci:layout:$app"
}

@test "enc-eif of an image on a disk that fails" {
	given_amended
	faults fail enc-eif -q -o out.eif --blobs blobs "oci:layout:$app"
}

@test "enc-eif of parts, with measurements, on a disk that fails" {
	given_layout
	faults fail enc-eif -q -o out.eif --measurements m.json \
		--kernel blobs/bzImage --cmdline x --ramdisk odyn
}

@test "enc-release on a disk that fails" {
	given_eif
	faults fail enc-release -q -f enclaver.yaml --store store app.eif
}

@test "enc-release --output oci-archive: on a disk that fails" {
	given_eif
	faults fail enc-release -q -f enclaver.yaml --store store \
		--output oci-archive:out.tar app.eif
}

@test "enc-release --output docker-archive: on a disk that fails" {
	given_eif
	faults fail enc-release -q -f enclaver.yaml --store store \
		--output docker-archive:out.tar app.eif
}
