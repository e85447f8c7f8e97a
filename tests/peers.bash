# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# peers.bash - the other side of the pipe: load ../helpers, then load ../peers
#
# mkimage builds images without a network; start_registry runs Debian's
# docker-registry on a free port of the loopback.  helpers.bash's teardown
# calls stop_peers, so that nothing started here outlives its test.

PEER_USER=tester
PEER_PASSWORD=sesame

# mkimage DIR NAME <DESCRIPTION: builds an image into the layout DIR (see
# tools/mkimage.py) and prints its image path.
mkimage() {
	python3 "$abs_top_srcdir/tests/tools/mkimage.py" "$@"
}

# mkimage_app DIR NAME: a small image of two layers that nearly every pipeline
# test starts from.  It needs no file system features of the machine.
mkimage_app() {
	mkimage "$@" <<-'END'
	config {"Entrypoint": ["/bin/app", "-v"], "Cmd": ["serve"], "User": "app:staff", "WorkingDir": "/srv", "StopSignal": "SIGINT", "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "GREETING=two words"]}
	layer gzip
	dir bin
	dir etc
	dir srv uid=1000 gid=50
	file bin/app mode=0755 data='#!/bin/sh\necho "$GREETING"\n'
	file etc/passwd data='root:x:0:0::/root:/bin/sh\napp:x:1000:50::/srv:/bin/sh\n'
	file etc/group data='root:x:0:\nstaff:x:50:\nextra:x:100:app\n'
	file etc/old data='gone in the next layer\n'
	layer gzip
	whiteout etc/old
	file srv/data data='some\n' uid=1000 gid=50 mode=0640
	symlink srv/latest to=data
	END
}

# mkimage_sleeve DIR [NAME]: what a release starts from.
mkimage_sleeve() {
	mkimage "$1" "${2:-sleeve:1}" <<-'END'
	config {"Entrypoint": ["/usr/local/bin/enclaver-run"]}
	layer
	dir usr
	dir usr/local
	dir usr/local/bin
	file usr/local/bin/enclaver-run mode=0755 data='#!/bin/sh\n'
	END
}

# make_app_eif RAMDISK_FILE: app.eif, whose path is in the file path, the manifest
# and the sleeve ($sleeve) for a release of it
make_app_eif() {
	fake_blobs blobs
	enc-eif -q --kernel blobs/bzImage --cmdline console=ttyS0 \
		--ramdisk "$1" --ramdisk "$1" -o app.eif >path
	manifest app:1 repo/app:enclave sleeve:1 >enclaver.yaml
	sleeve=$(mkimage_sleeve "$ENCLAVER_STORE" docker.io/library/sleeve:1)
}

# manifest SOURCE TARGET [SLEEVE]: the text of an enclaver.yaml.
manifest() {
	cat <<-END
	version: v1
	name: "app"
	target: "$2"
	sources:
	  app: "$1"
	${3:+  sleeve: "$3"}
	ingress:
	  - listen_port: 8080
	egress:
	  allow: ["example.com"]
	END
}

# fake_odyn FILE [MACHINE]: the 64 bytes of an ELF header, x86-64 unless MACHINE
# (two hex digits) says otherwise: the same layer whatever the compiler.
fake_odyn() {
	{
		printf '\x7fELF\x02\x01\x01'
		head -c 9 /dev/zero
		printf "\\x02\\x00\\x${2:-3e}\\x00"
		head -c 44 /dev/zero
	} >"$1"
}

# fake_runner FILE [MACHINE]: the least that is a static program, with nothing to
# load
fake_runner() {
	{
		printf '\x7fELF\x02\x01\x01'
		head -c 9 /dev/zero
		printf "\\x02\\x00\\x${2:-3e}\\x00\\x01\\x00\\x00\\x00"
		printf '\x01\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0'
		head -c 14 /dev/zero
		printf '\x38\0\x01\0'
		head -c 6 /dev/zero
		printf '\x01\0\0\0'
		head -c 52 /dev/zero
	} >"$1"
}

# debian_image: sets $debian to the image path of a real Debian, made once for
# a build tree (or in ENC_TEST_IMAGES, for several).  Not for $(…): a skip in
# there would skip nothing.
debian_image() {
	requires mmdebstrap python3 flock
	debian=$("$abs_top_srcdir/tests/tools/debian-image" \
		"${ENC_TEST_IMAGES:-$abs_top_builddir/tests/images}" 2>"$T/debian.log") && return
	cat "$T/debian.log" >&2
	missing 'a Debian image (mmdebstrap failed)'
}

# debian_as_root DIR: the same Debian in a layout of its own as debian:root,
# without USER and WORKDIR, which only an amended image may have.  Sets $debian.
debian_as_root() {
	local config digest
	debian_image
	config=$(config_of "$debian" | jq -c 'del(.config.User, .config.WorkingDir)')
	digest=$(printf %s "$config" | sha256sum | cut -d' ' -f1)
	cp -r "$(layout_of "$debian")" "$1"
	printf %s "$config" >"$1/blobs/sha256/$digest"
	debian=$(put_image "$1" debian:root "$(manifest_of "$debian" | jq -c \
		".config.digest = \"sha256:$digest\" | .config.size = ${#config}")")
}

# put_image DIR NAME MANIFEST: makes this manifest the layout's only image.
put_image() {
	local digest
	digest=$(printf %s "$3" | sha256sum | cut -d' ' -f1)
	printf %s "$3" >"$1/blobs/sha256/$digest"
	jq -cn --arg name "$2" --arg digest "$digest" --argjson size "${#3}" '{
		schemaVersion: 2, manifests: [$name, "\($name)@sha256:\($digest)" |
		{mediaType: "application/vnd.oci.image.manifest.v1+json",
		 digest: "sha256:\($digest)", size: $size,
		 annotations: {"org.opencontainers.image.ref.name": .}}]}' >"$1/index.json"
	echo "oci:$(realpath "$1"):$2@sha256:$digest"
}

