#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run-sandbox.bats - enc-run's sandbox: an enclave's world without an enclave
load ../helpers
load ../peers
load ../odyn
load ../inside

local_setup() {
	inside_setup
}

local_teardown() {
	[ "${place:-$T}" = "$T" ] || rm -rf "$place"
	[ -z "${run_pid-}" ] || kill -KILL "$run_pid" 2>/dev/null || :
}

# as_nobody: "${as[@]}" runs a command as a user with one id, and $place is a
# folder where that user can read app.eif
as_nobody() {
	as=(setpriv --no-new-privs)
	place=$T
	[ "$(id -u)" -eq 0 ] || return 0
	as=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs)
	place=$(mktemp -d)
	chmod 755 "$place"
	cp app.eif enclaver.yaml "$place"
	mkdir -m 700 "$place/run"
	chown 65534:65534 "$place/run"
	export XDG_RUNTIME_DIR=$place/run
}

# begin: app.eif in the background, its output in the file out, and not that of
# another before it
begin() {
	rm -f out err
	enc-run --launcher sandbox "$@" app.eif >out 2>err 3>&- &
	run_pid=$!
}

# vsock: the path of its sockets; others may run here
vsock() {
	enc-run ps --json | jq -r --argjson pid "$run_pid" \
		'.enclaves[] | select(.pid == $pid).vsock'
}

# over: its status, in $status; it must end by itself
over() {
	timeout 60 tail --pid="$run_pid" -f /dev/null || return 1
	# shellcheck disable=SC2034 # for the test
	wait "$run_pid" && status=0 || status=$?
}

@test "sandbox: output and status are the application's, and it says what it is" {
	shell 'echo out; echo err >&2; exit 7'
	expect 7 enc-run --launcher sandbox app.eif
	same "out
err
odyn: application exited with status 7" "$output"
	contains "$stderr" "enc-run: sandbox: ordinary processes of this machine: nothing in it is protected from here, and nothing is attested"
	inside 7
	# a warning, which -q keeps
	same "enc-run: sandbox: ordinary processes of this machine: nothing in it is protected from here, and nothing is attested" "$(grep -v 'there is one user' <<<"$stderr")"
	shell true
	inside 0
	shell 'kill -KILL $$'
	inside 107
}

@test "sandbox: a command that is not there, and one that cannot be run" {
	eif '{"Cmd": ["/srv/app"]}' "file srv/app mode=755 data='#!/no/such\\n'"
	inside 127
	same "odyn: cannot run '/srv/app': No such file or directory" "$output"
	eif '{"Cmd": ["/srv/app"]}' "file srv/app mode=755 data='#!/srv\\n'"
	inside 126
}

