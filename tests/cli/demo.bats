#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# demo.bats - what scripts/demo says while it builds; the rest of it is seen by
# who runs it
load ../helpers

# A tree whose make warns as the linker does, and fails.
local_setup() {
	mkdir -p tree/scripts bin
	cp "$abs_top_srcdir/scripts/demo" tree/scripts
	printf '#!/bin/sh\n' | tee tree/scripts/install-deps >tree/configure
	printf '#!/bin/sh\necho "$@"\necho "warning: dlopen" >&2\nexit "$MAKE_STATUS"\n' >bin/make
	# The kernel, which comes next, ends it.
	printf '#!/bin/sh\nexit 5\n' >tree/scripts/kernel-from-debian
	chmod +x tree/scripts/* tree/configure bin/*
	PATH=$T/bin:$PATH
	unset ENCLAVER_BLOBS
}

@test "demo: what make says goes to a log, which is shown when it fails" {
	[ ! -e /usr/share/nitro_enclaves/blobs ] || skip "there are blobs"
	MAKE_STATUS=0 expect 5 tree/scripts/demo
	same "" "$stderr"
	contains "$output" "== Building in $T/tree/build/demo (about a minute)"
	[[ $output != *dlopen* ]]
	contains "$(cat tree/build/demo/make.log)" "warning: dlopen"
	MAKE_STATUS=2 expect 6 tree/scripts/demo
	contains "$stderr" "warning: dlopen"
	[[ $output != *"The kernel"* ]]
}
