#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# enclaver-run.bats - enclaver run: what it hands to whom, by stand-ins for
# enc-run, docker and podman
load ../helpers
load ../peers

local_setup() {
	requires python3 jq
	mkdir bin tmp libexec
	export TMPDIR="$T/tmp"
	stand_in enc-run
	PATH=$T/bin:$PATH
	image=$(mkimage_app "$ENCLAVER_STORE" docker.io/repo/app:enclave)
	manifest repo/app:1 repo/app:enclave >enclaver.yaml
}

# stand_in NAME: says what it is called with, a word a line, and ends with
# $STATUS.
stand_in() {
	cat >"bin/$1" <<-'END'
	#!/bin/sh
	case $1 in
	image | load)
		echo "$*" >>calls
		cp "${4:-/dev/null}" loaded.tar
		[ "$1" = load ] || [ -e there ]
		exit
		;;
	esac
	printf '%s\n' "${0##*/}" "$@"
	exit "${STATUS:-0}"
	END
	chmod +x "bin/$1"
}

# called WORD...: the last command's output is these words.
called() {
	same "$(printf '%s\n' "$@")" "$output"
	same "" "$(ls -A tmp)"
}

# in_engine ENGINE IMAGE [OPTION-OF-ENGINE... ---] [WORD...]: the same of an
# engine; what is given in every case is here once.
in_engine() {
	local engine=$1 image=$2 extra=() groups=() profile
	shift 2
	while [[ " $* " == *" --- "* ]]; do
		[ "$1" = --- ] || extra+=("$1")
		shift
	done
	[ "$engine" = docker ] || [ "$(id -u)" -eq 0 ] || groups=(--group-add keep-groups)
	profile=$(sed -n 's/^seccomp=//p' <<<"$output")
	jq -e '.defaultAction == "SCMP_ACT_ALLOW"' "$profile" >/dev/null
	called "$engine" run --rm --device /dev/nitro_enclaves \
		"${groups[@]}" --read-only --tmpfs /run --tmpfs /tmp \
		--cap-drop ALL --cap-add NET_BIND_SERVICE \
		--security-opt no-new-privileges \
		--security-opt "seccomp=$profile" \
		--security-opt apparmor=unconfined \
		--security-opt label=disable "${extra[@]}" -- "$image" "$@"
}

@test "enclaver run: what the manifest names, or an image of the store" {
	expect 0 enclaver run
	called enc-run -- repo/app:enclave
	same "" "$stderr"
	expect 0 enclaver run repo/app:enclave
	called enc-run -- repo/app:enclave
	expect 0 enclaver run "$image"
	called enc-run -- "$image"
	mkdir sub
	mv enclaver.yaml sub
	expect 0 enclaver run -f sub/enclaver.yaml
	called enc-run -- repo/app:enclave
	expect 0 enclaver run --file=- <sub/enclaver.yaml
	called enc-run -- repo/app:enclave
	expect 0 enclaver run -f <(cat sub/enclaver.yaml)
	called enc-run -- repo/app:enclave
	# An EIF is a file, and nothing else's name.
	expect 0 enclaver run app.eif
	called enc-run -- app.eif
}

@test "enclaver run: options, in any order, with hyphens and underscores" {
	expect 0 enclaver run -p 8080:80 -d repo/app:enclave --memory_mb 512 \
		--publish='[::1]:443:8443' --cpu-count=4 -qp127.0.0.1:1:2
	called enc-run -q -p 8080:80 -p '[::1]:443:8443' -p 127.0.0.1:1:2 -d \
		--memory_mb 512 --cpu-count 4 -- repo/app:enclave
	expect 0 enclaver -d run --expect 'a file' --status-fd 3 --check \
		--launcher sandbox --debug_mode --grace=3 --boot_timeout 9 \
		--restart 1 --cid 7 --eif-file "two
lines" --manifest_file=m -p none --resolver 192.0.2.1
	called enc-run -p none -d --expect 'a file' --status-fd 3 --check \
		--launcher sandbox --debug_mode --grace 3 --boot_timeout 9 \
		--restart 1 --cid 7 --eif-file "two
lines" --manifest_file m --resolver 192.0.2.1 -- repo/app:enclave
	# No file here takes part in what an address is.
	touch ':80:80' 1:80:80
	expect 0 enclaver run -p '[::1]:80:80'
	called enc-run -p '[::1]:80:80' -- repo/app:enclave
	expect 0 enclaver run -v
	contains "$stderr" "enclaver: enc-run repo/app:enclave"
}

