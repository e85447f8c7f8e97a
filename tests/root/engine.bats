#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# engine.bats - a release image without a sleeve in real containers, of docker
# and of Podman
#
# There is no enclave here: enc-run says so from inside, and a program in its
# place looks at what it was given.
load ../helpers
load ../peers

local_setup() {
	requires root python3 jq
	mkdir bin
	PATH=$T/bin:$PATH
	fake_blobs blobs
	head -c 20000 /dev/zero >ramdisk
	enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk ramdisk \
		-o app.eif >/dev/null
	manifest app:1 repo/app:enclave >enclaver.yaml
}

# through ENGINE OPTION...: "enclaver run" calls the real one with these, and
# without the device, which this machine has not.
through() {
	local engine=$1 real
	real=$(command -v "$engine")
	shift
	cat >"bin/$engine" <<-END
	#!/bin/bash
	args=()
	while [ \$# -gt 0 ]; do
		case \$1 in
		--device) shift ;;
		run) args+=(run --network none ${RUN_OPTIONS:-}) ;;
		*) args+=("\$1") ;;
		esac
		shift
	done
	exec $real $* "\${args[@]}"
	END
	chmod +x "bin/$engine"
}

local_podman() {
	requires podman runc
	# A path of its own and no more: what is here may lack the right to
	# raise a limit, and crun the cgroups that it knows.
	DAEMON_DIR=$(mktemp -d)
	RUN_OPTIONS='--ulimit nofile=1000:1000 --ulimit nproc=1000:1000' \
		through podman --root "$DAEMON_DIR/root" \
		--runroot "$DAEMON_DIR/runroot" --storage-driver vfs \
		--cgroup-manager cgroupfs --events-backend file --runtime runc
}

local_docker() {
	requires docker dockerd
	start_dockerd
	through docker
}

# probe: a static program to put in enc-run's place.
probe() {
	cat >probe.c <<-'END'
	#define _GNU_SOURCE
	#include <errno.h>
	#include <linux/mempolicy.h>
	#include <sched.h>
	#include <signal.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <sys/mman.h>
	#include <sys/socket.h>
	#include <sys/stat.h>
	#include <sys/syscall.h>
	#include <unistd.h>

	static volatile sig_atomic_t stopped;

	static void on_term(int n)
	{
		stopped = n;
	}

	static void say(const char *what, long result)
	{
		printf("%s: %s\n", what, result < 0 ? strerror(errno) : "yes");
	}

	int main(int argc, char **argv)
	{
		struct sigaction a = { .sa_handler = on_term };
		sigset_t none, term;
		unsigned long node = 1;
		void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		printf("%s as %d\n", argv[0], (int)getuid());
		say("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
		say("inet", socket(AF_INET, SOCK_STREAM, 0));
		say("alg", socket(38, SOCK_SEQPACKET, 0));
		say("packet", socket(AF_PACKET, SOCK_RAW, 0));
		say("mbind", syscall(SYS_mbind, page, 4096, MPOL_BIND, &node, 8 * sizeof(node), 0));
		say("unshare", unshare(CLONE_NEWUSER));
		say("clone", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
		/* Podman fills its /run from the image. */
		mkdir("/run/enclaver", 0700);
		say("mkdir /run", mkdir("/run/enclaver/x", 0700));
		say("mkdir /tmp", mkdir("/tmp/x", 0700));
		say("mkdir /usr", mkdir("/usr/x", 0700));
		say("eif", access("/enclave/application.eif", R_OK));
		say("hosts", access("/etc/hosts", R_OK));
		for (int i = 1; i < argc; i++)
			printf("'%s'\n", argv[i]);
		sigaction(SIGTERM, &a, NULL);
		sigemptyset(&none);
		sigemptyset(&term);
		sigaddset(&term, SIGTERM);
		sigprocmask(SIG_BLOCK, &term, NULL);
		puts("ready");
		fflush(stdout);
		while (argc > 1 && !strcmp(argv[1], "-d") && !stopped)
			sigsuspend(&none);
		return stopped ? 109 : 7;
	}
	END
	"$CC" -static -O1 -o probe probe.c
}

# looks_right ENGINE: what the probe sees, its status, and its signals.
looks_right() {
	probe
	enc-release -q -f enclaver.yaml --runner probe app.eif >path
	expect 7 enclaver run -q --engine "$1" --memory-mb 512
	same "/usr/local/bin/enclaver-run as 0
vsock: yes
inet: yes
alg: Address family not supported by protocol
packet: Address family not supported by protocol
mbind: yes
unshare: Operation not permitted
clone: Operation not permitted
mkdir /run: yes
mkdir /tmp: yes
mkdir /usr: Read-only file system
eif: yes
hosts: yes
'-q'
'--memory-mb'
'512'
ready" "$output"
	mkfifo out
	enclaver run --engine "$1" -d >out 2>err &
	while read -r line && [ "$line" != ready ]; do :; done <out
	kill -TERM $!
	wait $! || same 109 "$?"
}

# says_so ENGINE: enc-run itself starts, reads its image, and finds no device.
says_so() {
	[ -z "${SAN_CFLAGS:-}" ] || skip 'sanitizers have no static form'
	enc-release -q -f enclaver.yaml app.eif >path
	expect 125 enclaver run -q --engine "$1" --launcher nitro
	contains "$stderr" "enclaver-run: "
	same "" "$output"
}

@test "engine: in docker it has what it needs, and no more" {
	local_docker
	looks_right docker
	same repo/app:enclave "$(docker image ls --format '{{.Repository}}:{{.Tag}}')"
	same "" "$(docker ps -aq)"
}

@test "engine: enc-run in docker" {
	local_docker
	says_so docker
}

@test "engine: in podman it has what it needs, and no more" {
	local_podman
	looks_right podman
	same "" "$(podman ps -aq)"
}

@test "engine: enc-run in podman" {
	local_podman
	says_so podman
}

@test "engine: podman loads what enc-release exports" {
	local_podman
	probe
	image=$(enc-release -q -f enclaver.yaml --runner probe --output docker-archive:d.tar app.eif)
	podman load -q -i d.tar
	expect 7 podman run --rm repo/app:enclave
	same "$(manifest_of "$image" | jq -r .config.digest)" \
		"sha256:$(podman image inspect --format '{{.Id}}' repo/app:enclave)"
}
