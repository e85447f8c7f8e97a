#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# base-images.bats - the -release dockerfiles, by buildah
#
# They run commands in a container, for which buildah wants root here.  What
# they compile, and what compiles it, are stand-ins; so is AWS's nitro-cli.
load ../helpers
load ../peers

local_setup() {
	requires root buildah jq
	SCRIPTS=$abs_top_srcdir/scripts
	BUSYBOX=$(command -v busybox) || missing busybox
	! ldd "$BUSYBOX" >/dev/null 2>&1 || missing "a static busybox"
	# a path of its own and no more, as for the daemons
	DAEMON_DIR=$(mktemp -d)
	mkdir bin
	cat >bin/buildah <<-END
	#!/bin/bash -eu
	args=("\$@")
	if [ "\$1" = build ]; then
		args[-1]=$T/source
		args=(build --isolation chroot --build-arg BASE=localhost/base:1 "\${args[@]:1}")
	fi
	exec $(command -v buildah) --root $DAEMON_DIR/root \\
		--runroot $DAEMON_DIR/runroot --storage-driver vfs "\${args[@]}"
	END
	chmod +x bin/buildah
	PATH=$T/bin:$PATH
}

# image NAME FOLDER: for buildah, of $machine
image() {
	"$SCRIPTS/image-from-folder" --arch "$machine" "localhost/$1" "$2" image.tar
	buildah pull -q docker-archive:image.tar
}

# base: a system that has a compiler, and a source that it makes programs of
base() {
	local name
	mkdir -p base/bin source/scripts
	cp "$BUSYBOX" base/bin/busybox
	for name in sh mkdir cp ln chmod test nproc; do
		ln -sf busybox "base/bin/$name"
	done
	cat >base/bin/make <<-'END'
	#!/bin/sh -eu
	mkdir bin libexec
	echo "odyn by $(cat deps)" >libexec/odyn
	echo run >bin/enc-run
	chmod 755 bin/enc-run libexec/odyn
	END
	printf '#!/bin/sh -eu\necho "install-deps $*" >deps\n' >source/scripts/install-deps
	printf '#!/bin/sh -eu\n[ -s deps ]\n' >source/configure
	chmod 755 base/bin/make source/scripts/install-deps source/configure
	image base:1 base
}

# nitro_cli LOADER: libraries are links there, and /lib64 is one
nitro_cli() {
	local name
	rm -rf aws
	mkdir -p aws/usr/lib64 aws/usr/lib aws/usr/bin
	ln -s usr/lib64 aws/lib64
	ln -s usr/lib aws/lib
	for name in lib64/libssl.so.3 lib64/libcrypto.so.3 lib64/libgcc_s.so.1 \
		lib64/libm.so.6 lib64/libc.so.6 lib64/libz.so.1 "$1"; do
		echo "$name" >"aws/usr/$name.real"
		chmod 755 "aws/usr/$name.real"
		ln -s "${name##*/}.real" "aws/usr/$name"
	done
	printf '#!/bin/sh\n' >aws/usr/bin/nitro-cli
	chmod 755 aws/usr/bin/nitro-cli
	image nitro-cli:1 aws
	echo 'nitro_cli_image=localhost/nitro-cli:1' >conf
	export ENCLAVER_CONF=$T/conf
}

# files_of NAME: what is in an image that buildah made
files_of() {
	buildah push -q "localhost/$1" "docker-archive:$T/saved.tar:$1"
	enc-inspect -q ls "$(enc-pull -q --platform "linux/$arch" docker-archive:saved.tar)" |
		grep -v ^d | sed 's|^[^/]*||; s| -> .*||'
	rm saved.tar
}

@test "base images: both -release dockerfiles, for both architectures" {
	local machine arch loader
	while read -r machine arch loader; do
		buildah rmi -a -f >/dev/null 2>&1 || :
		base
		nitro_cli "$loader"
		expect 0 "$SCRIPTS/build-docker-images.sh" --from-source --engine buildah --arch "$machine"
		same 'odyn-dev:latest
sleeve:latest' "$output"
		same /usr/local/bin/odyn "$(files_of odyn-dev:latest)"
		same "$(printf '/%s\n' bin/nitro-cli "$loader" lib64/libc.so.6 \
			lib64/libcrypto.so.3 lib64/libgcc_s.so.1 lib64/libm.so.6 \
			lib64/libssl.so.3 lib64/libz.so.1 usr/local/bin/enc-run \
			usr/local/bin/enclaver-run | LC_ALL=C sort)" "$(files_of sleeve:latest)"
		same "$arch [\"/usr/local/bin/enclaver-run\"]" "$(buildah inspect --type image sleeve |
			jq -r '"\(.OCIv1.architecture) \(.OCIv1.config.Entrypoint)"')"
	done <<-END
	x86_64 amd64 lib64/ld-linux-x86-64.so.2
	aarch64 arm64 lib/ld-linux-aarch64.so.1
	END
}
