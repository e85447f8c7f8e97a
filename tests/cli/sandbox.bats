#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# sandbox.bats - what a program that somebody took over can still do
#
# preload/intruder.c tries each thing when the first hostile byte is looked
# at.  Without a sandbox all of it is allowed, which shows that trying works.
load ../helpers
load ../peers

local_setup() {
	requires sandbox python3
	mkdir project
	echo secret | tee "$HOME/key" project/key.pem >blank
	image=$(mkimage_app "$ENCLAVER_STORE" app:1)
	fake_blobs blobs
	fake_odyn odyn
	manifest app:1 app:enclave sleeve:1 >project/enclaver.yaml
	# What is in nobody's rules, and not even beside an output.
	OUTSIDE="read /etc/passwd
list /
read $HOME/key
write $HOME/key
mode $HOME/key
make $HOME/new
list $HOME
remove $HOME/key
read $T/project/key.pem
write $T/project/key.pem
mode $T/project/key.pem
list $T/project"
	OFFLINE='socket unix: refused
socket inet: refused
socket inet6: refused
socket netlink: refused
socket vsock: refused
socketpair: refused'
	ONLINE='socket unix: allowed
socket inet: allowed
listen: refused
socket inet6: allowed
socket netlink: allowed
socket vsock: refused
socketpair: allowed'
	CALLS='execve: refused
execveat: refused
clone: refused
clone new user: refused
unshare: refused
kill parent: refused
tgkill parent: refused
tgkill self: allowed
ptrace: refused
process_vm_readv: refused
personality: refused
ioctl TIOCSTI: refused'
}

# intruded PATHS COMMAND...: what it found goes to the file "found".
intruded() {
	local paths=$1
	shift
	rm -f found
	INTRUDER_PATHS=$paths INTRUDER_FD=9 \
		LD_PRELOAD=$abs_top_builddir/tests/preload/intruder.so \
		ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 \
		"$@" 9>found
}

# AddressSanitizer traces its program, for leaks, from a process of its own.
sanitized() {
	grep -q __asan_init "$(command -v enc-inspect)"
}

found() {
	if sanitized; then
		grep -v -e '^clone: ' -e '^ptrace: ' found
	else
		cat found
	fi
}

# as each line of PATHS says: allowed, or refused.
each() {
	[ -z "$1" ] || sed "s/\$/: $2/" <<<"$1"
}

# confined NET ALLOWED REFUSED COMMAND...: NET is what there is to find of
# sockets, ALLOWED and REFUSED are paths beside OUTSIDE.
confined() {
	local net=$1 allowed=$2 refused=$3 want
	shift 3
	[ -e "$abs_top_builddir/tests/preload/intruder.so" ] ||
		missing 'tests/preload/intruder.so (make check builds it)'
	want=$(each "$allowed" allowed; each "$OUTSIDE" refused
		each "$refused" refused; echo "$net"
		if sanitized; then grep -v -e '^clone: ' -e '^ptrace: ' <<<"$CALLS"
		else echo "$CALLS"; fi)
	ENC_SANDBOX=require intruded "${allowed:+$allowed
}$OUTSIDE${refused:+
$refused}" "$@" >out
	same "$want" "$(found)"
	same secret "$(cat "$HOME/key")"
	[ ! -e "$HOME/new" ]
}

@test "sandbox: without one an intruder does as he likes" {
	requires jq
	ENC_SANDBOX=off intruded "$OUTSIDE" enc-inspect show "$image" >out
	found >all
	grep -v ': allowed$' all >others || true
	# clone3 and a user who is not root may be refused elsewhere too.
	same '' "$(cat others)"
	[ "$(wc -l <all)" -ge 28 ]
}

@test "sandbox: enc-inspect of an image reads its layout" {
	confined "$OFFLINE" "read $ENCLAVER_STORE/index.json" \
		"write $ENCLAVER_STORE/index.json
make $ENCLAVER_STORE/new
remove $ENCLAVER_STORE/index.json" \
		enc-inspect ls "$image"
	contains "$(cat out)" /bin/app
}

@test "sandbox: enc-inspect of an EIF reads nothing more" {
	enc-eif -q -o project/a.eif --kernel blobs/bzImage --cmdline x --ramdisk odyn
	confined "$OFFLINE" '' "read $T/project/a.eif
write $T/project/a.eif
read $ENCLAVER_STORE/index.json
make $T/project/new
remove $T/project/a.eif" \
		enc-inspect show project/a.eif
	contains "$(cat out)" 'ramdisk:0'
}