@test "enclaver run: the application's status, and 125 for all that is before it" {
	export STATUS
	for STATUS in 0 3 7 107 108 109 125 255; do
		expect "$STATUS" enclaver run
	done
	expect 125 enclaver run -f nothing.yaml
	same "" "$output"
	same "enc-amend: cannot open 'nothing.yaml': No such file or directory" "$stderr"
	expect 125 enclaver run 127.0.0.1:1/none
	same "" "$output"
	contains "$stderr" "enc-pull: "
	contains "$stderr" "'127.0.0.1:1/none' is not in the store, nor in the docker daemon"
	[[ $stderr != *"build it first"* ]]
	manifest repo/app:1 127.0.0.1:1/none >not-built.yaml
	expect 125 enclaver run -f not-built.yaml
	same "" "$output"
	contains "${stderr_lines[-2]}" "'127.0.0.1:1/none' is not in the store"
	same "enclaver: build it first: enclaver build -f not-built.yaml" "${stderr_lines[-1]}"
	expect 125 enclaver run oci:nowhere
	contains "$stderr" "enc-pull: "
	TMPDIR=$T/none expect 125 enclaver run
	contains "$stderr" 'is TMPDIR right?'
	same "" "$(ls -A tmp)"
}

@test "enclaver run: descriptors and signals are enc-run's" {
	cat >bin/enc-run <<-'END'
	#!/bin/sh
	trap 'echo stopped >&3; exit 109' TERM
	cat
	echo "$$" >&3
	while :; do sleep 0.05; done
	END
	mkfifo status
	enclaver run --status-fd 3 3>status <<<'the input' >out &
	exec 4<status
	read -r pid <&4
	same "$!" "$pid" "the process"
	kill -TERM "$pid"
	read -r word <&4
	same stopped "$word"
	wait "$pid" || same 109 "$?"
	same 'the input' "$(cat out)"
}

@test "enclaver run: interrupted before, it is 109 and nothing is left" {
	# Its parent is a subshell, which waits for it and has no traps.
	cat >bin/enc-amend <<-'END'
	#!/bin/sh
	kill -TERM "$(sed -n 's/^PPid:\t//p' "/proc/$PPID/status")"
	END
	chmod +x bin/enc-amend
	expect 109 enclaver run
	called
}

@test "enclaver run: an image that only a registry has" {
	requires skopeo
	start_registry
	push "$image" app:enclave
	expect 0 enclaver run -q "$registry_url/app:enclave"
	called enc-run -q -- "oci:$ENCLAVER_STORE:$registry_url/app:enclave@${image##*@}"
	# Now the store has it, and --pull asks all the same.
	expect 0 enclaver run -q "$registry_url/app:enclave"
	called enc-run -q -- "$registry_url/app:enclave"
	expect 0 enclaver run -q --pull "$registry_url/app:enclave"
	called enc-run -q -- "oci:$ENCLAVER_STORE:$registry_url/app:enclave@${image##*@}"
}

@test "enclaver run --engine docker: without --privileged, its status, its image" {
	requires skopeo
	stand_in docker
	skopeo copy -q "$image" docker-archive:saved.tar:other:1
	start_docker_stub saved.tar inspect-none
	expect 0 enclaver run -q --engine docker
	in_engine docker docker.io/repo/app:enclave -q
	# It was brought there.
	contains "$(cat "$stub_log")" "POST /images/load"
	STATUS=7 expect 7 enclaver run -q --engine=docker -p 8080:80 \
		-p '[::1]:443:8443' -d --memory-mb 512 repo/app:enclave
	in_engine docker docker.io/repo/app:enclave \
		-p 8080:80 -p '[::1]:443:8443' --- -q -d --memory-mb 512
	expect 0 enclaver run -q --engine docker -p none "$image"
	in_engine docker docker.io/repo/app:enclave -q
	# What the store has not is docker's to find.
	: >"$stub_log"
	expect 0 enclaver run -q --engine docker other:1
	in_engine docker other:1 -q
	expect 0 enclaver run --engine docker docker-daemon:other:1
	in_engine docker other:1
	same "" "$(cat "$stub_log")"
}

