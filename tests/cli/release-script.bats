#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# release-script.bats - scripts/release, on a repository as small as can be
load ../helpers

local_setup() {
	requires git autoreconf xz make
	export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b.example \
		GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b.example
	mkdir -p repo/scripts repo/packaging
	cp "$abs_top_srcdir/scripts/release" "$abs_top_srcdir/scripts/autogen.sh" \
		repo/scripts
	cd repo || return
	cat >configure.ac <<-'END'
	AC_INIT([small], [1.2.0])
	AM_INIT_AUTOMAKE([foreign])
	AC_CONFIG_FILES([Makefile])
	AC_OUTPUT
	END
	echo 'EXTRA_DIST = NEWS tool' >Makefile.am
	printf 'What changed.\n\n1.2.0\n\n  * All.\n\n1.1.0\n\n  * Some.\n' >NEWS
	printf '#!/bin/sh\n' >tool
	chmod 755 tool
	printf '/*\n!/scripts\n!/packaging\n' >.gitignore
	git init -q -b main
	git add -f configure.ac Makefile.am NEWS tool scripts .gitignore
	commit
}

commit() {
	git add -f NEWS configure.ac packaging
	GIT_COMMITTER_DATE='@1700000000 +0000' git commit -qam "a change"
}

# refused WORDS: and nothing is made
refused() {
	expect 1 scripts/release
	same "" "$output"
	same "release: $1" "$stderr"
	[ ! -e build ]
}

@test "release: --help says what it does, other words are status 2" {
	expect 0 scripts/release --help
	contains "$output" "release [--out DIR] | --verify TARBALL [COMMIT]"
	same "" "$stderr"
	local words
	for words in x --out --verify '--out a b' '--verify a b c'; do
		# shellcheck disable=SC2086
		expect 2 scripts/release $words
		same "" "$output"
		contains "$stderr" 'usage: release'
	done
}

@test "release: what is not ready is refused, and nothing is made" {
	git checkout -q -b other
	refused 'this is other, and releases are made of main'
	git checkout -q --detach
	refused 'this is no branch, and releases are made of main'
	git checkout -q main
	echo x >>tool
	refused 'there are changes that are not committed: git status names them'
	git checkout -q tool
	touch scripts/new
	refused 'there are changes that are not committed: git status names them'
	rm scripts/new
	git tag v1.2.0
	refused 'there is a tag v1.2.0: configure.ac needs the next version'
	sed -i s/1.2.0/1.3.0/ configure.ac
	commit
	refused 'configure.ac has version 1.3.0, the first in NEWS is 1.2.0'
	sed -i '3i1.3.0\n' NEWS
	commit
	refused 'NEWS says nothing about 1.3.0'
	sed -i 's/^1.3.0$/&\n\n  * More./' NEWS
	echo 'small (1.2.0-1) unstable; urgency=medium' >packaging/changelog
	commit
	refused 'configure.ac has version 1.3.0, packaging/changelog has 1.2.0'
	git rm -qf packaging/changelog
	mkdir -p packaging
	printf 'Name: small\nVersion:\t1.2.0\n' >packaging/small.spec
	commit
	refused 'configure.ac has version 1.3.0, packaging/small.spec has 1.2.0'
	sed -i 's/1.2.0/%{of_configure}/' packaging/small.spec
	commit
	rm -rf .git
	expect 3 scripts/release
	contains "$stderr" 'this is no clone of the repository'
	contains "$stderr" 'fatal: not a git repository'
}

# as_another COMMAND...: whose machine has other ideas of everything
as_another() (
	umask 077
	export TZ=Asia/Tokyo XZ_OPT=--check=crc32 XZ_DEFAULTS=-T0 TAR_OPTIONS=--exclude=tool \
		LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH=5
	"$@"
)

@test "release: the tarball is the same bytes from any clone, and checked there" {
	expect 0 scripts/release --out ../repo/../out
	same "$T/out/small-1.2.0.tar.xz" "$output"
	contains "$stderr" "git tag -s v1.2.0 -m 'small 1.2.0' $(git rev-parse HEAD)"
	(cd "$T/out" && sha256sum -c --quiet SHA256SUMS)
	same 'SHA256SUMS
small-1.2.0.tar.xz' "$(ls -A "$T/out")"
	tar -tvf "$T/out/small-1.2.0.tar.xz" >"$T/list"
	same "" "$(grep -v ' 0/0 .* 2023-11-14 22:13 ' "$T/list")"
	same 'drwxr-xr-x -rw-r--r-- -rwxr-xr-x' "$(cut -d ' ' -f 1 "$T/list" |
		awk '!seen[$0]++' | xargs)"
	contains "$(grep /tool "$T/list")" -rwxr-xr-x

	git tag v1.2.0
	(umask 077 && git clone -q . "$T/another")
	cd "$T/another"
	git config core.autocrlf true
	expect 0 as_another scripts/release --verify "$T/out/small-1.2.0.tar.xz"
	same "$T/out/small-1.2.0.tar.xz: made of $(git rev-parse HEAD)" "$output"
	same "release: making the tarball, half a minute" "$stderr"
}

