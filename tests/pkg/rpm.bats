#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rpm.bats - the .rpm packages, as they are built, for Amazon Linux 2023
load ../helpers
load ../peers
load ../packages

setup_file() {
	requires rpmbuild rpm2cpio cpio
	build_packages rpm
	mkdir "$BATS_FILE_TMPDIR/root"
	for package in "$packages"/rpm/*.rpm; do
		rpm2cpio "$package" | cpio -idm --quiet -D "$BATS_FILE_TMPDIR/root"
	done
}

local_setup() {
	rpm=$packages/rpm
	root=$BATS_FILE_TMPDIR/root
}

@test "rpm: three packages of one version" {
	local arch
	arch=$(uname -m)
	same "$rpm/enclaver-kernel-$package_version-1.noarch.rpm
$rpm/enclaver-odyn-$package_version-1.$arch.rpm
$rpm/enclaver-tools-$package_version-1.$arch.rpm" "$(cat "$rpm/paths")"
	same "$(cat "$rpm/paths")" "$(printf '%s\n' "$rpm"/*.rpm)"
}

@test "rpm: rpmlint has nothing to say" {
	requires rpmlint
	expect 0 rpmlint -c "$abs_top_srcdir/packaging/rpmlint.toml" "$rpm"/*.rpm
	same "" "$(grep -E ': [EW]: ' <<<"$output")"
	contains "$output" "3 packages and 0 specfiles checked; 0 errors, 0 warnings"
}

# beyond FILE: what rpm says that it requires and Amazon Linux 2023 has not
beyond() {
	echo "$1" | /usr/lib/rpm/elfdeps --requires |
		grep -vxFf "$abs_top_srcdir/tests/pkg/al2023"
}

@test "rpm: each program asks for what Amazon Linux 2023 has" {
	requires readelf
	local program count=0
	for program in "$root"/usr/bin/* "$root"/usr/libexec/enclaver/*; do
		# elfdeps says nothing of what it cannot read.
		readelf -h "$program" >/dev/null 2>&1 || continue
		same "" "$(beyond "$program")" "$program"
		count=$((count + 1))
	done
	[ "$count" -ge 9 ]
	# It would say so: this is what is linked as it comes.
	contains "$(beyond "$abs_top_builddir/bin/enc-pull")" "libcurl.so.4(CURL_OPENSSL_4)(64bit)"
	contains "$(beyond "$abs_top_builddir/bin/enc-pull")" "libjansson.so.4(libjansson.so.4)(64bit)"
}

@test "rpm: no version of a symbol but glibc's to 2.34 and OpenSSL's 3.0.0" {
	requires objdump
	local versions
	versions=$(objdump -T "$root"/usr/bin/enc-[!r]* "$root"/usr/bin/enc-release |
		grep -oE '\(?(GLIBC|[A-Za-z.]+)_[0-9.]+\)?' | tr -d '()' | sort -uV)
	contains "$versions" GLIBC_2.2.5
	contains "$versions" OPENSSL_3.0.0
	same OPENSSL_3.0.0 "$(grep -v '^GLIBC_' <<<"$versions")"
	same GLIBC_2.34 "$({ grep '^GLIBC_' <<<"$versions"; echo GLIBC_2.34; } | sort -V | tail -n 1)"
}

@test "rpm: the packages ask for no more than their programs do" {
	local requires
	requires=$(rpm -qp --requires "$rpm"/enclaver-tools-*.rpm |
		grep -vxFf "$abs_top_srcdir/tests/pkg/al2023" |
		grep -v '^rpmlib(TildeInVersions)')
	# What rpm itself can, from 4.16 on, Amazon Linux's; the one above is in
	# release candidates alone.
	same "config(enclaver-tools) = $package_version-1
enclaver-odyn = $package_version
rpmlib(CompressedFileNames) <= 3.0.4-1
rpmlib(FileDigests) <= 4.6.0-1
rpmlib(PayloadFilesHavePrefix) <= 4.0-1
rpmlib(PayloadIsZstd) <= 5.4.18-1" "$requires"
	contains "$(rpm -qp --requires "$rpm"/enclaver-tools-*.rpm)" "libcurl.so.4()(64bit)"
	contains "$(rpm -qp --requires "$rpm"/enclaver-tools-*.rpm)" /usr/bin/flock
	same "" "$(rpm -qp --requires "$rpm"/enclaver-odyn-*.rpm "$rpm"/enclaver-kernel-*.rpm |
		grep -v '^rpmlib')"
	same "config(enclaver-tools) = $package_version-1
enclaver-tools = $package_version-1" \
		"$(rpm -qp --provides "$rpm"/enclaver-tools-*.rpm | grep -v '(x86-64)')"
	# Nor do they do anything when they are installed.
	same "" "$(rpm -qp --scripts "$rpm"/*.rpm)"
	same "root root" "$(rpm -qp --qf '[%{FILEUSERNAME} %{FILEGROUPNAME}\n]' "$rpm"/*.rpm | sort -u)"
}

@test "rpm: what is where" {
	local file
	for file in usr/bin/enclaver usr/libexec/enclaver/odyn \
		usr/libexec/enclaver/init usr/lib/systemd/system/enclaver@.service \
		usr/lib/sysusers.d/enclaver.conf usr/lib/tmpfiles.d/enclaver.conf \
		usr/share/enclaver/blobs/bzImage usr/share/enclaver/blobs/cmdline \
		usr/share/enclaver/seccomp.json usr/share/man/man1/enc-eif.1.gz; do
		[ -f "$root/$file" ] || same "$file" ""
	done
	[ "$(uname -m)" != x86_64 ] || other_arch "$root"
	same /etc/enclaver/enclaver.conf "$(rpm -qp --configfiles "$rpm"/*.rpm)"
}

@test "rpm: another user elsewhere makes the same bytes of the tarball" {
	requires userns
	local name
	# The date of what is in them is the tree's.
	expect 0 build_again rpm "$(rpm -qp --qf '%{BUILDTIME}' "$rpm"/enclaver-odyn-*.rpm)"
	for name in $(sed 's/.*\///' "$rpm/paths"); do
		expect 0 cmp "$rpm/$name" "again/$name"
	done
}