@test "sandbox: what there is to see is what an enclave has" {
	shell 'exec 2>&1
	echo "$(pwd) $(busybox hostname) $(busybox id -u) $A $PATH $(umask)"
	echo /proc/[0-9]*
	busybox sed -n "3,\$s/:.*//p" /proc/net/dev
	busybox ifconfig lo | busybox grep -wo UP
	echo /*; echo /dev/*; echo /run/* /tmp/* /dev/shm/*
	busybox cut -d" " -f2 /proc/mounts | busybox sort | busybox xargs
	busybox tr "\0" " " </proc/1/cmdline | busybox cut -d" " -f1-4
	busybox cat /etc/hosts; busybox wc -c
	(: >/sys/x); echo x >/tmp/x && echo y >/dev/null && echo z >/file
	exit 0'
	inside 0
	same "/srv (none) 0 b c /bin 0022
/proc/1 /proc/2
    lo
UP
/bin /dev /etc /proc /run /sbin /srv /sys /tmp /var
/dev/console /dev/enclaver /dev/fd /dev/full /dev/mqueue /dev/null /dev/ptmx /dev/pts /dev/random /dev/shm /dev/stderr /dev/stdin /dev/stdout /dev/tty /dev/urandom /dev/zero
/run/* /tmp/* /dev/shm/*
/ /dev /dev/console /dev/enclaver /dev/full /dev/mqueue /dev/null /dev/pts /dev/random /dev/shm /dev/tty /dev/urandom /dev/zero /proc /run /sys /tmp
/sbin/odyn --vsock /dev/enclaver/vsock --no-bootstrap
127.0.0.1	localhost
::1	localhost
0
/bin/sh: can't create /sys/x: Read-only file system" "$output"
}

@test "sandbox: what our caller has open is not open in there" {
	shell 'for p in 1 self; do busybox readlink /proc/$p/fd/250; done; exit 0'
	exec 250<"$BATS_TEST_FILENAME"
	inside 0
	same "" "${output%odyn:*}"
}

@test "sandbox: files of the image in /run and /tmp stay" {
	shell 'busybox cat /run/kept /tmp/kept' 'dir run' 'file run/kept data=r' \
		'dir tmp' 'file tmp/kept data=t'
	inside 0
	same rt "${output%odyn:*}"
}

@test "sandbox: no socket leads out, and no ring makes one" {
	requires sandbox
	shell 'probe socket 1; probe socket 2; probe socket 16; probe socket 40
		probe socket 38; probe socket 31; probe uring'
	inside 0
	same "socket: yes
socket: yes
socket: Socket type not supported
socket: Address family not supported by protocol
socket: Address family not supported by protocol
socket: Address family not supported by protocol
uring: Function not implemented" "${output}"
}

@test "sandbox: a request to stop reaches the application" {
	eif '{"Cmd": ["/srv/app"], "StopSignal": "SIGUSR1", "Env": ["PATH=/bin"]}' \
		"file srv/app mode=755 data='#!/bin/sh\\ntrap \"echo stopping; exit 9\" USR1\\necho ready\\nwhile :; do busybox sleep 0.1; done\\n'"
	begin
	until_line out ready
	kill -TERM "$run_pid"
	over
	same 109 "$status"
	same "ready
odyn: the parent asks for an end within 10 s
stopping
odyn: application exited with status 9" "$(cat out)"
	# Its output may be here before its status is: here that never comes.
	{ minimal_manifest; echo 'vsock_ports: {status_port: 18000}'; } >other.yaml
	begin --manifest-file other.yaml --grace 1
	until_line out ready
	kill -TERM "$run_pid"
	over
	same 109 "$status"
	contains "$(cat out)" "stopping"
}

@test "sandbox: what the application leaves behind ends with it" {
	shell 'busybox setsid busybox sleep 98765.4321 & busybox sleep 98765.4322 & exit 3'
	inside 3
	no_process 98765.432
}

@test "sandbox: a killed enc-run leaves no process and no mount" {
	local signal folder
	shell 'busybox setsid busybox sleep 98765.1234 & echo ready; busybox sleep 98765.1234'
	mv app.eif sleep.eif
	shell true
	mv app.eif true.eif
	mv sleep.eif app.eif
	for signal in KILL TERM; do
		begin --grace 0
		until_line out ready
		folder=$(dirname "$(dirname "$(vsock)")")
		[ -d "$folder" ]
		kill "-$signal" "$run_pid"
		over
		no_process 98765.1234
		! grep -F "$folder" /proc/self/mountinfo || return 1
		# by itself, or by the next one that finds nobody in it
		for _ in {1..20}; do
			expect 0 enc-run -q --launcher sandbox true.eif
			[ -e "$folder" ] || break
		done
		[ ! -e "$folder" ]
	done
}

@test "sandbox: the host's side of the sockets is where ps says" {
	shell 'echo ready; busybox sleep 1000'
	begin --grace 1
	until_line out ready
	VSOCK=$(vsock)
	[ -S "$VSOCK" ]
	port 17003 <<<'{"stop":{"grace_seconds":0}}'
	over
	same 107 "$status"
}

@test "sandbox: with one user, all files and the application are root's, and that is said" {
	eif "$(jq -cn '{Cmd: ["/bin/sh", "-c", $s], Env: ["PATH=/bin"], User: "1000:50"}' \
		--arg s 'busybox id; busybox ls -ln /srv | busybox tr -s " " | busybox cut -d" " -f1-4
		probe xattr /srv/cap security.capability
		probe xattr /srv/cap trusted.x || exit 3')" \
		'file srv/f uid=1000 gid=50 mode=4755 data=x' 'link srv/g to=srv/f' \
		'file srv/cap xattr.security.capability=0100000200040000000000000000000000000000 xattr.trusted.x=61' \
		'char srv/null major=1 minor=3'
	as_nobody
	expect 3 "${as[@]}" enc-run --launcher sandbox "$place/app.eif"
	contains "$stderr" "sandbox: there is one user in it"
	contains "$stderr" "sandbox: devices of the image outside of /dev are left out: 1"
	contains "$stderr" "sandbox: extended attributes are left out: 1, one is 'trusted.x' of '/srv/cap': "
	same "uid=0 gid=0
total 8
-rw-r--r-- 1 0 0
-rwsr-xr-x 2 0 0
-rwsr-xr-x 2 0 0
0100000200040000000000000000000000000000
probe: lgetxattr: No data available
odyn: application exited with status 3" "$(sed 's/ groups=.*//' <<<"$output")"
}

