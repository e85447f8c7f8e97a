#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# boot.bats - an EIF of a real Debian boots, measures what was printed, and
# runs the application as the image says
load ../helpers
load ../peers
load ../odyn
load vm

local_setup() {
	vm_requires
	requires jq python3 openssl
}

# layer_tar FILE: the application, and a grep that may open raw sockets
layer_tar() {
	python3 - "$1" "$abs_top_builddir/tests/vm/probe" "$(command -v grep)" <<'END'
import io, sys, tarfile
APP = b'''#!/bin/sh
echo "args=$#,$1,$2"
echo "id=$(id -u),$(id -g),$(id -G)"
echo "pwd=$(pwd)"
printf 'nl=%s.\\n' "$NL"
cp /bin/true /tmp/true && /tmp/true && echo "tmp=exec"
cp /bin/true /dev/shm/true && /dev/shm/true && echo "shm=exec"
echo "cap=$(/srv/capgrep CapEff /proc/self/status | cut -f2)"
echo "xattr=$(/srv/probe xattr /srv/capgrep security.capability)"
/srv/probe pcrs
setsid sleep 1000 &
echo "modes=$(stat -c %a /tmp /dev/shm /run /dev/null | tr '\\n' ' ')"
echo "lo=$(cat /sys/class/net/lo/flags)"
exit 37
'''
CAP = bytes.fromhex("0100000200200000000000000000000000000000")
with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as tar:
    def add(name, data, pax=None):
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.pax_headers = len(data), 0o755, pax or {}
        tar.addfile(info, io.BytesIO(data))
    add("srv/app", APP)
    add("srv/probe", open(sys.argv[2], "rb").read())
    add("srv/capgrep", open(sys.argv[3], "rb").read(),
        {"SCHILY.xattr.security.capability": CAP.decode()})
END
}

# application: sets $app to the image path of Debian with this application
application() {
	local base
	debian_image
	base=$(manifest_of "$debian" | jq -r '.layers[0].digest')
	gzip -dc <"$(blob_of "$(layout_of "$debian")" "$base")" >base.tar
	layer_tar layer.tar
	app=$(mkimage images app:1 <<'END'
config {"Entrypoint": ["/srv/app"], "Cmd": ["one", "two words"], "User": "app", "WorkingDir": "/srv", "StopSignal": "SIGINT", "Env": ["PATH=/usr/bin:/bin", "NL=first\nsecond"]}
layer none
tar base.tar
layer none
tar layer.tar
END
	)
}

# pcrs_are FILE: what the enclave reads is what enc-eif wrote there
pcrs_are() {
	local n
	for n in 0 1 2 8; do
		on_log "PCR$n $(jq -r --arg n "PCR$n" \
			'.. | objects | select(has("PCR0")) | .[$n] // ("0" * 96)' "$1")"
	done
}

@test "boot: a real Debian runs as its image says, and measures what was printed" {
	application
	manifest app:1 boot:enclave >enclaver.yaml
	expect 0 enc-amend -f enclaver.yaml "$app"
	expect 0 enc-eif --blobs "$BLOBS" --measurements pcrs -o app.eif "$output"
	boot app.eif 1024
	on_log 'args=2,one,two words' 'id=1000,1000,1000 4 29' 'pwd=/srv' \
		'nl=first' 'second.' 'tmp=exec' 'shm=exec' \
		'cap=0000000000002000' \
		'xattr=0100000200200000000000000000000000000000' \
		'modes=1777 1777 755 666 ' 'lo=0x9' \
		'odyn: application exited with status 37'
	on_console "init: '/sbin/odyn' exited with status 37"
	pcrs_are pcrs
}

@test "boot: a signed EIF has the certificate in PCR8" {
	application
	manifest app:1 boot:enclave >enclaver.yaml
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 2 \
		-subj /CN=boot -keyout key.pem -out cert.pem 2>/dev/null
	expect 0 enc-amend -f enclaver.yaml "$app"
	expect 0 enc-eif --blobs "$BLOBS" --sign-cert cert.pem --sign-key key.pem \
		--measurements pcrs -o app.eif "$output"
	boot app.eif 1024
	[ "$(jq -r '.. | objects | select(has("PCR0")) | .PCR8 | length' pcrs)" -eq 96 ]
	pcrs_are pcrs
}

@test "boot: under an init that knows nothing of odyn, the application is the same" {
	application
	manifest app:1 boot:enclave >enclaver.yaml
	cp "$abs_top_builddir/tests/vm/plain-init" "$BLOBS/init"
	expect 0 enc-amend -f enclaver.yaml "$app"
	expect 0 enc-eif --blobs "$BLOBS" --init blobs --measurements pcrs -o app.eif "$output"
	# who reads it must know what this init leaves out
	contains "$stderr" "srv/capgrep"
	boot app.eif 1024
	on_log 'args=2,one,two words' 'id=1000,1000,1000 4 29' 'pwd=/srv' \
		'nl=first' 'second.' 'lo=0x9' \
		'odyn: application exited with status 37'
	on_console 'plain-init: wait says 9472'
	pcrs_are pcrs
}