@test "enclaver run --engine podman: the image is loaded there once" {
	stand_in podman
	id=$(enc-inspect id "$image")
	expect 0 enclaver run -q --engine podman -p 1:2
	in_engine podman "$id" -p 1:2 --- -q
	same "image exists $id" "$(head -n 1 calls)"
	contains "$(tail -n 1 calls)" "load -q -i $ENCLAVER_STORE/tmp/build."
	cmp loaded.tar <(enc-push -q --target docker-archive:d.tar "$image" >/dev/null && cat d.tar)
	same "" "$(ls -A "$ENCLAVER_STORE/tmp")"
	touch there
	rm calls
	STATUS=3 expect 3 enclaver run --engine podman
	in_engine podman "$id"
	same "image exists $id" "$(cat calls)"
	rm calls
	expect 0 enclaver run --engine podman other:1
	in_engine podman other:1
	expect 0 enclaver run --engine podman --pull
	contains "$output" "--pull=always"
	same repo/app:enclave "${lines[-1]}"
	[ ! -e calls ]
}

@test "enclaver ps: is enc-run's; help says whose the other options are" {
	expect 0 enclaver ps --json
	called enc-run ps --json
	expect 0 enclaver run --help
	contains "$output" "enc-run, with --launcher sandbox"
	same "run's other options are those of enc-run: enc-run --help" "${lines[-1]}"
	local help=$output
	expect 0 enclaver help
	same "$help" "$output"
	same "" "$stderr"
}

@test "enclaver run: usage is 125 too" {
	wrong() {
		local text=$1
		shift
		expect 125 enclaver run "$@"
		same "" "$output"
		same "enclaver: $text
enclaver: try 'enclaver --help'" "$stderr"
	}
	wrong "unknown option '--nope'" --nope
	wrong "unknown option '--nope=1'" --nope=1
	wrong "unknown option '-x'" -dx
	wrong "unknown option '--debug-mode=x'" --debug-mode=x
	wrong "option '--memory-mb' needs a value" --memory-mb
	wrong "option '--cid' needs a value" --cid=
	wrong "option '-p' needs a value" -p
	wrong "--publish is [ADDRESS:]HOST:ENCLAVE, not '80 80'" -p '80 80'
	wrong "more than one image: 'b'" a b
	wrong "an image or a manifest, not both: 'a' and 'b'" a -f b
	wrong "an image or a manifest, not both: 'a.eif' and 'b'; for an EIF: --manifest-file b" -f b a.eif
	wrong "a manifest goes with -f: './enclaver.yaml'" ./enclaver.yaml
	wrong "option '--eif-only' is for build" --eif-only x
	wrong "option '--blobs' is for build" --blobs x
	wrong "option '--log-buffer' is for build" --log-buffer 1M
	wrong "--engine is docker or podman, not 'lxc'" --engine lxc
	wrong "option '--expect' names what is not in a container" --engine docker --expect x
	wrong "an engine runs images, and 'app.eif' is a file" --engine docker app.eif
	for option in -p -d --engine --publish --debug_mode; do
		expect 2 enclaver build "$option" docker
		contains "$stderr" "enclaver: "
	done
	expect 2 enclaver build --check
	contains "$stderr" "option '--check' is for run"
	expect 2 enclaver build -p 1:2
	contains "$stderr" "option '-p' is for run"
	# with few programs, and without docker
	local tool enclaver
	enclaver=$(command -v enclaver)
	mkdir few
	for tool in sh cat dirname env id mktemp rm sed; do
		ln -s "$(command -v "$tool")" few
	done
	expect 125 env PATH="$T/few:${enclaver%/*}" "$enclaver" run --engine docker
	contains "$stderr" "there is no docker in PATH: install it, or run it without --engine"
}
