# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# packages.bash - packages that are built once: load packages, after
# ../helpers and ../peers

# What tests/pkg has built, in $abs_top_builddir/packages/KIND; tests/root
# installs it.
packages=$abs_top_builddir/packages
# as packages write it
package_version=$(tr - '~' <<<"$ENC_VERSION")

# build_packages KIND: for a setup_file; the paths in packages/KIND/paths
build_packages() {
	rm -rf "${packages:?}/$1"
	mkdir -p "$packages/$1"
	mkdir "$BATS_FILE_TMPDIR/blobs"
	cp -R "$(blobs)/." "$BATS_FILE_TMPDIR/blobs"
	"$abs_top_srcdir/packaging/build" "$1" --out "$packages/$1" \
		--kernel "$BATS_FILE_TMPDIR/blobs" >"$packages/$1/paths"
}

# blobs: the kernel to package, the tests' or one that would not boot
blobs() {
	if [ -n "${ENC_TEST_BLOBS-}" ]; then
		echo "$ENC_TEST_BLOBS"
		return
	fi
	fake_blobs "$BATS_FILE_TMPDIR/fake"
	# as build-kernel's, which has no modules and leaves init to us
	rm "$BATS_FILE_TMPDIR"/fake/{init,nsm.ko}
	echo "$BATS_FILE_TMPDIR/fake"
}

# other_arch ROOT: what runs in enclaves of the other architecture is of that
other_arch() {
	local program
	for program in odyn init enc-run; do
		contains "$(readelf -h "$1/usr/libexec/enclaver/aarch64/$program")" AArch64
	done
	contains "$(readelf -h "$1/usr/libexec/enclaver/odyn")" X86-64
}

# build_again KIND EPOCH: of the tarball, elsewhere, with all else that differs
# between two people; the packages are in $T/again
build_again() {
	local tarball
	mkdir dist elsewhere again
	(cd dist && "$abs_top_srcdir/configure" -q && make -s dist) >/dev/null
	tarball=$(echo dist/enclaver-*.tar.xz)
	tar -xf "$tarball"
	tarball=${tarball##*/}
	# What rpm and dpkg would read of somebody's own.
	mkdir -p someone/.config/dpkg
	printf '%%packager someone\n%%_binary_filedigest_algorithm 1\n' >someone/.rpmmacros
	echo 'APPEND CFLAGS -DSOMEONE -O1' >someone/.config/dpkg/buildflags.conf
	(
		umask 077
		export SOURCE_DATE_EPOCH=$2 TZ=Asia/Kolkata LC_ALL=C.UTF-8 \
			LANG=C.UTF-8 HOME="$T/someone" USER=someone LOGNAME=someone \
			TMPDIR="$T/elsewhere" DEB_LDFLAGS_APPEND=-Wl,-z,lazy
		unshare --user --map-root-user \
			"./${tarball%.tar.xz}/packaging/build" "$1" \
			--out again --kernel "$BATS_FILE_TMPDIR/blobs"
	)
}
