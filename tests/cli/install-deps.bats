#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# install-deps.bats - scripts/install-deps before made-up package managers
load ../helpers

deps=$abs_top_srcdir/scripts/install-deps

# A PATH with nothing but what the script uses, a log of what it called, and
# packages that are there ($T/have).
local_setup() {
	local name
	mkdir bin
	for name in sh awk cat grep sed env; do
		ln -s "$(command -v "$name")" bin
	done
	fake id 'echo "${FAKE_ID:-0}"'
	: >calls
	: >have
}

# fake NAME: logs its call.  fake NAME TEXT: is this script.
fake() {
	printf '#!/bin/sh\n%s\n' "${2:-echo "$1 \$*" >>$T/calls}" >"bin/$1"
	chmod +x "bin/$1"
}

debian() {
	fake apt-get
	fake dpkg-query 'for last; do :; done
		grep -qx "$last" have && printf "ii "'
}

@test "install-deps: --list prints the names of the groups and installs nothing" {
	debian
	expect 0 env PATH="$T/bin" "$deps" --list build
	contains "$output" libcurl4-openssl-dev
	same "" "$(grep -x bats <<<"$output")"
	expect 0 env PATH="$T/bin" "$deps" --list build test
	same bats "$(grep -x bats <<<"$output")"
	same "" "$(sort <<<"$output" | uniq -d)"
	same "" "$(cat calls)"
}

@test "install-deps: apt-get is not called when all is there" {
	debian
	expect 0 env PATH="$T/bin" "$deps" --list build
	echo "$output" >have
	expect 0 env PATH="$T/bin" "$deps" build
	same "" "$output$stderr"
	same "" "$(cat calls)"
}

@test "install-deps: apt-get installs what is missing, and only that" {
	debian
	expect 0 env PATH="$T/bin" "$deps" --list build
	grep -vx 'make\|gcc' <<<"$output" >have
	expect 0 env PATH="$T/bin" "$deps" build
	same "" "$output"
	same 'apt-get -q update
apt-get -q install -y --no-install-recommends gcc make' "$(cat calls)"
}

@test "install-deps: what another architecture takes comes after dpkg knows of it" {
	debian
	fake dpkg
	expect 0 env PATH="$T/bin" "$deps" --list cross
	grep -vx 'libssl-dev:arm64' <<<"$output" >have
	expect 0 env PATH="$T/bin" "$deps" cross
	same 'dpkg --add-architecture arm64
apt-get -q update
apt-get -q install -y --no-install-recommends libssl-dev:arm64' "$(cat calls)"
}

@test "install-deps: by sudo when not root, and refused without it" {
	debian
	FAKE_ID=1000 expect 6 env PATH="$T/bin" "$deps" build
	contains "$stderr" 'not root and no sudo; install these yourself: gcc '
	same "" "$(cat calls)"
	fake sudo 'printf "sudo " >>calls; exec "$@"'
	FAKE_ID=1000 expect 0 env PATH="$T/bin" "$deps" build
	contains "$(cat calls)" 'sudo apt-get -q update'
}

@test "install-deps: dnf has its own names" {
	fake dnf
	fake rpm 'exit 1'
	expect 0 env PATH="$T/bin" "$deps" build
	contains "$(cat calls)" 'dnf install -y --setopt=strict=0 gcc glibc-static make'
	contains "$(cat calls)" ' libcurl-devel '
}

@test "install-deps: no package manager is status 6, wrong usage 2" {
	fake id 'echo 0'
	expect 6 env PATH="$T/bin" "$deps" build
	contains "$stderr" 'neither apt-get nor dnf'
	expect 2 "$deps"
	contains "$stderr" 'usage: install-deps'
	expect 2 "$deps" biuld
	contains "$stderr" 'usage: install-deps'
}
