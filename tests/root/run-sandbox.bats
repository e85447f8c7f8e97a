#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run-sandbox.bats - enc-run's sandbox with the users and owners of the image:
# as root, and as a user with subordinate ids
load ../helpers
load ../peers
load ../inside

SUBUSER=enc-test-sub

local_setup() {
	requires root setpriv useradd newuidmap
	inside_setup
}

local_teardown() {
	[ -z "${place-}" ] || {
		userdel "$SUBUSER" 2>/dev/null || :
		rm -rf "$place"
	}
}

# users: an image whose application has a user and groups, and files of several
users() {
	mkdir -p suid/srv
	cp busybox/bin/probe suid/srv/rootly
	chmod 4755 suid/srv/rootly
	tar -cf suid.tar --owner=0 --group=0 -C suid srv/rootly
	eif "$(jq -cn --arg s "$1" '{Cmd: ["/bin/sh", "-c", $s], User: "app",
		Env: ["PATH=/bin"], WorkingDir: "/srv/own"}')" \
		'dir etc' 'file etc/passwd data="root:x:0:0::/:/bin/sh\napp:x:1000:50::/:/bin/sh\n"' \
		'file etc/group data="staff:x:50:\nmore:x:60:app\n"' \
		'dir srv/own uid=1000 gid=50 mode=2750 mtime=86400' \
		'file srv/own/f uid=1000 gid=60 mode=6751 mtime=172800 data=hello' \
		'link srv/own/g to=srv/own/f' 'symlink srv/own/s to=f uid=7 gid=8' \
		'fifo srv/own/p uid=9 mode=0620' \
		'file srv/own/cap uid=1000 mode=0755 xattr.security.capability=0100000200040000000000000000000000000000 xattr.security.x=61 data=x' \
		'file srv/far uid=200000 gid=200001 data=x' \
		'layer none' 'tar suid.tar'
}

SCRIPT='grep() { busybox grep "$@"; }
grep -E "^(Uid|Gid|Groups|CapEff|NoNewPrivs)" /proc/self/status | busybox sed "s/[[:space:]]\+/ /g; s/ \$//"
busybox ls -lnd --full-time . * /srv/far | busybox tr -s " " | busybox cut -d" " -f1-6,9-
[ f -ef g ] && echo linked
probe xattr cap security.capability
echo more >f && busybox cat g
/srv/rootly euid; probe euid; echo x 2>/dev/null >/etc/x || echo refused'

SEEN='Uid: 1000 1000 1000 1000
Gid: 50 50 50 50
Groups: 50 60
CapEff: 0000000000000000
NoNewPrivs: 0
drwxr-s--- 2 1000 50 140 1970-01-02 .
-rw-r--r-- 1 OWNER GROUP 1 1970-01-01 /srv/far
-rwxr-xr-x 1 1000 0 1 1970-01-01 cap
-rwsr-s--x 2 1000 60 5 1970-01-03 f
-rwsr-s--x 2 1000 60 5 1970-01-03 g
prw--w---- 1 9 0 0 1970-01-01 p
lrwxrwxrwx 1 7 8 1 1970-01-01 s -> f
linked
0100000200040000000000000000000000000000
more
euid: 0
euid: 1000
refused'

@test "sandbox, root: users, owners, modes, times, links, set-user-ID and capabilities are the image's" {
	users "$SCRIPT"
	inside 0
	local seen=${SEEN/OWNER/200000}
	same "${seen/GROUP/200001}" "$output"
}

@test "sandbox, root: root in there is nobody out here" {
	shell 'echo ready; busybox cat /proc/self/uid_map; busybox cat /proc/self/gid_map
		echo x >/proc/sys/kernel/core_pattern || echo refused
		busybox date -s 2000-01-01 2>&1 | busybox grep -o "Operation not permitted"
		busybox mount -t tmpfs none /srv && echo mounted'
	local before after
	before=$(cat /proc/sys/kernel/core_pattern)
	inside 0
	after=$(cat /proc/sys/kernel/core_pattern)
	same "$before" "$after"
	same "ready
         0 2147483648 2147483647
         0 2147483648 2147483647
/bin/sh: can't create /proc/sys/kernel/core_pattern: Permission denied
refused
Operation not permitted
mounted" "$output"
}

@test "sandbox, subordinate ids: the same for the ids that there are" {
	users "$SCRIPT"
	place=$(mktemp -d)
	chmod 755 "$place"
	useradd -M "$SUBUSER"
	mkdir -m 700 "$place/run"
	chown "$SUBUSER" "$place/run"
	cp app.eif enclaver.yaml "$place"
	export XDG_RUNTIME_DIR=$place/run
	local as=(setpriv --reuid "$SUBUSER" --regid "$SUBUSER" --init-groups) seen
	expect 0 "${as[@]}" enc-run --launcher sandbox "$place/app.eif"
	seen=${SEEN/OWNER/0}
	same "${seen/GROUP/0}
odyn: application exited with status 0" "$output"
	contains "$stderr" "sandbox: files of users or groups that there are not in it belong to root: 1"
	# the same user without a way to have them
	expect 0 "${as[@]}" --no-new-privs enc-run --launcher sandbox "$place/app.eif"
	contains "$stderr" "sandbox: there is one user in it"
	contains "$output" "Uid: 0 0 0 0"
}

@test "sandbox, root: a container that hides parts of its /proc" {
	requires unshare
	shell '[ -e /proc/self ] || echo none; busybox id -u'
	# shellcheck disable=SC2016 # for the inner shell
	expect 0 unshare --mount sh -c 'mount -t tmpfs none /proc/sys && exec "$@"' sh \
		enc-run --launcher sandbox app.eif
	contains "$stderr" "sandbox: the kernel gives it no /proc: Operation not permitted"
	same "none
0
odyn: application exited with status 0" "$output"
}

@test "sandbox, root: in a container with some ids it has those" {
	requires unshare
	shell 'busybox cat /proc/self/uid_map; busybox ls -ln /srv/far | busybox tr -s " " | busybox cut -d" " -f3,4' \
		'file srv/far uid=70000 gid=9 data=x' 'file srv/near uid=60000 data=x'
	# shellcheck disable=SC2016 # for the inner shell
	unshare --user --mount sh -c 'echo $$ >pid; until [ -e go ]; do sleep 0.05; done
		exec setpriv --reuid 0 --regid 0 --clear-groups "$@"' sh \
		enc-run --launcher sandbox app.eif >out 2>err 3>&- &
	until [ -s pid ]; do sleep 0.05; done
	echo 0 0 65536 >"/proc/$(cat pid)/uid_map"
	echo 0 0 65536 >"/proc/$(cat pid)/gid_map"
	: >go
	wait $!
	output=$(cat out)
	stderr=$(cat err)
	contains "$stderr" "belong to root: 1"
	same "         0          0      65536
0 9
odyn: application exited with status 0" "$output"
}
