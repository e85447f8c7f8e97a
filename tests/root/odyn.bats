# SPDX-License-Identifier: Apache-2.0
# odyn.bats - what odyn does as root, and as pid 1 of a namespace

load ../helpers

bats_require_minimum_version 1.5.0

local_setup() {
	requires root jq unshare
	ODYN=$libexec/odyn
	OPTIONS=(--config-dir "$T/conf" --no-console --linger 0 --vsock "$T/v")
	mkdir conf
	minimal_manifest >conf/enclaver.yaml
}

# describe UID GID GROUPS ARGV...
describe() {
	local ids="\"uid\":$1,\"gid\":$2,\"groups\":$3"
	shift 3
	jq -cn '{schema: "process/1", argv: $ARGS.positional, env: [],
		cwd: "/", stop_signal: 15} + $ids' --argjson ids "{$ids}" \
		--args -- "$@" >conf/process.json
}

@test "user, group and supplementary groups are the image's" {
	describe 1000 50 '[29,44,50]' /bin/sh -c 'grep -E "^(Uid|Gid|Groups|CapEff)" /proc/self/status | sed "s/ *$//"'
	expect 0 "$ODYN" "${OPTIONS[@]}" --no-bootstrap
	same "Uid:	1000	1000	1000	1000
Gid:	50	50	50	50
Groups:	29 44 50
CapEff:	0000000000000000" "$output"
}

@test "no supplementary groups at all" {
	describe 1000 50 '[]' /bin/sh -c 'grep "^Groups" /proc/self/status'
	expect 0 "$ODYN" "${OPTIONS[@]}" --no-bootstrap
	same "Groups:	 " "$output"
}

@test "pid 1 ends its world when the application ends, by reboot" {
	# a pid namespace's reboot is SIGHUP to its first process
	describe 0 0 '[0]' /bin/sh -c 'setsid sleep 1000 & exit 3'
	expect 129 unshare --pid --fork --mount-proc "$ODYN" "${OPTIONS[@]}" --no-bootstrap
	same "odyn: application exited with status 3" "${stderr%%$'\n'*}"
}

@test "pid 1 that may not reboot exits with the application's status" {
	requires setpriv
	describe 0 0 '[0]' /bin/sh -c 'setsid sleep 1000 & exit 3'
	expect 3 unshare --pid --fork --mount-proc setpriv --bounding-set -sys_boot \
		"$ODYN" "${OPTIONS[@]}" --no-bootstrap
	same "odyn: application exited with status 3" "$stderr"
}

@test "pid 1 reaps orphans and outlives a daemon that it did not start" {
	describe 0 0 '[0]' /bin/sh -c 'sh -c "setsid sh -c \"exit 9\" &"; sleep 0.2
		ps -e -o pid=,stat= | grep -c Z; exit 4'
	expect 4 unshare --pid --fork --mount-proc setpriv --bounding-set -sys_boot \
		"$ODYN" "${OPTIONS[@]}" --no-bootstrap
	same 0 "$output"
}

@test "the loopback interface comes up" {
	requires ip
	describe 0 0 '[0]' /bin/sh -c 'ip -o link show lo'
	expect 0 unshare --net "$ODYN" "${OPTIONS[@]}"
	contains "$output" "LOOPBACK,UP"
	expect 0 unshare --net "$ODYN" "${OPTIONS[@]}" --no-bootstrap
	contains "$output" "<LOOPBACK> "
}
