# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# proxies.bash - the host's proxies without the rest of enc-run: load proxies,
# after ../helpers and ../odyn

# host [PORTS...]: the proxies, with standard input at descriptor 8
host() {
	rm -f in
	mkfifo in
	# shellcheck disable=SC2016 # the shell's that becomes the proxies
	bash -c 'ulimit -Sn "${LIMIT:-$(ulimit -Hn)}"; exec "$@"' bash \
		"$abs_top_builddir/tests/tools/proxies" v \
		"${MANIFEST:-host.yaml}" 16 "${RESOLVER:--}" "$@" <in >host.out 2>host.err 3>&- &
	host_pid=$!
	exec 8>in
	until_line host.out ready
}

# host_ends: by itself, with its connections counted
host_ends() {
	exec 8>&-
	timeout 60 tail --pid="$host_pid" -f /dev/null
	wait "$host_pid"
	same "ready
0 connections" "$(cat host.out)"
}
