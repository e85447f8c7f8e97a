#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# service.bats - the systemd unit: what systemd itself says of it
load ../helpers
load ../peers

local_setup() {
	requires make
	# The make that runs the tests is not the one meant here.
	unset MAKEFLAGS MFLAGS MAKELEVEL
	make -s -C "$abs_top_builddir" install-data DESTDIR="$T/root" prefix=/usr >/dev/null
	unit=$T/root/usr/lib/systemd/system/enclaver@.service
	# Where the program is is not where it will be.
	sed "s|^ExecStart=[^ ]*|ExecStart=$(command -v enc-run)|" "$unit" >enclaver@app.service
}

@test "service: systemd takes the unit" {
	requires systemd-analyze
	grep -q '^ExecStart=/.*/bin/enc-run ' "$unit"
	expect 0 systemd-analyze verify --man=no "$T/enclaver@app.service"
	same "" "$output"
	same "" "$stderr"
	# It would say so.
	sed 's/^RestrictRealtime=.*/RestrictRealtim=yes/' enclaver@app.service >enclaver@bad.service
	run systemd-analyze verify --man=no "$T/enclaver@bad.service"
	contains "$output" "RestrictRealtim"
}

@test "service: it is confined as far as the device allows" {
	requires systemd-analyze
	expect 0 systemd-analyze security --offline=yes --no-pager \
		--threshold=30 "$T/enclaver@app.service"
}

# says TEXT: the page does, in one line or in several
says() {
	contains "$(tr '\n' ' ' <"$abs_top_srcdir/man/enclaver@.service.8" | sed 's/ \.[A-Z][a-z] / /g')" "$1"
}

# setting NAME: its value in the unit, which has it once
setting() {
	sed -n "s/^$1=//p" "$unit"
}

@test "service: the end, what is started again and when, are as the page says" {
	says "109 it was stopped, which is no failure"
	same 109 "$(setting SuccessExitStatus)"
	says "any other the application's own: started again after five seconds"
	same "on-failure 5" "$(setting Restart) $(setting RestartSec)"
	says "What fails five times within a minute stays down"
	same "5 60" "$(setting StartLimitBurst) $(setting StartLimitIntervalSec)"
	says "seconds, and 120 at most, the enclave is ended"
	same "120 mixed" "$(setting TimeoutStopSec) $(setting KillMode)"
	says "The service is started when the application runs."
	same "notify main infinity" \
		"$(setting Type) $(setting NotifyAccess) $(setting TimeoutStartSec)"
	says "no device but /dev/nitro_enclaves"
	same "closed /dev/nitro_enclaves rw" "$(setting DevicePolicy) $(setting DeviceAllow)"
}

@test "service: /run/enclaver is what enc-run makes of it" {
	requires systemd-tmpfiles
	conf=$T/root/usr/lib/tmpfiles.d/enclaver.conf
	sed "s/root root/$(id -u) $(id -g)/" "$conf" >mine.conf
	mkdir fs
	expect 0 systemd-tmpfiles --create --root="$T/fs" "$T/mine.conf"
	same 700 "$(stat -c %a fs/run/enclaver)"
}

@test "service: what is no Nitro instance starts nothing, but as OPTIONS say" {
	local start
	start=$(sed -n 's/^ExecStart=[^ ]* //p' "$unit")
	fake_blobs blobs
	enc-eif -q --kernel blobs/bzImage --cmdline console=ttyS0 \
		--ramdisk blobs/cmdline -o app.eif >path
	minimal_manifest >enclaver.yaml
	started() {
		# shellcheck disable=SC2086 # words, as for systemd
		OPTIONS=$1 IMAGE=$T/app.eif expect "$2" sh -c 'eval "exec enc-run $0"' "$start"
	}
	started "--launcher none" 125
	contains "$stderr" "no launcher is called 'none'"
	[ ! -e /dev/nitro_enclaves ] || return 0
	started "" 125
	contains "$stderr" "'/dev/nitro_enclaves' is not there"
}
