# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2016 # helpers' names; scripts in quotes
# examples.bash - the world in which the pages' examples are true: load examples,
# after ../helpers and ../peers
#
# What an example names is there: the images in their registries, in docker and
# in the store, and the files in the current folder.  What no example named
# before has to be added here.
#
# Stand-ins, in PATH before all else, and why:
#   docker, podman   their daemons want privileges.  "enclaver run --engine" is
#                    looked at in cli/enclaver-run.bats, and runs in tests/root
#   systemctl        there is no systemd to talk to; "--user start podman.socket"
#                    brings up the socket of a daemon
#   aws              there is no AWS
#   scripts/*, configure, make, sudo, usermod, apt, dnf
#                    they change the machine, or take minutes; scripts/check runs
#                    the scripts
# The docker daemon is tools/stubdock.py.  No emulator is found, for the kernel
# here boots nowhere, so that "auto" is a sandbox.  The network has our own
# registries and nothing else: tools/elsewhere.py.

# make_world: once for a file of tests, in its folder
make_world() {
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR setup
	mkdir bin world
	cd world || return 1
	world_libexec
	examples_environment
	fake_blobs kernel
	world_network
	world_stand_ins
	world_images
	world_files
}

examples_environment() {
	export ENCLAVER_STORE=$PWD/store ENCLAVER_BLOBS=$PWD/kernel
	export ENCLAVER_LIBEXEC=$PWD/libexec
	export ENCLAVER_QEMU=$PWD/no-emulator ENCLAVER_RUN=$PWD/x
	export SSL_CERT_FILE=$PWD/ca.pem https_proxy=http://127.0.0.1:3128
	export DOCKER_HOST=unix://$BATS_FILE_TMPDIR/docker USER=somebody
	PATH=$BATS_FILE_TMPDIR/bin:$PATH
}

# What goes into images, and for aarch64 what looks like it and runs nowhere.
world_libexec() {
	local odyn
	odyn=$(our_odyn)
	mkdir -p libexec/aarch64 kernel/aarch64
	ln -s "$odyn" "${odyn%/*}/init" libexec
	fake_odyn libexec/aarch64/odyn b7
	fake_odyn libexec/aarch64/init b7
	fake_image kernel/aarch64/Image
	echo console=ttyS0 >kernel/aarch64/cmdline
}

end_world() {
	local pid
	while read -r pid; do
		kill -KILL "$pid" || :
		wait "$pid" 2>/dev/null || :
	done <"$BATS_FILE_TMPDIR/pids"
}

world_network() {
	local alone=(unshare --net)
	[ "$(id -u)" -eq 0 ] || alone=(unshare --map-current-user --keep-caps --net)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout registry.key -out ca.pem -days 2 -subj /CN=elsewhere -addext \
		subjectAltName=DNS:registry.example,DNS:registry-1.docker.io,DNS:public.ecr.aws 2>/dev/null
	cat >registry.yml <<-END
	version: 0.1
	log: {level: warn}
	storage: {filesystem: {rootdirectory: "$BATS_FILE_TMPDIR/registry"}}
	http:
	  addr: 127.0.0.1:5000
	  tls: {certificate: "$PWD/ca.pem", key: "$PWD/registry.key"}
	END
	"${alone[@]}" python3 "$abs_top_srcdir/tests/tools/elsewhere.py" \
		registry.yml there >elsewhere.log 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/elsewhere"
	echo $! >"$BATS_FILE_TMPDIR/pids"
	until_made there
}

until_made() {
	local i
	for ((i = 0; i < 2400; i++)); do
		[ ! -e "$1" ] || return 0
		sleep 0.05
	done
	echo "no '$1'" >&2
	return 1
}

# elsewhere COMMAND...: in that network
elsewhere() {
	local enter=(nsenter --net)
	[ "$(id -u)" -eq 0 ] || enter+=(--user --preserve-credentials)
	"${enter[@]}" --target "$(cat "$BATS_FILE_TMPDIR/elsewhere")" -- "$@"
}

# stand_in NAME: a script, on standard input
stand_in() {
	mkdir -p "$(dirname "$BATS_FILE_TMPDIR/$1")"
	{
		echo '#!/bin/sh -eu'
		cat
	} >"$BATS_FILE_TMPDIR/$1"
	chmod +x "$BATS_FILE_TMPDIR/$1"
}

