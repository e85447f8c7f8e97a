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

@test "enc-pull docker-daemon: on a disk that fails" {
	given_daemon
	faults fail enc-pull -q --store store docker-daemon:app:1
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

@test "enc-release --output docker-daemon: on a disk that fails" {
	given_eif
	: >app.tar
	start_docker_stub app.tar good tcp
	faults fail enc-release -q -f enclaver.yaml --store store \
		--output docker-daemon: app.eif
}

@test "enc-pull: reads that fail, reads and writes cut short" {
	given_layout
	faults read enc-pull -q --store store oci:layout:app:1
	faults short enc-pull -q --store store oci:layout:app:1
}

@test "enc-amend: reads that fail, reads and writes cut short" {
	given_layout
	set -- enc-amend -q -f enclaver.yaml --odyn odyn "oci:layout:$app"
	faults read "$@"
	faults short "$@"
}

@test "enc-eif: reads that fail, reads and writes cut short" {
	given_amended
	set -- enc-eif -q -o out.eif --measurements m.json --blobs blobs \
		"oci:layout:$app"
	faults read "$@"
	faults short "$@"
}

@test "enc-release: reads that fail, reads and writes cut short" {
	given_eif
	set -- enc-release -q -f enclaver.yaml --store store \
		--output oci-archive:out.tar app.eif
	faults read "$@"
	faults short "$@"
}

@test "enc-inspect: reads that fail" {
	given_eif
	faults read enc-inspect app.eif
	faults read enc-inspect layers oci:store:docker.io/library/sleeve:1
}

@test "no program changes a disk by a call that these tests cannot fail" {
	local program
	requires nm
	for program in enc-pull enc-amend enc-eif enc-release; do
		nm -D --undefined-only "$(command -v "$program")"
	done | sed 's/.* U //; s/@.*//' | grep -xE \
		'p?p?writev?(64)?(v2)?|(posix_)?fallocate(64)?|f?truncate(64)?|f(data)?sync|sync_file_range|syncfs|rename(at2?)?|(sym)?link(at)?|mkdir(at)?|mkn?od(at)?|mkfifo(at)?|creat(64)?|open(at)?(64)?|mko?s?temps?(64)?|mkdtemp|tmpfile(64)?|fchmod(at)?|chmod|l?f?setxattr|copy_file_range|sendfile(64)?|splice|f?utimens|utimensat|close' |
		sort -u >used
	contains "$(tr '\n' ' ' <used)" 'renameat '
	nm -D --defined-only "$abs_top_builddir/tests/preload/fail.so" |
		sed 's/.* T //' | sort >known
	same '' "$(comm -23 used known)" 'calls that fail.c does not know'
}

# Each in a repository of its own: what is there is not read again.
@test "enc-push: each read fails" {
	local n count preload=$abs_top_builddir/tests/preload/fail.so
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0
	[ -e "$preload" ] || missing 'tests/preload/fail.so (make check builds it)'
	given_registry
	image=$(enc-pull -q --store store "$app")
	expect 0 env LD_PRELOAD="$preload" FAIL_READS=1 FAIL_COUNT="$T/reads" \
		enc-push -q --target "$registry_url/good:1" "$image"
	count=$(grep -c '^[a-z0-9]*read' reads)
	[ "$count" -gt 5 ]
	for n in $(seq "$count"); do
		expect 6 env LD_PRELOAD="$preload" FAIL_READS=1 FAIL_AT="$n" FAIL_ERRNO=5 \
			enc-push -q --target "$registry_url/r$n:1" "$image"
		same "" "$output"
		same 1 "${#stderr_lines[@]}"
		contains "$stderr" "Input/output error"
		same 404 "$(curl -s -o answer -w '%{http_code}' \
			"http://$registry_url/v2/r$n/manifests/1")"
	done
}
