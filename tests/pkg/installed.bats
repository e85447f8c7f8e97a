#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# installed.bats - the packages, installed in clean roots: needs root, and what
# "make check-pkg" has built
load ../helpers
load ../peers
load ../packages

roots=$BATS_FILE_TMPDIR

# The tests of programs; what is about the tree, or wants engines, is not here.
SUITE='cli/amend cli/blobs cli/daemon cli/eif cli/enclaver
	cli/help cli/inspect cli/manifest cli/odyn cli/odyn-api cli/odyn-egress
	cli/odyn-ingress cli/odyn-kms cli/odyn-ports cli/odyn-sandbox cli/pull
	cli/push cli/release cli/release-sleeve cli/run cli/run-egress cli/run-ingress
	cli/run-nitro cli/run-nitro-cli cli/run-sandbox cli/sandbox pipe/build
	pipe/pipeline pipe/push pipe/registry pipe/repro'

setup_file() {
	local kind
	for kind in deb rpm; do
		[ -s "$packages/$kind/paths" ] || return 0
		mkdir "$roots/$kind"
		tar -xf "$("$abs_top_srcdir/tests/tools/clean-root" \
			"${ENC_TEST_IMAGES:-$abs_top_builddir/tests/images}")" \
			-C "$roots/$kind"
	done
	cp "$packages"/deb/*.deb "$roots/deb/root"
	in_root deb sh -c 'dpkg -i /root/*.deb' >"$roots/dpkg.log" 2>&1
	rm "$roots"/deb/root/*.deb
	al2023
	rpm_root -i "$roots"/al2023/RPMS/*/*.rpm "$packages"/rpm/*.rpm \
		>"$roots/rpm.log" 2>&1
}

local_setup() {
	requires root mmdebstrap rpm rpmbuild
	[ -d "$roots/rpm" ] || missing "packages: make check-pkg builds them"
}

# in_root KIND COMMAND...
in_root() {
	local root=$roots/$1
	shift
	"$abs_top_srcdir/tests/tools/in-root" "$root" "$abs_top_srcdir" \
		"$abs_top_builddir" -- "$@"
}

rpm_root() {
	rpm --root "$roots/rpm" --dbpath /var/lib/rpm "$@"
}

# al2023: a package that stands for what Amazon Linux 2023 has; the libraries in
# the root are Debian's
al2023() {
	{
		printf '%s\n' 'Name: al2023' 'Version: 2023' 'Release: 1' \
			'Summary: What it has' 'License: none'
		sed '/^#/d;s/^/Provides: /' "$abs_top_srcdir/tests/pkg/al2023"
		printf '%s\n' %description 'What it has.' %files
	} >"$roots/al2023.spec"
	rpmbuild -bb --quiet --define "_topdir $roots/al2023" "$roots/al2023.spec"
}

# each_program KIND: says its version
each_program() {
	local program
	for program in $ENC_PROGRAMS; do
		expect 0 in_root "$1" "/usr/bin/$program" --version
		same "$program (enclaver) $ENC_VERSION" "$output"
		same "" "$stderr"
	done
}

@test "installed: the .deb, in a clean Debian" {
	same "" "$(in_root deb dpkg --audit)"
	same "" "$(in_root deb dpkg --verify enclaver-tools enclaver-odyn enclaver-kernel)"
	contains "$(in_root deb getent group ne)" "ne:x:"
	each_program deb
}

@test "installed: the .rpm, where Amazon Linux's names are provided" {
	same "" "$(rpm_root -V enclaver-tools enclaver-odyn enclaver-kernel)"
	each_program rpm
	# Without those names rpm refuses: the list is what was needed.
	mkdir bare
	run rpm --root "$T/bare" --dbpath /var/lib/rpm -i "$packages"/rpm/*.rpm
	same 1 "$((status > 0))"
	contains "$output" "libcurl.so.4()(64bit) is needed by enclaver-tools"
}

@test "installed: .deb and .rpm make the same EIF" {
	local kind
	requires python3
	mkdir image
	"$abs_top_srcdir/tests/tools/mkimage.py" image/layout app:1 >path <<-'END'
	config {"Entrypoint": ["/bin/app"]}
	layer gzip
	dir bin
	file bin/app mode=0755 data='none\n'
	END
	printf 'version: v1\nname: app\ntarget: app:enclave\nsources: {app: "app:1"}\n' \
		>image/enclaver.yaml
	for kind in deb rpm; do
		cp -R image "$roots/$kind/root"
		expect 0 in_root "$kind" sh -c 'cd /root/image && export ENCLAVER_STORE=/root/store &&
			enc-pull -q oci:layout:app:1 | enc-amend -q -f enclaver.yaml |
			enc-eif -q -f enclaver.yaml -o app.eif'
	done
	expect 0 cmp "$roots/deb/root/image/app.eif" "$roots/rpm/root/image/app.eif"
}

@test "installed: the suite passes on what the .deb has brought" {
	expect 0 in_root deb setpriv --reuid=65534 --regid=65534 --clear-groups \
		--no-new-privs env HOME=/tmp PATH=/usr/local/bin:/usr/bin:/bin \
		abs_top_srcdir="$abs_top_srcdir" abs_top_builddir="$abs_top_builddir" \
		BATS=bats ENC_VERSION="$ENC_VERSION" ENC_PROGRAMS="$ENC_PROGRAMS" \
		ENC_TEST_INSTALLED=1 ENC_TEST_STRICT="${ENC_TEST_STRICT:-0}" \
		ENC_SANDBOX="${ENC_SANDBOX-}" SUITE="$SUITE" sh -c '
		cd "$abs_top_srcdir/tests"
		for file in $SUITE; do echo "$file.bats"; done |
			xargs -P"$(nproc)" -I@ sh -c "sh bats-run @ >\$(mktemp /tmp/log.XXXXXX) 2>&1 ||
				echo not ok: @ >>/tmp/log.failed"
		command -v enc-pull
		sed -n "/^not ok/,/^ok/p" /tmp/log.*
		grep -ch "^ok" /tmp/log.* | paste -sd+'
	same /usr/bin/enc-pull "$(head -n 1 <<<"$output")"
	same "" "$(grep '^not ok' <<<"$output")"
	# None was left out.
	same "$(wc -w <<<"$SUITE")" "$(tail -n 1 <<<"$output" | tr '+' '\n' | grep -c '^[1-9]')"
}

@test "installed: the administrator's file stays, and a purge leaves nothing" {
	local conf=$roots/deb/etc/enclaver/enclaver.conf
	echo '# mine' >>"$conf"
	in_root deb dpkg --remove enclaver-tools >/dev/null 2>&1
	contains "$(cat "$conf")" "# mine"
	in_root deb dpkg --purge enclaver-tools enclaver-odyn enclaver-kernel >/dev/null 2>&1
	same "" "$(find "$roots/deb" -xdev -path '*enclaver*' ! -path '*/dpkg/*' ! -path "$roots/deb/root/*")"
	# The .rpm's, too: changed, it is kept beside.
	conf=$roots/rpm/etc/enclaver/enclaver.conf
	echo '# mine' >>"$conf"
	rpm_root -e enclaver-tools >/dev/null 2>&1
	contains "$(cat "$conf.rpmsave")" "# mine"
	[ ! -e "$conf" ]
}
