# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# ne.bash - an instance that may start enclaves (tests/preload/ne-fake.h): load
# ne, after ../helpers and ../odyn
#
# Eight CPUs in four cores (0 and 4 are siblings) on two NUMA nodes; the pool is
# 2, 3, 6 and 7, on node 1, which has 160 MiB of huge pages.

ne_setup() {
	local cpu
	# UNIX sockets have short names
	NE_FAKE=$(mktemp -d "${BATS_RUN_TMPDIR:-/tmp}/neXXXX")
	export NE_FAKE
	export ENC_SANDBOX=off
	for cpu in 0 1 2 3 4 5 6 7; do
		mkdir -p "$NE_FAKE/sys/devices/system/cpu/cpu$cpu/node$((cpu % 4 / 2))"
	done
	there dev/nitro_enclaves ''
	there sys/module/nitro_enclaves/parameters/ne_cpus 2-3,6-7
	there sys/devices/system/cpu/possible 0-7
	there sys/devices/system/cpu/cpu0/topology/thread_siblings_list 0,4
	pages 0 2048 64
	pages 1 2048 64
	pages 1 32768 1
}

# there FILE TEXT: a file of the instance
there() {
	mkdir -p "$NE_FAKE/${1%/*}"
	printf '%s\n' "$2" >"$NE_FAKE/$1"
}

# pages NODE KIB [N]: how many are free, or makes it so
pages() {
	local file=sys/devices/system/node/node$1/hugepages/hugepages-$2kB/free_hugepages
	if [ $# -eq 3 ]; then
		there "$file" "$3"
	else
		cat "$NE_FAKE/$file"
	fi
}

# all_gone: no enclave is left, soon
all_gone() {
	local i
	for ((i = 0; i < 1200; i++)); do
		compgen -G "$NE_FAKE/cid-*/" >/dev/null || return 0
		sleep 0.05
	done
	ls "$NE_FAKE" >&2
	return 1
}

# all_free [N]: nor a page; there were N of 2 MiB (64) before
all_free() {
	local i
	all_gone || return 1
	for ((i = 0; i < 1200; i++)); do
		[ "$(pages 1 2048) $(pages 1 32768)" = "${1:-64} 1" ] && return 0
		sleep 0.05
	done
	echo "$(pages 1 2048) and $(pages 1 32768) pages are free" >&2
	return 1
}