@test "sandbox: enc-inspect extract makes names beside its output" {
	enc-eif -q -o project/a.eif --kernel blobs/bzImage --cmdline x --ramdisk odyn
	# The EIF's layout alone is looked at, and no digest is taken.
	ENC_SANDBOX=require expect 0 enc-inspect extract project/a.eif kernel -o project/k
	cmp project/k blobs/bzImage
}

@test "sandbox: enc-amend changes its store" {
	confined "$OFFLINE" "read $ENCLAVER_STORE/index.json
make $ENCLAVER_STORE/new
write $ENCLAVER_STORE/new
remove $ENCLAVER_STORE/new
read $T/odyn" \
		"write $T/odyn
read $T/project/enclaver.yaml" \
		enc-amend -f project/enclaver.yaml --odyn odyn "$image"
	enc-inspect -q show "$(cat out)" >shown
}

@test "sandbox: enc-eif of an image reads its layout and init, and makes its output" {
	local amended
	amended=$(enc-amend -q -f project/enclaver.yaml --odyn odyn "$image")
	confined "$OFFLINE" "read $ENCLAVER_STORE/index.json
remove $T/project/old" \
		"write $ENCLAVER_STORE/index.json
make $ENCLAVER_STORE/new
read $T/blobs/bzImage
write $T/blobs/bzImage
make $T/blobs/new
make $T/new" \
		enc-eif -q --blobs blobs -o project/a.eif "$amended" <<<"$(touch project/old)"
	ENC_SANDBOX=off enc-eif -q --blobs blobs -o b.eif "$amended" >out
	cmp project/a.eif b.eif
}

@test "sandbox: enc-eif of parts reads them" {
	confined "$OFFLINE" "read $T/blobs/bzImage
read $T/odyn" \
		"write $T/blobs/bzImage
read $T/blobs/cmdline
read $ENCLAVER_STORE/index.json" \
		enc-eif -q -o project/a.eif --measurements project/m.json \
		--kernel blobs/bzImage --cmdline x --ramdisk odyn
	jq -e .Measurements.PCR0 project/m.json >pcr
}

@test "sandbox: enc-release changes the store and makes its output" {
	mkimage_sleeve "$ENCLAVER_STORE" docker.io/library/sleeve:1 >path
	enc-eif -q -o a.eif --kernel blobs/bzImage --cmdline x --ramdisk odyn
	confined "$OFFLINE" "read $ENCLAVER_STORE/index.json
make $ENCLAVER_STORE/new" \
		"read $T/a.eif
read $T/project/enclaver.yaml
make $T/new" \
		enc-release -q -f project/enclaver.yaml \
		--output oci-archive:project/out.tar a.eif
	tar -tf project/out.tar | grep -q index.json
}

@test "sandbox: enc-pull from a registry calls, changes its store and runs nothing" {
	start_registry
	push "$image" app:1
	confined "$ONLINE" "read $T/pulled/oci-layout
make $T/pulled/new
read /etc/hosts" \
		"read $ENCLAVER_STORE/index.json
write /etc/hosts" \
		enc-pull -q --store pulled "$registry_url/app:1"
	enc-inspect -q show "$(cat out)" >shown
}

@test "sandbox: enc-push calls, reads its store and runs nothing" {
	start_registry
	confined "$ONLINE" "read $ENCLAVER_STORE/index.json
read /etc/hosts" \
		"make $ENCLAVER_STORE/new
write /etc/hosts" \
		enc-push -q -f project/enclaver.yaml --target "$registry_url/app:1" "$image"
	same "$registry_url/app@${image##*@}" "$(cat out)"
}

@test "sandbox: enc-release --push calls too" {
	start_registry
	mkimage_sleeve "$ENCLAVER_STORE" docker.io/library/sleeve:1 >path
	enc-eif -q -o a.eif --kernel blobs/bzImage --cmdline x --ramdisk odyn
	confined "$ONLINE" "read $ENCLAVER_STORE/index.json
make $ENCLAVER_STORE/new
read /etc/hosts" \
		"read $T/project/enclaver.yaml
write /etc/hosts" \
		enc-release -q -f project/enclaver.yaml \
		--target "$registry_url/app:1" --push a.eif
	enc-pull -q --store pulled "$registry_url/app:1" >path
	same "$(sed 's/.*@//' out)" "$(sed 's/.*@//' path)"
}

