# SPDX-License-Identifier: Apache-2.0
# odyn-sandbox.bats - what somebody who took odyn over can still do, and that
# its application is not confined with it
#
# preload/intruder.c tries each thing when the first connection from outside
# comes.

load ../helpers
load ../peers
load ../odyn

local_setup() {
	requires sandbox jq python3 timeout
	odyn_setup
	PORT=$(free_port)
	printf 'ingress: [{listen_port: %s}]\n' "$PORT" >>conf/enclaver.yaml
	mkdir project
	echo secret | tee "$HOME/key" project/file >blank
	PATHS="read /etc/passwd
list /
read $T/conf/enclaver.yaml
read $HOME/key
write $HOME/key
mode $HOME/key
make $HOME/new
remove $HOME/key
make $T/new
read $T/project/file
write $T/project/file
list $T/project"
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0
}

local_teardown() {
	odyn_teardown
}

# AddressSanitizer traces its program, for leaks, from a process of its own:
# odyn-fake may do what that takes.
found() {
	if grep -q __asan_init "$abs_top_builddir/tests/odyn-fake"; then
		grep -v -e '^clone' -e ^ptrace -e ^process_vm_readv -e ^mmap \
			-e ^mprotect -e ^prctl "$@"
	else
		cat "$@"
	fi
}

# intruded: odyn, until somebody connects
intruded() {
	# names in the folder of the socket can be removed: it goes with odyn
	export VSOCK=own/v
	mkdir own
	ODYN=$abs_top_builddir/tests/odyn-fake
	[ -x "$ODYN" ] || missing tests/odyn-fake
	INTRUDER_PATHS=$PATHS INTRUDER_FD=9 INTRUDER_ON=accept4 \
		INTRUDER_PORTS="$PORT $OTHER" \
		LD_PRELOAD=$abs_top_builddir/tests/preload/intruder.so \
		start 'echo ready; exec sleep 1000' --vsock "$VSOCK" 9>found
	until_line console ready
	reader 17000 status
	kill "$odyn_pid"
	ended
	same 143 "$status"
}

CALLS='socket unix: allowed
socket inet: allowed
listen: refused
socket inet6: refused
socket netlink: refused
socket vsock: refused
socketpair: refused
execve: refused
execveat: refused
clone: refused
clone new user: refused
unshare: refused
kill parent: refused
tgkill parent: refused
tgkill self: allowed
ptrace: refused
process_vm_readv: refused
personality: refused
ioctl TIOCSTI: refused'
MORE='bind: refused
socket datagram: refused
mmap executable: refused
mprotect executable: refused
memfd_create: refused
pidfd_open: refused
fchdir: refused
setuid: refused
prctl: refused
mount: refused
reboot: refused'

@test "odyn: an intruder can only call where odyn calls, and end the application" {
	OTHER=$(free_port)
	intruded
	{ sed 's/$/: refused/' <<<"$PATHS"
	  printf '%s\nconnect %s: allowed\nconnect %s: refused\n%s\n' \
		"$CALLS" "$PORT" "$OTHER" "$MORE"; } >want
	same "$(found want)" "$(found found)"
	same secret "$(cat "$HOME/key")"
	[ ! -e "$HOME/new" ]
	same "ready
odyn: application was killed by signal 15 (SIGTERM)" "$(cat console)"
	same "" "$(cat err)"
}

@test "odyn: without a sandbox an intruder does as he likes" {
	OTHER=$(free_port)
	export ENC_SANDBOX=off
	intruded
	# A user who is not root may do neither anyway.
	found found | grep -v -e ': allowed$' -e ^mount -e ^reboot >others || true
	same '' "$(cat others)"
	[ "$(found found | wc -l)" -ge 36 ]
}

# of PID: what the kernel says of its being confined
of() {
	grep -E '^(NoNewPrivs|Seccomp):' "/proc/$1/status"
}

@test "odyn: the application is not confined" {
	mkfifo go
	start 'until grep -q "^NoNewPrivs:.1" /proc/$PPID/status; do sleep 0.05; done
		grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status
		head -c 4 home/key >copy && cat copy && mkdir made && echo made
		read x <go; exec true'
	until_line console secrmade
	same "$(of self)
secrmade" "$(cat console)"
	same "NoNewPrivs:	1
Seccomp:	2" "$(of "$odyn_pid")"
	echo >go
	reader 17000 status
	ended
	same 0 "$status"
}

# Signals to the application, which is outside, came under it in version 6, TCP
# in version 4.
@test "odyn: every version of Landlock's ABI will do" {
	local abi
	ODYN=$abs_top_builddir/tests/odyn-fake
	for abi in 1 2 3 4 5 6 7; do
		rm -f console status	# the last one's
		INTRUDER_ABI=$abi \
			LD_PRELOAD=$abs_top_builddir/tests/preload/intruder.so \
			start "exec '$abs_top_srcdir/tests/tools/echo.py' $PORT"
		until_line console ready
		same word "$(printf word | port "$PORT")"
		reader 17000 status
		kill "$odyn_pid"
		ended
		same 143 "$status"
		same "ready
odyn: application was killed by signal 15 (SIGTERM)" "$(cat console)"
		same "" "$(cat err)"
		[ ! -e v ]
	done
}

@test "odyn: a kernel that cannot is told of, and all goes on" {
	local without=$abs_top_builddir/tests/tools/without
	application 'echo out; exit 3'
	OPTIONS=(--config-dir conf --no-bootstrap --no-console --linger 0 --vsock v)
	expect 3 "$without" landlock_create_ruleset 38 "$ODYN" "${OPTIONS[@]}"
	same out "$output"
	same "odyn: not confined in files: the kernel has no Landlock (Linux 5.19 and later can)
odyn: application exited with status 3" "$stderr"
	expect 3 "$without" seccomp 22 "$ODYN" "${OPTIONS[@]}"
	same "odyn: not confined in system calls: the kernel does not take a seccomp filter: Invalid argument
odyn: application exited with status 3" "$stderr"
	ENC_SANDBOX=off expect 3 "$without" landlock_create_ruleset 38 "$ODYN" "${OPTIONS[@]}"
	same "odyn: application exited with status 3" "$stderr"
}
