#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# manifest.bats - what is said of a manifest that is wrong; the whole table is
# tests/unit/wrong_manifests.h
load ../helpers

# manifest <TEXT: a manifest with what every one needs before the text.
manifest() {
	printf 'version: v1\nname: app\ntarget: app:enclave\nsources: {app: app:1}\n'
	cat
}

# wrong POSITION-AND-FAULT <TEXT
wrong() {
	manifest >enclaver.yaml
	expect 3 enc-amend --sources -f enclaver.yaml
	same "" "$output" "stdout"
	same "enc-amend: enclaver.yaml:$1" "$stderr" "stderr"
}

@test "manifest: a fault is named with file, line and column" {
	wrong "5:1: unknown field 'ingres' (known here: version, name, target, sources, signature, defaults, ingress, egress, kms_proxy, api, aux_api, vsock_ports)" \
		<<<'ingres: []'
	wrong "6:18: 'ingress[0].listen_port' must be an integer, not a string" \
		<<<$'ingress:\n  - listen_port: "8080"'
	wrong "6:18: 'ingress[0].listen_port' must be from 1 to 65535, not 70000" \
		<<<$'ingress:\n  - listen_port: 70000'
	wrong "5:1: 'name' is here a second time, after line 2" <<<'name: b'
	wrong "5:12: 'signature.key' is missing" \
		<<<'signature: {certificate: c.pem}'
	wrong "5:1: 'spire' is not supported: there is no SPIFFE agent here" \
		<<<'spire: {}'
	wrong "5:18: 'egress.allow[0]': 'a.**.b': '**' can only be the leftmost label" \
		<<<'egress: {allow: [a.**.b]}'
	wrong "6:2: did not find expected ',' or ']' while parsing a flow sequence" \
		<<<$'api: [1\nb: 2'
	wrong "6:1: found character that cannot start any token while scanning for the next token; indent by spaces, and quote what begins with @, % or \`" \
		<<<$'api:\n\tlisten_port: 1'
}

@test "manifest: what a pattern is not" {
	wrong "5:19: did not find expected alphabetic or numeric character while scanning an alias; quote what begins with * or &" \
		<<<'egress: {allow: [*.debian.org]}'
	wrong "5:18: 'egress.allow[0]': 'host:9977' is not an address: a pattern is a host name or an address, without scheme and port" \
		<<<'egress: {allow: ["host:9977"]}'
}

@test "manifest: from standard input the name is <stdin>" {
	manifest <<<'nope: 1' >wrong
	expect 3 enc-amend --sources -f - <wrong
	same "" "$output"
	contains "$stderr" "enc-amend: <stdin>:5:1: unknown field 'nope'"
}

@test "manifest: the file's folder is part of the name" {
	mkdir sub
	printf 'version: v1\n' >sub/enclaver.yaml
	expect 3 enc-amend --sources -f sub/enclaver.yaml
	same "enc-amend: sub/enclaver.yaml:1:1: 'name' is missing" "$stderr"
}

@test "manifest: one that is not there, and one that is too large" {
	expect 6 enc-amend --sources -f nothing.yaml
	same "enc-amend: cannot open 'nothing.yaml': No such file or directory" "$stderr"
	head -c 1048577 /dev/zero >big.yaml
	expect 3 enc-amend --sources -f big.yaml
	same "enc-amend: 'big.yaml' is larger than 1048576 bytes" "$stderr"
}

@test "manifest: hostile nesting, NUL and bytes that are not UTF-8" {
	printf 'version: v1\nname: \xff\n' >bad.yaml
	expect 3 enc-amend --sources -f bad.yaml
	same "enc-amend: bad.yaml:2:7: not UTF-8: byte 0xff" "$stderr"
	printf 'version: v1\nname: a\0b\n' >bad.yaml
	expect 3 enc-amend --sources -f bad.yaml
	same "enc-amend: bad.yaml:2:8: a NUL byte" "$stderr"
	printf '[%.0s' {1..500000} >bad.yaml
	expect 3 enc-amend --sources -f bad.yaml
	same "enc-amend: bad.yaml:1:33: nested more than 32 deep" "$stderr"
	printf 'a: &a [x]\nb: *a\n' >bad.yaml
	expect 3 enc-amend --sources -f bad.yaml
	same "enc-amend: bad.yaml:2:4: aliases are not taken here; quote what begins with *" "$stderr"
}

@test "manifest: --sources prints what it names" {
	manifest </dev/null >enclaver.yaml
	expect 0 enc-amend --sources -f enclaver.yaml
	same $'app app:1\ntarget app:enclave' "$output"
	same "" "$stderr"
	sed -i 's/app:1}/app:1, odyn: o, sleeve: "s:2"}/' enclaver.yaml
	expect 0 enc-amend --sources -f - <enclaver.yaml
	same $'app app:1\nodyn o\nsleeve s:2\ntarget app:enclave' "$output"
}
