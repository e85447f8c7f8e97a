#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run-nitro.bats - enc-run's launcher nitro, on an instance that is none
#
# tests/enc-run-fake is enc-run with a stand-in for the driver of enclaves; what
# runs in them is odyn, as an ordinary process.
load ../helpers
load ../peers
load ../odyn
load ../ne

local_setup() {
	requires python3 jq
	RUN=$abs_top_builddir/tests/enc-run-fake
	NITRO=("$RUN" --launcher nitro --memory-mb 64 --cpu-count 2)
	[ -x "$RUN" ] || missing tests/enc-run-fake
	export XDG_RUNTIME_DIR=$T/run
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	odyn_setup
	ne_setup
	fake_blobs blobs
	head -c 2500000 /dev/urandom >ramdisk
	enc-eif -q --kernel blobs/bzImage --cmdline console=ttyS0 \
		--ramdisk ramdisk --ramdisk ramdisk -o app.eif >path
	minimal_manifest >enclaver.yaml
	inside "$ODYN --config-dir $T/conf --no-bootstrap --linger 3600 --vsock \"\$NE_FAKE_VSOCK\""
	pids=()
}

local_teardown() {
	local pid
	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	wait 2>/dev/null || :
	all_gone
}

# inside COMMAND: what runs in enclaves
inside() {
	export NE_FAKE_RUN=$1
}

# nitro OPTION...: runs app.eif
nitro() {
	"${NITRO[@]}" "$@" app.eif
}

# begin NAME OPTION...: the same in the background, with NAME.out, NAME.err
begin() {
	local name=$1
	shift
	rm -f "$name.out" "$name.err"
	"${NITRO[@]}" "$@" app.eif >"$name.out" 2>"$name.err" 3>&- &
	pids+=($!)
}

# ends PID: by itself; its status is in $status
ends() {
	timeout 60 tail -s 0.1 --pid="$1" -f /dev/null || return 1
	# shellcheck disable=SC2034 # for the test
	wait "$1" && status=0 || status=$?
}

# says TEXT FILE: soon
says() {
	local i
	for ((i = 0; i < 1200; i++)); do
		grep -aqF -- "$1" "$2" && return 0
		sleep 0.05
	done
	printf "not in '%s': %s\n%s\n" "$2" "$1" "$(cat "$2")" >&2
	return 1
}

# refused TEXT OPTION...: nothing runs, and the sentence says why
refused() {
	local text=$1
	shift
	expect 125 nitro "$@"
	same "" "$output"
	contains "$stderr" "$text"
}

# eif_in CID: what it was given has the EIF at its place
eif_in() {
	tail -c +$((8 * 1048576 + 1)) "$NE_FAKE/cid-$1.memory" |
		cmp -n "$(stat -c %s app.eif)" - app.eif
}

@test "nitro: an application runs, its output and status come out" {
	application 'echo hello; exit 7'
	expect 7 nitro
	same $'hello\nodyn: application exited with status 7' "$output"
	contains "$stderr" "with launcher nitro: 2 vCPUs, 64 MiB"
	eif_in 16
	same echoed "$(cat "$NE_FAKE/cid-16.heartbeat")"
	same 2,6 "$(cat "$NE_FAKE/cid-16.cpus")"
	same $((64 * 1048576)) "$(stat -c %s "$NE_FAKE/cid-16.memory")"
	all_free
}

@test "nitro: an EIF is read where it lies in a release image" {
	mkimage_sleeve "$ENCLAVER_STORE" docker.io/library/sleeve:1 >/dev/null
	manifest app:1 repo/app:enclave sleeve:1 >release.yaml
	image=$(enc-release -q -f release.yaml app.eif)
	application 'exit 3'
	expect 3 "$RUN" --launcher nitro --memory-mb 64 -p none "$image"
	eif_in 16
}

@test "nitro: --check looks at all of it and takes nothing" {
	expect 0 "$RUN" --check --launcher nitro --memory-mb 64 app.eif
	contains "$stderr" "can start"
	all_free
	expect 6 "$RUN" --check --launcher nitro --memory-mb 2000 app.eif
}

@test "nitro: what is asked for: CPUs, a CID, the console of debug mode" {
	inside 'echo the kernel says; sleep 600'
	begin a --cpu-count 4 --cid 30 --debug
	says "the kernel says" a.err
	same 2,3,6,7 "$(cat "$NE_FAKE/cid-30.cpus")"
	kill -TERM "${pids[0]}"
	ends "${pids[0]}"
	same 109 "$status"
	all_free
}