# tree_of_dir FOLDER [treecmp OPTION...], tree_of_ramdisk FILE [OPTION...]: the
# same text for the same tree (tools/treecmp.py).
tree_of_dir() {
	python3 "$abs_top_srcdir/tests/tools/treecmp.py" dir "$@"
}

tree_of_ramdisk() {
	local file=$1
	shift
	python3 "$abs_top_srcdir/tests/tools/treecmp.py" ramdisk "$file" rootfs "$@"
}

# given_pipeline: blobs, a registry that has an application and a sleeve, and the
# manifest that names them
given_pipeline() {
	requires skopeo umoci jq python3
	fake_blobs blobs
	export ENCLAVER_BLOBS="$T/blobs"
	start_registry
	push "$(mkimage_app source app:1)" team/app:1
	push "$(mkimage_sleeve source)" base/sleeve:1
	manifest "$registry_url/team/app:1" "$registry_url/team/app:enclave" \
		"$registry_url/base/sleeve:1" >enclaver.yaml
}

# fake_blobs DIR: a blobs folder as AWS's package has it.  Its kernel has the
# magic of one and boots nowhere.
fake_blobs() {
	mkdir -p "$1"
	{
		head -c 514 /dev/zero
		printf HdrS
		head -c 4000 /dev/zero
	} >"$1/bzImage"
	printf '#\n# Automatically generated file\n# Linux/x86_64 6.12.117 Kernel Configuration\n#\n' >"$1/bzImage.config"
	echo 'reboot=k panic=30 console=ttyS0' >"$1/cmdline"
	fake_odyn "$1/init"
	printf 'not a module\n' >"$1/nsm.ko"
}

# fake_image FILE: what the kernel for aarch64 begins with
fake_image() {
	{
		head -c 56 /dev/zero
		printf 'ARM\x64'
		head -c 1000 /dev/zero
	} >"$1"
}