@test "sandbox: enc-pull from a registry by name, with a certificate and credentials" {
	requires skopeo
	start_registry auth tls
	push "$image" app:1 --dest-creds "$PEER_USER:$PEER_PASSWORD"
	skopeo login --tls-verify=false --authfile auth.json \
		-u "$PEER_USER" -p "$PEER_PASSWORD" "localhost:${registry_url#*:}" >log
	ENC_SANDBOX=require expect 0 enc-pull -q --store pulled --ca-file "$registry_ca" \
		--authfile auth.json "localhost:${registry_url#*:}/app:1"
	mkdir -p "$HOME/.docker"
	cp auth.json "$HOME/.docker/config.json"
	ENC_SANDBOX=require expect 0 enc-pull -q --store again --ca-file "$registry_ca" \
		"localhost:${registry_url#*:}/app:1"
}

# With an empty list the folder alone judges, and the other way round.
@test "sandbox: SSL_CERT_FILE and SSL_CERT_DIR stand for the system's authorities" {
	requires skopeo openssl
	start_registry tls
	push "$image" app:1
	export ENC_SANDBOX=require SSL_CERT_FILE=$T/list.pem SSL_CERT_DIR=$T/folder
	mkdir folder none certs
	cp "$registry_ca" list.pem
	SSL_CERT_DIR=$T/none expect 0 enc-pull -q --store one "$registry_url/app:1"
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=other \
		-keyout other.key -out list.pem -days 30 2>log
	expect 5 enc-pull -q --store two "$registry_url/app:1"
	contains "$stderr" 'cannot trust the certificate'
	cp "$registry_ca" certs/ca.pem
	openssl rehash certs
	SSL_CERT_DIR=$T/none:$T/certs expect 0 enc-pull -q --store two "$registry_url/app:1"
	# A link to what is in no rule, as an administrator makes them.
	mkdir elsewhere linked
	mv certs/ca.pem elsewhere
	for link in certs/*.0; do ln -s ../elsewhere/ca.pem "linked/${link##*/}"; done
	SSL_CERT_DIR=$T/linked expect 0 enc-pull -q --store three "$registry_url/app:1"
	SSL_CERT_FILE=$T/missing expect 3 enc-pull -q --store four "$registry_url/app:1"
	contains "$stderr" "cannot use the authorities in '$T/missing'"
}

@test "sandbox: enc-pull from a layout or an archive has no network" {
	requires skopeo
	confined "$OFFLINE" "read $ENCLAVER_STORE/index.json
make $T/pulled/new" \
		"make $ENCLAVER_STORE/new" \
		enc-pull -q --store pulled "$image"
	skopeo copy -q "$image" "docker-archive:$T/app.tar:app:1"
	confined "$OFFLINE" "make $T/other/new" \
		"read $T/app.tar
read $ENCLAVER_STORE/index.json" \
		enc-pull -q --store other docker-archive:app.tar
}

# What was there before the kernel's part of a program's ABI came.
@test "sandbox: every version of Landlock's ABI will do" {
	local amended want abi
	mkimage_sleeve "$ENCLAVER_STORE" docker.io/library/sleeve:1 >path
	export ENC_SANDBOX=require ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0
	amended=$(enc-amend -q -f project/enclaver.yaml --odyn odyn "$image")
	enc-eif -q --blobs blobs -o want.eif "$amended" >out
	want=$(enc-release -q -f project/enclaver.yaml want.eif)
	for abi in 2 3 4 5 6 7; do
		export INTRUDER_ABI=$abi
		export LD_PRELOAD=$abs_top_builddir/tests/preload/intruder.so
		expect 0 enc-pull -q --store "pulled$abi" "$image"
		expect 0 enc-amend -q -f project/enclaver.yaml --odyn odyn "$image"
		same "$amended" "$output"
		expect 0 enc-eif -q --blobs blobs -o a.eif "$amended"
		expect 0 enc-release -q -f project/enclaver.yaml a.eif
		same "$want" "$output"
		unset LD_PRELOAD
		cmp want.eif a.eif
	done
	# The first cannot rename from folder to folder, and reads none the less.
	export INTRUDER_ABI=1 LD_PRELOAD=$abs_top_builddir/tests/preload/intruder.so
	expect 0 enc-inspect "$image"
	expect 6 enc-amend -q -f project/enclaver.yaml --odyn odyn "$image"
	contains "$stderr" 'too old to write a store'
}