@test "nitro: each error of the driver is a sentence of its own" {
	local call number calls=(CREATE_VM IMAGE_LOAD_INFO SET_MEMORY ADD_VCPU START)
	for number in {256..275}; do
		call=${calls[number % 5]}
		export NE_FAKE_FAIL=$call:$number
		refused "(NE_ERR_"
		printf '%s\n' "${stderr##*enc-run: cannot }" >>said
	done
	same 20 "$(sed 's/^[^:]*: //' said | sort -u | wc -l)"
	unset NE_FAKE_FAIL
	all_free
}

@test "nitro: what the machine lacks is said before anything is taken" {
	refused "an EIF of this size needs" --memory-mb 8
	refused "an enclave has at least 64 MiB" --memory-mb 63
	refused "ask for 4" --cpu-count 3
	refused "takes 6 CPUs and 4 are set aside for enclaves: set cpu_count in '/etc/nitro_enclaves/allocator.yaml' and run 'systemctl restart nitro-enclaves-allocator'" --cpu-count 6
	refused "takes 200 MiB of huge pages and 160 MiB are free on NUMA node 1, where the CPU pool is; there are 128 MiB on node 0: end another enclave, or set memory_mib in" --memory-mb 200
	there sys/module/nitro_enclaves/parameters/ne_cpus ''
	refused "no CPUs are set aside for enclaves"
	rm "$NE_FAKE/sys/module/nitro_enclaves/parameters/ne_cpus"
	refused "run 'modprobe nitro_enclaves'"
	NE_FAKE_FAIL=OPEN:13 refused "not allowed to open '/dev/nitro_enclaves'"
	contains "$stderr" "usermod -aG ne"
	# nor is it a sandbox, then, unless that is asked for
	expect 6 env NE_FAKE_FAIL=OPEN:13 "$RUN" --check app.eif
	contains "$stderr" "usermod -aG ne"
	rm "$NE_FAKE/dev/nitro_enclaves"
	refused "this takes an EC2 instance that was started with enclaves enabled"
}

@test "nitro: two at once do not meet, a third has no CPU" {
	pages 1 2048 80
	application "echo \$PPID; until [ -e $T/over ]; do sleep 0.05; done; exit 5"
	begin a
	begin b
	until_there a.out
	until_there b.out
	eif_in 16
	eif_in 17
	same $'2,6\n3,7' "$(cat "$NE_FAKE"/cid-*.cpus | sort)"
	refused "no CPU of the pool for enclaves is free"
	refused "takes 66 MiB of huge pages and 64 MiB are free" --memory-mb 66
	touch over
	ends "${pids[0]}"
	same 5 "$status"
	ends "${pids[1]}"
	same 5 "$status"
	all_free 80
}

@test "nitro: who starts an enclave waits for the one that is starting" {
	application 'exit 4'
	pages 1 2048 192
	there sys/module/nitro_enclaves/parameters/ne_cpus 1-3,5-7
	there sys/devices/system/cpu/cpu1/node1/x ''
	rmdir "$NE_FAKE/sys/devices/system/cpu/cpu1/node0"
	NE_FAKE_SILENT=1 NE_FAKE_RUN='sleep 600' begin a
	until_there "$NE_FAKE/cid-16/pid"
	begin b
	says "another enclave is starting, waiting for it" b.err
	# it can be told not to
	begin c --memory-mb 64
	says "another enclave is starting, waiting for it" c.err
	kill -TERM "${pids[2]}"
	ends "${pids[2]}"
	same 109 "$status"
	contains "$(cat c.err)" "interrupted while another enclave was starting"
	kill -KILL "${pids[0]}"
	ends "${pids[1]}"
	same 4 "$status"
	all_free 192
}

@test "nitro: a heartbeat that is not the enclave's is not answered" {
	application 'exit 4'
	NE_FAKE_SILENT=1 begin a
	until_there "$NE_FAKE/cid-16/pid"
	expect 0 python3 - "$NE_FAKE/vsock/9000" <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.settimeout(30)
	s.connect(sys.argv[1])
	try:
	    s.send(b"\xb7")
	    print(len(s.recv(1)))
	except ConnectionError:
	    print(0)
	END
	same 0 "$output"
	kill -0 "${pids[0]}"
}

@test "nitro: kill -9 ends the enclave and frees all of it" {
	application 'sleep 600'
	begin a
	until_there "$NE_FAKE/cid-16/pid"
	says echoed "$NE_FAKE/cid-16.heartbeat"
	same 0 "$(pages 1 32768)"
	kill -KILL "${pids[0]}"
	all_free
}

@test "nitro: an enclave that ends before its application runs" {
	inside 'echo panic; exit 1'
	refused "the enclave ended before its application ran" --debug
	contains "$stderr" panic
	all_free
}
