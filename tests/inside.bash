# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# inside.bash - EIFs whose application is busybox, run in a sandbox: load
# inside, after ../helpers and ../peers

inside_setup() {
	requires userns python3 jq
	BUSYBOX=$(command -v busybox) || missing busybox
	# only a static one runs without its libraries
	! ldd "$BUSYBOX" >/dev/null 2>&1 || missing "a static busybox"
	export XDG_RUNTIME_DIR=$T/run
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	fake_blobs blobs
	minimal_manifest | sed 's|"-"|"app:enclave"|' >enclaver.yaml
	mkdir -p busybox/bin
	cp "$BUSYBOX" busybox/bin/busybox
	cp "$abs_top_builddir/tests/vm/probe" busybox/bin/probe
	ln -sf busybox busybox/bin/sh
	tar -cf busybox.tar --owner=0 --group=0 -C busybox bin
}

# eif CONFIG [LINE...]: app.eif, an image with busybox and odyn, of mkimage.py's
# lines
eif() {
	local config=$1 app amended
	shift
	app=$({
		printf 'config %s\nlayer none\ntar busybox.tar\nlayer none\n' "$config"
		printf 'dir srv\n'
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} | mkimage images app:1)
	amended=$(enc-amend -q -f enclaver.yaml "$app")
	enc-eif -q --blobs blobs -o app.eif "$amended" >/dev/null
}

# shell SCRIPT [LINE...]: the same, for a shell's command
shell() {
	local script=$1
	shift
	eif "$(jq -cn --arg s "$script" '{Cmd: ["/bin/sh", "-c", $s],
		Env: ["PATH=/bin", "A=b c"], WorkingDir: "/srv"}')" "$@"
}

# inside STATUS [OPTION...]: enc-run with app.eif; odyn's last line is not in
# $output
inside() {
	local want=$1
	shift
	expect "$want" enc-run -q --launcher sandbox "$@" app.eif
	output=${output%$'\n'odyn: application *}
}

# ramdisk: ramdisk, newc.py's on standard input, with a busybox and without an
# odyn: it runs /rootfs/bin/sh -c CMD
ramdisk() {
	{
		printf 'file cmd data="/bin/sh\\\\n-c\\\\n%s"\n' "$1"
		printf 'file env data="PATH=/bin"\ndir rootfs\ndir rootfs/bin\n'
		printf 'file rootfs/bin/sh mode=0755 from=%q\n' "$BUSYBOX"
		printf 'file rootfs/bin/busybox mode=0755 from=%q\n' "$BUSYBOX"
		cat
	} | ramdisk_of
}

# ramdisk_of: the same, with newc.py's lines alone
ramdisk_of() {
	"$abs_top_srcdir/tests/tools/newc.py" >ramdisk
	echo first >boot
	enc-eif -q --kernel blobs/bzImage --cmdline console=ttyS0 \
		--ramdisk boot --ramdisk ramdisk -o app.eif >/dev/null
}

# no_process TEXT: none has that word in its command line, any more
no_process() {
	local i
	for ((i = 0; i < 400; i++)); do
		grep -qasF -- "$1" /proc/[0-9]*/cmdline || return 0
		sleep 0.05
	done
	echo "a process of '$1' is left" >&2
	return 1
}