# 38 is ENOSYS, 95 EOPNOTSUPP, 1 EPERM as container engines have it.
@test "sandbox: a kernel that cannot is told of, and refused when it must" {
	local number without=$abs_top_builddir/tests/tools/without what
	declare -A says=([38]='the kernel has no Landlock'
		[95]='the kernel was booted without Landlock'
		[1]='Landlock is refused here, by a container perhaps: Operation not permitted')
	want=$(ENC_SANDBOX=off enc-inspect "$image")
	for number in "${!says[@]}"; do
		what=${says[$number]}
		unset ENC_SANDBOX
		expect 0 "$without" landlock_create_ruleset "$number" enc-inspect "$image"
		same "$want" "$output"
		contains "$stderr" "enc-inspect: goes on without a whole sandbox: $what"
		same 1 "$(wc -l <<<"$stderr")"
		expect 0 "$without" landlock_create_ruleset "$number" enc-inspect -q "$image"
		same '' "$stderr"
		export ENC_SANDBOX=require
		expect 6 "$without" landlock_create_ruleset "$number" enc-inspect "$image"
		same '' "$output"
		contains "$stderr" "enc-inspect: ENC_SANDBOX=require, and there is no whole sandbox: $what"
		ENC_SANDBOX=off expect 0 "$without" landlock_create_ruleset "$number" enc-inspect "$image"
		same '' "$stderr"
	done
}

@test "sandbox: half of one is better than none" {
	local without=$abs_top_builddir/tests/tools/without
	unset ENC_SANDBOX
	rm -f found
	intruded "read $HOME/key" "$without" landlock_create_ruleset 38 \
		enc-inspect -q "$image" >out
	contains "$(cat found)" "read $HOME/key: allowed"
	contains "$(cat found)" 'socket inet: refused'
	contains "$(cat found)" 'execve: refused'
}

@test "sandbox: every program says so alike" {
	local without=$abs_top_builddir/tests/tools/without command
	mkimage_sleeve "$ENCLAVER_STORE" docker.io/library/sleeve:1 >path
	enc-eif -q -o a.eif --kernel blobs/bzImage --cmdline x --ramdisk odyn
	for command in "enc-pull --store p $image" "enc-inspect $image" \
		"enc-inspect a.eif" "enc-eif -o b.eif --blobs blobs --init blobs $image" \
		"enc-eif -o b.eif --kernel blobs/bzImage --cmdline x --ramdisk odyn" \
		"enc-amend -f project/enclaver.yaml --odyn odyn $image" \
		"enc-release -f project/enclaver.yaml a.eif"; do
		# shellcheck disable=SC2086 # words
		ENC_SANDBOX=require expect 6 "$without" landlock_create_ruleset 38 $command
		same '' "$output"
		same "${command%% *}: ENC_SANDBOX=require, and there is no whole sandbox: the kernel has no Landlock (Linux 5.19 and later can)" "$stderr"
	done
	ENC_SANDBOX=no expect 2 enc-amend -f project/enclaver.yaml --sources
	same '' "$output"
	same "enc-amend: ENC_SANDBOX is 'no': give 'require', 'off' or nothing" "$stderr"
	ENC_SANDBOX=no expect 2 enc-inspect "$image"
	same "enc-inspect: ENC_SANDBOX is 'no': give 'require', 'off' or nothing" "$stderr"
}

# jansson would go on with a seed that can be guessed.
@test "sandbox: the seed of JSON's hashes is random" {
	requires strace
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 ENC_SANDBOX=require \
		expect 0 strace -f -e trace=open,openat -o trace \
		enc-amend -q -f project/enclaver.yaml --odyn odyn "$image"
	grep -q '"/dev/urandom".* = [0-9]' trace
	refused=$(grep '"/dev/urandom".*EACCES' trace) || true
	same '' "$refused"
}

