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
	[ -z "${run_pid-}" ] || kill -KILL "$run_pid" ${inner-} 2>/dev/null || :
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

# immortal MARK: the probe that is one
immortal() {
	local comm
	for comm in $(grep -lsx immortal /proc/[0-9]*/comm); do
		! grep -qasF "$1" "${comm%comm}cmdline" || cut -d/ -f3 <<<"$comm"
	done
}

@test "sandbox: a command that takes back that it dies with its parent dies with enc-run" {
	local mark=immortal.$$.$RANDOM signal
	{
		printf 'file cmd data="/bin/probe\\nimmortal\\n%s"\nfile env\n' "$mark"
		printf 'dir rootfs\ndir rootfs/bin\n'
		printf 'file rootfs/bin/probe mode=0755 from=%s\n' \
			"$abs_top_builddir/tests/vm/probe"
	} | ramdisk_of
	for signal in KILL TERM; do
		enc-run --launcher sandbox app.eif >out 2>err 3>&- &
		run_pid=$!
		until inner=$(immortal "$mark") && [ -n "$inner" ]; do
			kill -0 "$run_pid"
		done
		kill "-$signal" "$run_pid"
		no_process "$mark"
	done
}

@test "sandbox: a FIFO where a file is to be written holds nobody up" {
	ramdisk true <<'END'
file a data=x ino=77 nlink=2
fifo a
file b data=yy ino=77 nlink=2
END
	refused "cannot unpack 'b' of 'app.eif': No such device or address"
	ramdisk true <<<"$(printf 'dir rootfs/etc\nfifo rootfs/etc/hosts')"
	refused "'/etc/hosts' of the image is no regular file"
}

# below PID: the processes that come from it
below() {
	local pid
	for pid in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		echo "$pid"
		below "$pid"
	done
}

@test "sandbox: who is told to stop while it is made does" {
	local signal pids
	# seconds of unpacking
	seq 200000 | sed 's/.*/dir rootfs\/d&/' >lines
	ramdisk true <lines
	for signal in TERM INT HUP; do
		rm -f err
		# not ignored, as it is for what a shell has in the background
		python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' \
			enc-run --launcher sandbox app.eif >out 2>err 3>&- &
		run_pid=$!
		until grep -qs 'nothing in it is protected' err; do
			kill -0 "$run_pid"
		done
		sleep 0.1
		pids=$(below "$run_pid")
		# it hangs, whatever makes it
		# shellcheck disable=SC2086 # words
		kill -STOP $pids
		kill "-$signal" "$run_pid"
		timeout 60 tail --pid="$run_pid" -f /dev/null
		wait "$run_pid" && status=0 || status=$?
		same 109 "$status"
		contains "$(cat err)" "interrupted while the sandbox was made"
		for pid in $pids; do
			[ ! -e "/proc/$pid" ]
		done
	done
}

@test "sandbox: the folder of its sockets is no place for files" {
	shell 'cd /dev/enclaver
	busybox dd if=/dev/zero of=big bs=1M count=4 2>&1 | busybox grep -o "No space left on device"
	busybox wc -c <big; busybox rm big
	busybox mkfifo $(busybox seq 300) 2>/dev/null; [ -e 200 ] && echo many
	[ -e 300 ] || echo full
	busybox rm [0-9]*; busybox mkdir -p deep/deep; exit 0'
	inside 0
	same "No space left on device
65536
many
full" "$output"
	same "" "$(ls "$ENCLAVER_RUN")"
}
