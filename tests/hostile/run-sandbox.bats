#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run-sandbox.bats - EIFs that want out of enc-run's sandbox, or enc-run to wait
load ../helpers
load ../peers
load ../inside

local_setup() {
	inside_setup
	export ENCLAVER_RUN=$XDG_RUNTIME_DIR/enclaver
}

local_teardown() {
	[ -z "${run_pid-}" ] || kill -KILL "$run_pid" 2>/dev/null || :
}

# refused TEXT: nothing is started
refused() {
	expect 125 timeout 60 enc-run --launcher sandbox app.eif
	contains "$stderr" "$1"
}

# leads_out: folders that lead to $T where a descriptor is open: of the folder
# that enc-run has there, and of ours
leads_out() {
	local fd
	for ((fd = 3; fd < 30; fd++)); do
		echo "/proc/self/fd/$fd/../../.."
	done
	echo /proc/self/fd/250
}

@test "sandbox: no descriptor leads to a program of the host" {
	mkdir bin
	cp "$BUSYBOX" bin/echo
	printf 'file cmd data="echo\\\\nescaped"\nfile env data="PATH=%s"\ndir rootfs\n' \
		"$(leads_out | sed 's|$|/bin|' | paste -sd:)" | ramdisk_of
	exec 250<"$T"
	refused "cannot run 'echo' of the ramdisk: No such file or directory"
}

@test "sandbox: no descriptor leads to a file of the host, through the image's links" {
	local to
	exec 250<"$T"
	mkdir -m 777 tree
	for to in $(leads_out); do
		printf 'dir rootfs/etc\nsymlink rootfs/etc/hosts to=%s/tree/pwned\n' \
			"$to" >lines
		ramdisk true <lines
		expect 125 enc-run --launcher sandbox app.eif
		contains "$stderr" "cannot write '/etc/hosts': "
		[ ! -e tree/pwned ]
	done
	ramdisk true <<<"symlink rootfs/sys to=/proc/self/fd/250/tree"
	refused "the image has no folder '/sys': "
	# those of /proc lead nowhere at all
	ramdisk true <<<"symlink rootfs/sys to=/proc/self/cwd/bin"
	refused "the image has no folder '/sys': Too many levels of symbolic links"
	printf 'file cmd data=/bin/sh\nfile env\ndir rootfs\nsymlink rootfs to=%s\n' \
		/proc/self/fd/250/tree | ramdisk_of
	refused "the ramdisks hold no folder '/image/rootfs': Not a directory"
	same "" "$(ls tree)"
}

@test "sandbox: nothing is open in there but the three streams" {
	# ls has the folder open, too
	ramdisk 'busybox ls /proc/self/fd | busybox xargs; busybox readlink /proc/self/fd/0' </dev/null
	exec 250<"$T"
	expect 125 enc-run -v --launcher sandbox app.eif
	contains "$stderr" "console: 0 1 2 3
enc-run: console: /dev/null"
}

@test "sandbox: the host's keyrings are not there" {
	requires sandbox
	shell 'probe keys'
	inside 0
	same "add_key: Function not implemented
request_key: Function not implemented
keyctl: Function not implemented" "$output"
}
