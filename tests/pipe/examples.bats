#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# examples.bats - every example of every page and of README is run, in the world
# of tests/examples.bash, or read by the program whom it is for
load ../helpers
load ../peers
load ../examples

setup_file() {
	requires userns python3 jq openssl docker-registry skopeo cpio unshare nsenter
	BUSYBOX=$(command -v busybox) || missing busybox
	# only a static one runs without its libraries
	! ldd "$BUSYBOX" >/dev/null 2>&1 || missing "a static busybox"
	make_world
}

teardown_file() {
	end_world
}

examples() {
	"$abs_top_srcdir/scripts/examples" "$@"
}

# text_at WHERE: what is there, of $all
text_at() {
	awk -v where="$1" '$1 == where' <<<"$all" | sed 's/^[^ ]* //'
}

places() {
	cut -d ' ' -f 1 <<<"$all" | uniq
}

# run_examples FILE...: says which failed, and how
run_examples() {
	local file all where failed=0
	for file in "$@"; do
		all=$(examples "$file")
		for where in $(places); do
			run_example "$where" "$(text_at "$where")" || failed=1
		done
	done
	return $failed
}

run_example() {
	local status=0
	rm -rf page
	cp -a "$BATS_FILE_TMPDIR/world" page
	(
		cd page || exit
		examples_environment
		export XDG_RUNTIME_DIR=$PWD
		elsewhere timeout 60 bash -euo pipefail -c "$2"
	) </dev/null >out 2>err || status=$?
	[ $status -ne 0 ] || return 0
	printf '%s the example ends with status %s:\n%s\n%s\n' \
		"$1" $status "$2" "$(cat out err)" >&2
	return 1
}

@test "examples: each command of each page and of README does it" {
	run_examples "$abs_top_srcdir/README" "$abs_top_srcdir"/man/*.[1-8]
}

@test "examples: the docker run of enclaver(1) is what enclaver run has docker do" {
	local all where
	all=$(examples "$abs_top_srcdir/man/enclaver.1")
	where=$(grep 'docker run --rm' <<<"$all" | cut -d ' ' -f 1)
	run_example "$where" "$(text_at "$where")"
	# where the profile is differs in a build tree
	tr ' ' '\n' <out | sed 's|seccomp=/.*/|seccomp=/|' | sort >by_hand
	run_example here 'enclaver run --engine docker -p 8080:8080 app:enclave'
	tr ' ' '\n' <out | sed 's|seccomp=/.*/|seccomp=/|; /^--$/d; s|^docker.io/library/||' | sort >by_us
	diff -u by_hand by_us >&2
}

@test "examples: what nobody knows, and what fails, is found" {
	cat >some.1 <<-'END'
	.Dl no-such-program app:1.0
	.Pp
	.Dl enc-inspect path app:1.0
	.Pp
	.Dl enc-pull registry.example/unknown:1 | enc-inspect ls
	END
	run run_examples some.1
	same 1 "$status"
	contains "$output" "some.1:1: the example ends with status 127"
	contains "$output" "some.1:5: the example ends with status"
	[[ $output != *some.1:3:* ]]
}