# The kernel's "permission denied" for a missing rule would be another message.
# Layers are unpacked side by side: their lines come in any order.
@test "sandbox: what is missing or unreadable is told as without one" {
	local sandbox line
	mkdir locked shut
	touch locked/file shut/file
	chmod 0 locked/file
	chmod 0 shut
	ln -s nowhere dangling
	enc-eif -q -o a.eif --kernel blobs/bzImage --cmdline x --ramdisk odyn >path
	while read -r line; do
		for sandbox in off require; do
			# shellcheck disable=SC2086 # words
			ENC_SANDBOX=$sandbox run --separate-stderr $line
			printf '%s\n' "$status" "$output" "$stderr" |
				sed "s/\.[0-9a-f]\{16\}\.tmp/.HEX.tmp/" |
				sort >"says.$sandbox"
		done
		[ "$status" -ne 0 ] || [ "$(id -u)" -eq 0 ] ||
			{ echo "no fault: $line"; return 1; }
		same "$(cat says.off)" "$(cat says.require)" "$line"
	done <<-END
	enc-inspect oci:nowhere
	enc-inspect oci:shut
	enc-inspect nothing:here
	enc-inspect oci:$T:x
	enc-inspect extract a.eif kernel -o nowhere/k
	enc-inspect extract a.eif kernel -o shut/k
	enc-amend -f project/enclaver.yaml --odyn nowhere $image
	enc-amend -f project/enclaver.yaml --odyn locked/file $image
	enc-amend -f project/enclaver.yaml --odyn odyn oci:nowhere:x
	enc-amend -f project/enclaver.yaml --odyn odyn nothing:here
	enc-eif --blobs nowhere/blobs $image
	enc-eif --blobs ./shut $image
	enc-eif --blobs locked $image
	enc-eif --blobs oci:nowhere $image
	enc-eif --blobs blobs -o nowhere/a.eif $image
	enc-eif --blobs blobs -o shut/a.eif $image
	enc-eif --blobs blobs --measurements nowhere/m $image
	enc-eif --blobs blobs oci:nowhere:x@${image##*@}
	enc-eif --kernel nowhere --cmdline x --ramdisk odyn
	enc-eif --kernel locked/file --cmdline x --ramdisk odyn
	enc-eif --kernel blobs/bzImage --cmdline x --ramdisk dangling
	enc-eif --kernel blobs/bzImage --cmdline x --ramdisk blobs
	enc-eif --kernel blobs/bzImage --cmdline x --ramdisk odyn --metadata shut/m
	enc-release -f project/enclaver.yaml nowhere.eif
	enc-release -f project/enclaver.yaml --store /proc/nowhere a.eif
	enc-release -f project/enclaver.yaml --sleeve oci:nowhere a.eif
	enc-release -f project/enclaver.yaml --output oci-archive:shut/o.tar a.eif
	enc-pull --store nowhere:x $image
	enc-pull oci:nowhere
	enc-pull oci-archive:nowhere
	enc-pull docker-archive:locked/file
	enc-pull --ca-file nowhere 127.0.0.1:1/x
	enc-pull --authfile nowhere 127.0.0.1:1/x
	enc-pull 127.0.0.1:1/x
	END
	chmod 700 shut
}

# Bazel makes its layouts of links.
@test "sandbox: what links in a layout lead to is part of it" {
	local layout
	layout=$(layout_of "$image")
	mkdir -p elsewhere linked/blobs/sha256
	cp "$layout"/blobs/sha256/* elsewhere
	cp "$layout/index.json" index
	ln -s "$T/index" linked/index.json
	cp "$layout/oci-layout" linked
	for blob in elsewhere/*; do
		ln -s "$T/$blob" "linked/blobs/sha256/${blob##*/}"
	done
	ENC_SANDBOX=require expect 0 enc-inspect ls oci:linked:app:1
	contains "$output" /bin/app
	ENC_SANDBOX=require expect 0 enc-pull -q --store pulled oci:linked:app:1
	rm -r linked/blobs/sha256
	ln -s "$T/elsewhere" linked/blobs/sha256
	ENC_SANDBOX=require expect 0 enc-inspect ls oci:linked:app:1
	contains "$output" /bin/app
}

@test "sandbox: -v tells of it" {
	ENC_SANDBOX=require expect 0 enc-inspect -v "$image"
	contains "$stderr" 'enc-inspect: confined to its task; ENC_SANDBOX=off goes without'
	ENC_SANDBOX=off expect 0 enc-inspect -v "$image"
	case $stderr in *confined*) return 1 ;; esac
}

@test "sandbox: standard input, and outputs by links and by .." {
	ENC_SANDBOX=require expect 0 enc-inspect - <<<"$image"
	mkdir real
	ln -s real way
	ENC_SANDBOX=require expect 0 enc-eif -q -o way/../way/a.eif \
		--kernel blobs/bzImage --cmdline x --ramdisk odyn
	[ -s real/a.eif ]
	ENC_SANDBOX=require expect 0 enc-amend -q --odyn odyn -f - "$image" \
		<project/enclaver.yaml
}