@test "release: a version may have a hyphen, and a commit a signature that git shows" {
	cat >"$T/gpg" <<-'END'
	#!/bin/sh
	case $* in
	*--verify*) echo 'gpg: good' >&2; echo '[GNUPG:] GOODSIG 1 a' ;;
	*)
		cat >/dev/null
		printf '%s\n' '-----BEGIN PGP SIGNATURE-----' '' '-----END PGP SIGNATURE-----'
		echo '[GNUPG:] SIG_CREATED D 1 8 00 1 A' >&2
		;;
	esac
	END
	chmod +x "$T/gpg"
	git config gpg.program "$T/gpg"
	git config commit.gpgSign true
	git config log.showSignature true
	sed -i s/1.2.0/1.2.0-rc1/ configure.ac NEWS
	commit
	contains "$(git log -1 --format=%ct)" 'gpg: good'
	expect 0 scripts/release --out "$T/out"
	same "" "$(tar -tvf "$T/out/small-1.2.0-rc1.tar.xz" | grep -v ' 2023-11-14 22:13 ')"
	git tag v1.2.0-rc1
	expect 0 scripts/release --verify "$T/out/small-1.2.0-rc1.tar.xz"
}

@test "release: what cannot be written is status 6, and nothing is left of it" {
	mkdir "$T/bin"
	# a full disk
	cat >"$T/bin/cp" <<-END
	#!/bin/sh
	case \$2 in
	*.new) head -c 9 "\$1" >"\$2"; echo 'cp: No space left' >&2; exit 1 ;;
	esac
	exec $(command -v cp) "\$@"
	END
	chmod +x "$T/bin/cp"
	expect 6 env PATH="$T/bin:$PATH" scripts/release --out "$T/out"
	same "" "$output$(ls -A "$T/out")"
	contains "$stderr" "release: cannot write '$T/out/small-1.2.0.tar.xz'"
	expect 6 scripts/release --out "$T/bin/cp/out"
	contains "$stderr" "release: cannot make the folder '$T/bin/cp/out'"
	TMPDIR=$T/none expect 6 scripts/release
	contains "$stderr" "release: cannot make a temporary folder: is TMPDIR right?"
	# what is not ready makes no folder
	git tag v1.2.0
	expect 1 scripts/release --out "$T/other"
	[ ! -e "$T/other" ]
}

@test "release: a tarball with anything else in it is status 4, and said what" {
	expect 0 scripts/release --out "$T/out"
	local tarball=$T/bad/small-1.2.0.tar.xz
	mkdir "$T/bad"
	cd "$T/bad"
	tar -xf "$T/out/small-1.2.0.tar.xz"
	cd "$T/repo"
	tar -C "$T/bad" -cJf "$tarball" small-1.2.0
	expect 4 scripts/release --verify "$tarball" main
	same "" "$output"
	contains "$stderr" 'are the same, their wrapping is not'

	echo evil >>"$T/bad/small-1.2.0/tool"
	tar -C "$T/bad" -cJf "$tarball" small-1.2.0
	expect 4 scripts/release --verify "$tarball" main
	contains "$stderr" small-1.2.0/tool
	same "" "$(grep NEWS <<<"$stderr")"
	contains "$stderr" "release: '$tarball' is not what main makes here"

	echo junk >"$tarball"
	expect 3 scripts/release --verify "$tarball" main
	contains "$stderr" "'$tarball' is no tarball"
	git branch v1.2.0
	expect 3 scripts/release --verify "$tarball"
	contains "$stderr" "there is no commit 'v1.2.0' here: git fetch --tags"
	mv "$tarball" "$T/small-9.tar.xz"
	expect 4 scripts/release --verify "$T/small-9.tar.xz" main
	same "release: 'main' has version 1.2.0, the tarball's is 9" "$stderr"
	expect 3 scripts/release --verify "$T/none.tar.xz"
	same "release: there is no file '$T/none.tar.xz'" "$stderr"
}