@test "examples: what is a command and what is shown is told by the macro" {
	cat >some.1 <<-'END'
	.Dl first \(dqword\(dq
	.Dl second
	Text.
	.Bd -literal -offset indent
	third \e
	    \&'fourth'
	.Ed
	.D1 Li a file
	.D1 another
	.Bd -unfilled
	a: b
	.Ed
	.Dl fifth
	END
	printf 'Text\n\n    enc-x   what it does\n\n    sixth\n    seventh x   y\n\n    a: b\n    c: d\n' >README
	expect 0 examples some.1 README
	same 'some.1:1: first "word"
some.1:1: second
some.1:5: third \
some.1:5:     '\''fourth'\''
some.1:13: fifth
README:5: sixth
README:5: seventh x   y' "$output"
	expect 0 examples --shown some.1 README
	same 'some.1:8: a file
some.1:8: another
some.1:11: a: b
README:3: enc-x   what it does
README:8: a: b
README:8: c: d' "$output"
	expect 2 examples
	contains "$stderr" "usage: examples"
}

small_manifest() {
	minimal_manifest | sed 's/"-"/"app:1"/'
}

@test "examples: a manifest that is shown is one" {
	local all where text n=0
	cp "$BATS_FILE_TMPDIR"/world/*.pem .
	all=$(examples --shown "$abs_top_srcdir/README" "$abs_top_srcdir"/man/*.[1-8])
	for where in $(places); do
		text=$(text_at "$where")
		case $text in
		version:*) ;;
		# a part of one
		allow:*) text=$(small_manifest && printf 'egress:\n  %s\n' "$text") ;;
		*) continue ;;
		esac
		printf '%s\n' "$text" >enclaver.yaml
		expect 0 enc-amend -f enclaver.yaml --sources
		n=$((n + 1))
	done
	[ $n -ge 4 ]
	# and the error that is shown is what a wrong one gets
	text=$(text_at "$(grep "^[^ ]* enclaver.yaml:[0-9]*:[0-9]*: " <<<"$all" | cut -d ' ' -f 1)")
	{
		small_manifest
		yes '#' | head -n 6
		printf 'ingress:\n  - listen_port: 0\n'
	} >enclaver.yaml
	expect 3 enc-amend -f enclaver.yaml --sources
	same "enc-amend: $text" "$stderr"
}

@test "examples: systemd takes the drop-in, and the allocator its file" {
	requires systemd-analyze
	local all where text
	all=$(examples --shown "$abs_top_srcdir/man/enclaver@.service.8")
	where=$(grep -F '[Service]' <<<"$all" | cut -d ' ' -f 1)
	{
		cat "$abs_top_builddir/share/systemd/enclaver@.service"
		text_at "$where"
	} | sed "s|^ExecStart=[^ ]*|ExecStart=$(command -v enc-run)|" >enclaver@app.service
	expect 0 systemd-analyze verify --man=no "$T/enclaver@app.service"
	same "" "$stderr"
	# the allocator's own reader knows nothing else than this
	where=$(grep -- '---$' <<<"$all" | cut -d ' ' -f 1)
	text=$(text_at "$where")
	same --- "$(head -n 1 <<<"$text")"
	same "memory_mib cpu_count" "$(sed -n 's/^\([a-z_]*\): [0-9][0-9]*$/\1/p' <<<"$text" | tr '\n' ' ' | sed 's/ $//')"
	same 3 "$(wc -l <<<"$text")"
}

@test "examples: process.json(5) shows what enc-amend and enc-eif write" {
	local all app first
	app=$(mkimage images app:1 <<-'END'
	config {"Entrypoint": ["/bin/app"], "Cmd": ["-v"], "User": "app", "WorkingDir": "/srv", "Env": ["A=b", "PATH=/bin"]}
	layer
	dir bin
	file bin/app mode=0755
	dir etc
	file etc/passwd data='app:x:1000:50::/srv:/bin/sh\n'
	file etc/group data='audio:x:29:app\nstaff:x:50:app\n'
	END
	)
	small_manifest >enclaver.yaml
	fake_blobs blobs
	app=$(enc-amend -q -f enclaver.yaml "$app")
	first=$(tar -xOf "$(blob_of images "$(manifest_of "$app" | jq -r '.layers[-1].digest')")" \
		etc/enclaver/process.json)
	enc-eif -q --blobs blobs -o app.eif "$app" >/dev/null
	enc-inspect extract app.eif ramdisk:1 |
		cpio -i --quiet --to-stdout 'rootfs/etc/enclaver/process.json' >final
	all=$(examples --shown "$abs_top_srcdir/man/process.json.5")
	same "$(places | wc -l)" 2
	same "$first" "$(text_at "$(places | head -n 1)" | tr -d '\n')"
	same "$(cat final)" "$(text_at "$(places | tail -n 1)" | tr -d '\n')"
}

# systemd reads environment.d as it reads an EnvironmentFile.
@test "examples: systemd reads the service's files, and enc-run their options" {
	local all where generator=/usr/lib/systemd/user-environment-generators
	generator=$generator/30-systemd-environment-d-generator
	[ -x $generator ] || missing systemd
	all=$(examples --shown "$abs_top_srcdir/man/enclaver@.service.8" | grep -e IMAGE= -e OPTIONS=)
	[ "$(places | wc -l)" -ge 2 ]
	mkdir -p environment.d
	for where in $(places); do
		text_at "$where" >environment.d/app.conf
		expect 0 env -u IMAGE -u OPTIONS XDG_CONFIG_HOME="$T" $generator
		same "$(grep -c = environment.d/app.conf)" \
			"$(grep -c -e ^IMAGE= -e ^OPTIONS= <<<"$output")" "$where"
		# shellcheck disable=SC2046 # words, as for systemd
		expect 0 enc-run $(eval "$output" && echo "$OPTIONS") print-manifest \
			"$BATS_FILE_TMPDIR/world/app.eif"
		contains "$output" "target: app:enclave"
	done
}