world_stand_ins() {
	local name
	for name in apt aws dnf podman make usermod; do
		stand_in "bin/$name" <<<'echo "${0##*/} $*"'
	done
	# one that does not end before who writes to it
	stand_in bin/docker <<-'END'
	case $* in *--password-stdin*) cat >/dev/null ;; esac
	echo "docker $*"
	END
	stand_in bin/sudo <<<'exec "$@"'
	stand_in bin/systemctl <<-'END'
	case $* in
	"--user start podman.socket")
		mkdir -p "$XDG_RUNTIME_DIR/podman"
		ln -s "${DOCKER_HOST#unix://}" "$XDG_RUNTIME_DIR/podman/podman.sock" ;;
	*) echo "systemctl $*" ;;
	esac
	END
	# that they are there, and take what they are given, is docs.bats's
	for name in "$abs_top_srcdir"/scripts/*; do
		stand_in "world/scripts/${name##*/}" <<<'echo "${0##*/} $*"'
	done
	stand_in world/configure <<<'echo configure'
}

# in_registry NAME: an image that mkimage.py makes of standard input
in_registry() {
	elsewhere enc-push -q --target "$1" "$(mkimage images "$1")" >/dev/null
}

world_images() {
	local config='{"Cmd": ["/bin/sh", "-c", "echo it runs"], "Env": ["PATH=/bin"]}'
	local name odyn
	mkdir -p busybox/bin busybox/usr/local/bin
	cp "$BUSYBOX" busybox/bin/busybox
	ln -s busybox busybox/bin/sh
	odyn=$(our_odyn)
	cp "$odyn" busybox/usr/local/bin/odyn
	tar -cf busybox.tar --owner=0 --group=0 -C busybox bin
	tar -cf odyn.tar --owner=0 --group=0 -C busybox usr
	tar -cf kernel.tar --owner=0 --group=0 \
		--transform 's|^kernel|usr/share/nitro_enclaves/blobs|' kernel
	for name in docker.io/library/app:1.0 registry.example/app:1.0 \
		registry.example:5000/team/app:1; do
		printf 'config %s\nlayer gzip\ntar busybox.tar\nlayer gzip\nfile etc/motd\n' \
			"$config" | in_registry "$name"
	done
	for name in docker.io/repo/odyn:2 public.ecr.aws/d4t4u8d2/sparsity-ai/odyn:latest; do
		printf 'layer gzip\ntar odyn.tar\n' | in_registry "$name"
	done
	printf 'layer gzip\ntar kernel.tar\n' |
		in_registry public.ecr.aws/s2t1d4c6/enclaver-io/nitro-cli:latest
	printf 'config {"Entrypoint": ["/usr/local/bin/enclaver-run"]}\nlayer gzip\nfile usr/local/bin/enclaver-run mode=0755\n' |
		in_registry public.ecr.aws/d4t4u8d2/sparsity-ai/sleeve:latest
	printf 'config %s\nimage {"architecture": "arm64"}\nlayer gzip\nfile bin/sh mode=0755\n' \
		"$config" | in_registry docker.io/library/alpine:3.20
}

world_files() {
	cat >enclaver.yaml <<-'END'
	version: v1
	name: app
	target: app:enclave
	sources: {app: "app:1.0"}
	ingress:
	  - listen_port: 8080
	  - listen_port: 8443
	END
	sed 's/app:1\.0/app:@TAG@/' enclaver.yaml >enclaver.yaml.in
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes \
		-keyout key.pem -out cert.pem -days 2 -subj /CN=app 2>/dev/null
	elsewhere enc-pull -q app:1.0 | enc-amend -q -f enclaver.yaml |
		enc-eif -q | enc-release -q -f enclaver.yaml >release
	cp application.eif app.eif
	enclaver build -q >build.json
	elsewhere enc-push -q --target registry.example/app:enclave app:enclave >/dev/null
	enc-push -q --target oci-archive:app.tar app:1.0 >/dev/null
	enc-push -q --target "docker-archive:$BATS_FILE_TMPDIR/docker.tar" app:1.0 >/dev/null
	python3 "$abs_top_srcdir/tests/tools/stubdock.py" "$BATS_FILE_TMPDIR/docker.tar" \
		"$BATS_FILE_TMPDIR/docker.log" named "$BATS_FILE_TMPDIR/docker" \
		>/dev/null 2>&1 3>&- &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	until_made "$BATS_FILE_TMPDIR/docker"
	cp "$abs_top_srcdir/share/enclaver.conf.in" enclaver.conf
	# of a real module, see inspect-verify.bats
	cp "$abs_top_srcdir/tests/fuzz/corpus/nsm/aws-document" document
	python3 "$abs_top_srcdir/tests/tools/document.py" <document |
		jq '{PCR0, PCR1, PCR2}' >golden.json
	rm -rf busybox busybox.tar odyn.tar kernel.tar images
}
