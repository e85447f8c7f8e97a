#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# init.bats - the first process: heartbeat, faults of the ramdisk, ends
load ../helpers
load ../peers
load ../odyn
load vm

local_setup() {
	vm_requires
	requires python3 jq
	BUSYBOX=$(command -v busybox) || missing busybox
	# only a static one runs without its libraries
	! ldd "$BUSYBOX" >/dev/null 2>&1 || missing "a static busybox"
}

# eif CMD-JSON [LINE...]: an EIF of busybox with these lines of mkimage.py;
# no odyn in it
eif() {
	local config=$1 line app
	shift
	mkdir -p busybox/bin
	cp "$BUSYBOX" busybox/bin/busybox
	ln -sf busybox busybox/bin/sh
	tar -cf busybox.tar --owner=0 --group=0 -C busybox bin
	app=$({
		printf 'config {"Cmd": %s}\nlayer none\ntar busybox.tar\nlayer none\ndir srv\n' "$config"
		for line in "$@"; do printf '%s\n' "$line"; done
	} | mkimage images app:1)
	expect 0 enc-eif --blobs "$BLOBS" -o app.eif "$app"
}

@test "init: the heartbeat goes to the parent, which delays nothing" {
	eif '["/bin/sh", "-c", "read x </srv/word; echo \"app $x\"; exec sleep 2"]' \
		"file srv/word data='ran\\n'"
	python3 - >heartbeat 3>&- <<'END' &
import socket
s = socket.socket(socket.AF_UNIX)
s.settimeout(100)
s.bind("vsock_9000")
s.listen()
c, _ = s.accept()
c.settimeout(100)
beat = c.recv(1)
print(beat.hex(), flush=True)
c.send(beat)
print(c.recv(1).hex() or "closed", flush=True)
END
	local parent=$!
	wait_for_socket vsock_9000
	boot app.eif
	wait "$parent"
	same 'b7
closed' "$(cat heartbeat)"
	on_console 'app ran' "init: '/bin/sh' exited with status 0"
}

@test "init: nobody listens, the application runs" {
	eif '["/bin/sh", "-c", "kill -TERM $$"]'
	boot app.eif
	on_console "init: '/bin/sh' was killed by signal 15"
}

@test "init: too little memory is said, and half of an image is not run" {
	eif '["/bin/sh", "-c", "echo it runs"]' 'file srv/big size=67108864 fill=1'
	boot app.eif 192
	on_console 'init: the ramdisk did not unpack: give the enclave more memory'
	run ! grep -aq 'it runs' <<<"$console"
}

@test "init: a command that is not there" {
	eif '["no-such-command"]'
	boot app.eif
	on_console "init: cannot run 'no-such-command': No such file or directory" \
		"init: 'no-such-command' exited with status 127"
}

@test "init: file systems, and what an image has in /tmp stays" {
	eif '["/bin/sh", "-c", "busybox mount; busybox cat /tmp/mine /etc/hosts"]' \
		'dir tmp mode=1777' "file tmp/mine data='still here\\n'"
	boot app.eif
	on_console 'still here' $'127.0.0.1\tlocalhost'
	local mount
	for mount in 'devtmpfs on /dev ' 'devpts on /dev/pts ' 'tmpfs on /dev/shm ' \
		'mqueue on /dev/mqueue ' 'proc on /proc ' 'sysfs on /sys ' \
		'cgroup2 on /sys/fs/cgroup ' 'tmpfs on /run '; do
		grep -aq "^$mount" <<<"$console"
	done
	run ! grep -aq '^tmpfs on /tmp ' <<<"$console"
}