# our_odyn: the odyn that enc-amend takes, built or installed.
our_odyn() {
	local prefix
	prefix=$(dirname "$(dirname "$(command -v enc-amend)")")
	echo "${ENCLAVER_LIBEXEC:-$prefix/libexec/enclaver}/odyn"
}

# eif_read EIF [FOLDER]: tools/eifread.py, the second opinion on EIFs.
eif_read() {
	python3 "$abs_top_srcdir/tests/tools/eifread.py" "$@"
}

# attest [NAME=VALUE]...: an attestation document of a chain that begins with
# root.pem, made here by the first call
attest() {
	python3 "$abs_top_srcdir/tests/tools/attest.py" "$@"
}

# pcr N EIF: one measurement, by the second opinion.
pcr() {
	eif_read "$2" | sed -n "s/^PCR$1 //p"
}

# blob_of DIR DIGEST: the file of a blob in a layout.
blob_of() {
	printf '%s/blobs/sha256/%s\n' "$1" "${2#sha256:}"
}

# layout_of IMAGE-PATH: the folder.
layout_of() {
	local rest=${1#oci:}
	echo "${rest%%:*}"
}

# manifest_of IMAGE-PATH: its manifest's text.
manifest_of() {
	cat "$(blob_of "$(layout_of "$1")" "${1##*@}")"
}

# config_of IMAGE-PATH: its configuration's text.
config_of() {
	cat "$(blob_of "$(layout_of "$1")" "$(manifest_of "$1" | jq -r .config.digest)")"
}

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# start_registry [auth] [tls]: sets registry_url to HOST:PORT.  auth wants
# PEER_USER and PEER_PASSWORD (basic); tls makes a certificate of its own,
# $registry_ca, for 127.0.0.1 and localhost.  A second call starts a second
# one beside the first.
start_registry() {
	local word scheme=http auth='' tls='' dir try port
	requires docker-registry curl python3
	for word in "$@"; do
		case $word in
		auth) auth=1 ;;
		tls) tls=1 scheme=https ;;
		*) echo "start_registry: what is '$word'?" >&2; return 1 ;;
		esac
	done
	dir=$(mktemp -d "$T/registry.XXXXXX")
	if [ -n "$tls" ]; then registry_certificate "$dir" || return 1; fi
	for try in 1 2 3 4 5; do
		port=$(free_port)
		registry_config "$dir" "$port" "$auth" "$tls" >"$dir/config.yml"
		docker-registry serve "$dir/config.yml" >"$dir/log" 2>&1 3>&- &
		PEER_PIDS="${PEER_PIDS:-} $!"
		if registry_answers "$!" "$scheme://127.0.0.1:$port/v2/"; then
			registry_url=127.0.0.1:$port
			registry_ca=$dir/cert.pem
			return 0
		fi
		echo "registry: try $try on port $port failed" >&2
	done
	cat "$dir/log" >&2
	return 1
}

# 401 is an answer too: the registry with a password is up.
registry_answers() {
	local i
	for i in $(seq 100); do
		kill -0 "$1" 2>/dev/null || return 1
		case $(curl -sk -o "$T/answer" -w '%{http_code}' "$2") in
		200 | 401) return 0 ;;
		esac
		sleep 0.05
	done
	echo "registry: no answer after $i tries" >&2
	return 1
}

registry_config() {
	cat <<-END
	version: 0.1
	log: {level: warn, accesslog: {disabled: false}}
	storage:
	  filesystem: {rootdirectory: "$1/data"}
	http:
	  addr: 127.0.0.1:$2
	  secret: not-a-secret
	END
	[ -z "$4" ] || printf '  tls: {certificate: "%s/cert.pem", key: "%s/key.pem"}\n' "$1" "$1"
	if [ -n "$3" ]; then
		# PEER_PASSWORD in bcrypt, the only kind that the registry takes.
		# shellcheck disable=SC2016
		printf '%s\n' "$PEER_USER:"'$2b$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O' >"$1/htpasswd"
		printf 'auth:\n  htpasswd: {realm: peers, path: "%s/htpasswd"}\n' "$1"
	fi
}

