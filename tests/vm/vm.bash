# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# vm.bash - boots an EIF: load vm, after ../helpers and ../odyn
#
# ENC_TEST_QEMU   QEMU with the nitro-enclave machine
# ENC_TEST_BLOBS  bzImage, bzImage.config and a cmdline that ends it
# vhost-device-vsock in PATH: the machine always has a vsock device
#
# What odyn writes on its ports is in the files log and status.
#
# vm_requires makes $BLOBS, the kernel that EIFs are to be built with.

export VSOCK=vsock
BOOT_LIMIT=120		# seconds; a boot takes two

vm_requires() {
	requires emulator vhost-device-vsock timeout python3
	[ -r "${ENC_TEST_BLOBS:-}/bzImage" ] || missing "a kernel (ENC_TEST_BLOBS)"
	# On a busy machine an emulated timer is late, and a kernel that checks
	# it in the first moments of a boot would panic.
	BLOBS=$T/blobs
	mkdir "$BLOBS"
	cp "$ENC_TEST_BLOBS/bzImage" "$ENC_TEST_BLOBS/bzImage.config" "$BLOBS"
	printf '%s no_timer_check' "$(cat "$ENC_TEST_BLOBS/cmdline")" >"$BLOBS/cmdline"
}

# wait_for_socket FILE
wait_for_socket() {
	local i
	for ((i = 0; i < 200; i++)); do
		[ -S "$1" ] && return 0
		sleep 0.05
	done
	echo "no socket '$1'" >&2
	return 1
}

# follow: reads odyn's ports.  Once the status was read the enclave ends, so it
# comes last; a call before the enclave's driver is there is never answered.
follow() {
	until grep -aq 'Run /init as init' console; do sleep 0.1; done
	exec "$abs_top_srcdir/tests/tools/hybrid.py" vsock \
		follow 17001 log 17000 status 2>follow.log
}

# peers_start: the far end of its vsock, and who reads what it says there.  Port
# N of CID 2 is the UNIX socket vsock_N.
peers_start() {
	# its socket, which has a limit of 107 bytes, and nothing of the last boot
	rm -f vhost.socket vsock
	vhost-device-vsock --vm guest-cid=4,socket=vhost.socket,uds-path=vsock \
		>vhost.log 2>&1 3>&- &
	vm_peers=($!)
	wait_for_socket vhost.socket
	: >log
	: >status
	: >console
	follow 3>&- &
	vm_peers+=($!)
}

# boot_start EIF [MEGABYTES]: the enclave runs in the background, on a $VM_CPU.
boot_start() {
	local eif=$1 memory=${2:-512}
	peers_start
	timeout "$BOOT_LIMIT" "$ENC_TEST_QEMU" -L /usr/share/qemu -L /usr/share/seabios \
		-M nitro-enclave,vsock=c,id=enclave -accel tcg -cpu "${VM_CPU:-max}" \
		-m "$memory" -smp 1 -nodefaults -no-user-config -display none \
		-serial file:console -no-reboot -chardev socket,id=c,path=vhost.socket \
		-kernel "$eif" </dev/null >qemu.log 2>&1 3>&- &
	vm_pid=$!
}

# boot_wait: what is on the console, in $console; fails when the enclave does
# not end by itself.
boot_wait() {
	wait "$vm_pid" && vm_status=0 || vm_status=$?
	kill "${vm_peers[@]}" 2>/dev/null || :
	wait "${vm_peers[@]}" 2>/dev/null || :
	console=$(tr -d '\r\0' <console)
	[ "$vm_status" -eq 0 ] && return 0
	printf 'emulator: status %s (124: it did not end)\n%s\nconsole:\n%s\nlog:\n%s\n' \
		"$vm_status" "$(cat qemu.log)" "$(tail -n 30 console)" "$(tail -n 30 log)" >&2
	return 1
}

boot() {
	boot_start "$@"
	boot_wait
}

# on_console LINE...: each of them is a line of the console.
on_console() {
	local line
	for line in "$@"; do
		grep -aqxF -- "$line" <<<"$console" && continue
		printf 'not on the console: %s\n%s\n' "$line" \
			"$(tail -n 40 <<<"$console")" >&2
		return 1
	done
}

# on_log LINE...: each of them is a line of what odyn's port 17001 gave.
on_log() {
	local line
	for line in "$@"; do
		grep -aqxF -- "$line" log && continue
		printf 'not in the log: %s\n%s\nconsole:\n%s\n' "$line" \
			"$(tail -n 40 log)" "$(tail -n 20 <<<"$console")" >&2
		return 1
	done
}