# refused TEXT [OPTION...]: nothing is started
refused() {
	local text=$1
	shift
	expect 125 enc-run --launcher sandbox "$@" app.eif
	contains "$stderr" "$text"
}

@test "sandbox: ramdisks that no enclave would start are refused by name" {
	ramdisk true <<<'bytes "no entry at all"'
	refused "the ramdisk in 'app.eif' is damaged at byte "
	gzip -c ramdisk >ramdisk.gz
	enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk boot \
		--ramdisk ramdisk.gz -o app.eif >/dev/null
	refused 'is damaged at byte 0: neither an entry nor an archive ("newc", not compressed) begins there'
	enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk ramdisk \
		-o app.eif >/dev/null
	refused "the ramdisks of 'app.eif' hold no '/cmd' and '/rootfs'"
}

@test "sandbox: an image that does not fit is refused" {
	seq 300000 | sed 's/.*/dir rootfs\/d&/' >lines
	ramdisk true <lines
	# it has no byte, and an inode for each folder
	refused "the image does not fit into half of 256 MiB" --memory-mb 256
}

@test "sandbox: names that lead out lead nowhere" {
	mkdir outside
	ramdisk 'cd /; echo evil*' <<END
dir rootfs/deep
file ../evil1
file /evil2
file rootfs/../../../evil3
symlink rootfs/up to=../../../../../../../../../../../../../../..
symlink rootfs/there to=$T/outside
symlink rootfs/deep/root to=/rootfs
file rootfs/up/evil4
file rootfs/deep/root/evil5
symlink rootfs/evil6 to=$T/outside/evil
file rootfs/evil6 data=x
trailer
file rootfs/evil7
END
	# no odyn: what it says is on the console
	expect 125 enc-run -v --launcher sandbox app.eif
	contains "$stderr" "sandbox: '/bin/sh' is no odyn that knows of it, and runs as it is: no ports, no status"
	contains "$stderr" "console: evil5 evil6 evil7"
	same "" "$(ls outside)"
	[ ! -e /evil1 ] && [ ! -e /evil2 ] && [ ! -e /evil3 ] && [ ! -e /evil4 ]
	ramdisk true <<<"file rootfs/none/evil"
	refused "cannot unpack 'rootfs/none/evil' of 'app.eif': No such file or directory"
	printf 'symlink rootfs/there to=%s\nfile rootfs/there/evil\n' "$T/outside" >lines
	ramdisk true <lines
	refused "cannot unpack 'rootfs/there/evil' of 'app.eif': No such file or directory"
	same "" "$(ls outside)"
}

@test "sandbox: a kernel that gives no user namespaces" {
	local without=$abs_top_builddir/tests/tools/without
	shell true
	expect 125 "$without" unshare 1 enc-run --launcher sandbox app.eif
	contains "$stderr" "no user namespace can be made"
	expect 125 "$without" open_tree 38 enc-run --launcher sandbox app.eif
	contains "$stderr" "cannot clone the mount of 'console'"
}