registry_certificate() {
	requires openssl
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$1/key.pem" -out "$1/cert.pem" -days 2 -subj /CN=peer \
		-addext 'subjectAltName=IP:127.0.0.1,DNS:localhost' \
		2>"$1/openssl.log"
}

# start_stub MODE [CERT KEY]: tools/stubreg.py, a registry that misbehaves, with
# the images of $T/src.  Sets stub and stub_other to HOST:PORT, and stub_log.
start_stub() {
	local ports i
	stop_peers
	stub_log=$T/stub.log
	: >"$stub_log"
	: >"$T/ports"
	python3 "$abs_top_srcdir/tests/tools/stubreg.py" "$T/src" "$stub_log" \
		"$@" >"$T/ports" 2>"$T/stub.err" 3>&- &
	PEER_PIDS="${PEER_PIDS:-} $!"
	for i in $(seq 200); do
		ports=$(<"$T/ports")
		[ -z "$ports" ] || break
		sleep 0.05
	done
	[ -n "$ports" ] || { cat "$T/stub.err" >&2; return 1; }
	stub=127.0.0.1:${ports% *}
	stub_other=127.0.0.1:${ports#* }
}

# login HOST [PASSWORD]: what docker login writes.
login() {
	mkdir -p "$HOME/.docker"
	printf '{"auths":{"%s":{"auth":"%s"}}}\n' "$1" "$(printf %s "$PEER_USER:${2:-$PEER_PASSWORD}" | base64)" \
		>"$HOME/.docker/config.json"
}

# push IMAGE-PATH REPO:TAG [SKOPEO OPTION...]: into the last registry started.
push() {
	local from=$1 to=$2
	shift 2
	requires skopeo
	skopeo copy -q --preserve-digests --dest-tls-verify=false "$@" \
		"$from" "docker://$registry_url/$to"
}

# start_podman: Podman's service on a socket of its own, with a storage of its
# own, as DOCKER_HOST: without root, without a range of ids, without a network.
start_podman() {
	local dir
	requires podman newuidmap setsid
	# A path of at most 107 bytes, and what bats makes is longer.
	dir=$(mktemp -d)
	DAEMON_DIR=$dir
	mkdir "$dir/tmp" "$dir/run"
	# shellcheck disable=SC2030,SC2031
	(
		export TMPDIR=$dir/tmp XDG_RUNTIME_DIR=$dir/run
		exec setsid podman --root "$dir/root" --runroot "$dir/runroot" \
			--storage-driver vfs \
			--storage-opt vfs.ignore_chown_errors=true \
			system service --time=0 "unix://$dir/socket"
	) >"$T/daemon.log" 2>&1 3>&- &
	DAEMON_GROUP=$!
	daemon_answers "$dir/socket"
}

# start_dockerd: the same by docker's own engine, which wants root.
start_dockerd() {
	local dir
	requires root dockerd
	dir=$(mktemp -d)
	DAEMON_DIR=$dir
	dockerd --data-root "$dir/root" --exec-root "$dir/run" -p "$dir/pid" \
		-H "unix://$dir/socket" --storage-driver vfs --bridge none \
		--iptables=false --ip6tables=false --ip-forward=false \
		--ip-masq=false >"$T/daemon.log" 2>&1 3>&- &
	PEER_PIDS="${PEER_PIDS:-} $!"
	daemon_answers "$dir/socket"
}

daemon_answers() {
	local i
	export DOCKER_HOST=unix://$1
	for i in $(seq 400); do
		docker_api _ping >"$T/ping" 2>&1 && return
		sleep 0.05
	done
	cat "$T/daemon.log" >&2
	echo "daemon: no answer after $i tries" >&2
	return 1
}

# start_docker_stub ARCHIVE MODE [tcp [CERT KEY CA]]: tools/stubdock.py as
# DOCKER_HOST; its requests are in $stub_log.
start_docker_stub() {
	local archive=$1 mode=$2 where=${3:-} i stub=
	shift $(($# < 3 ? $# : 3))
	requires python3
	stub_log=$(mktemp "$T/docker.XXXXXX")
	# The path of a socket has at most 107 bytes: a relative one is short.
	[ -n "$where" ] || where=${stub_log##*/}.socket
	: >"$stub_log.where"
	python3 "$abs_top_srcdir/tests/tools/stubdock.py" "$archive" \
		"$stub_log" "$mode" "$where" "$@" \
		>"$stub_log.where" 2>"$stub_log.err" 3>&- &
	PEER_PIDS="${PEER_PIDS:-} $!"
	for i in $(seq 200); do
		stub=$(<"$stub_log.where")
		[ -z "$stub" ] || break
		sleep 0.05
	done
	[ -n "$stub" ] || { cat "$stub_log.err" >&2; return 1; }
	if [ "$where" = tcp ]; then
		export DOCKER_HOST=tcp://$stub
	else
		export DOCKER_HOST=unix://$stub
	fi
}

# docker_api PATH [CURL OPTION...]: asks the daemon at DOCKER_HOST, a socket.
docker_api() {
	local path=$1
	shift
	curl -sS --fail-with-body --unix-socket "${DOCKER_HOST#unix://}" "$@" "http://d/$path"
}

# docker_load IMAGE-PATH NAME: as docker load does, by others' programs alone.
docker_load() {
	requires skopeo
	skopeo copy -q "$1" "docker-archive:$T/load.tar:$2"
	docker_api images/load -X POST -H 'Content-Type: application/x-tar' \
		-T "$T/load.tar"
	rm "$T/load.tar"
}

stop_peers() {
	local pid
	for pid in ${PEER_PIDS:-}; do
		kill "$pid" 2>/dev/null || continue
		wait "$pid" 2>/dev/null || continue
	done
	PEER_PIDS=
	[ -z "${DAEMON_GROUP:-}" ] || stop_podman
	DAEMON_GROUP=
	[ -z "${DAEMON_DIR:-}" ] || rm -rf "$DAEMON_DIR"
	DAEMON_DIR=
}

# Without root podman runs itself once more, in a namespace that yet another
# process of its own holds; and what is in its storage may belong to ids that
# only this namespace has.
stop_podman() {
	local i pause=$DAEMON_DIR/run/libpod/tmp/pause.pid
	kill -- "-$DAEMON_GROUP" 2>/dev/null || true
	wait "$DAEMON_GROUP" 2>/dev/null || true
	for i in $(seq 200); do
		kill -0 -- "-$DAEMON_GROUP" 2>/dev/null || break
		[ "$i" -ne 100 ] || kill -9 -- "-$DAEMON_GROUP" || true
		sleep 0.05
	done
	chmod -R u+w "$DAEMON_DIR/root" 2>/dev/null || true
	rm -rf "$DAEMON_DIR/root" 2>/dev/null ||
		XDG_RUNTIME_DIR=$DAEMON_DIR/run podman unshare rm -rf "$DAEMON_DIR/root"
	[ ! -s "$pause" ] || kill -9 "$(cat "$pause")" 2>/dev/null || true
}

# nitro_folders ROOTFS: adds what enc-eif adds to every image that lacks it.
nitro_folders() {
	local name
	touch -r "$1" "$T/before"
	for name in dev run sys var proc tmp; do
		[ -e "$1/$name" ] || [ -L "$1/$name" ] && continue
		mkdir -m 0755 "$1/$name"
		[ $name != tmp ] || chmod 1777 "$1/tmp"
		touch -d @0 "$1/$name"
	done
	touch -r "$T/before" "$1"
}
