# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# odyn.bash - odyn as an ordinary process, with a UNIX socket ("v") for its
# vsock: load odyn, after ../helpers

odyn_setup() {
	ODYN=$libexec/odyn
	reader_pids=()
	mkdir conf
	minimal_manifest >conf/enclaver.yaml
}

# a test that failed leaves odyn, which waits for a reader of its end
odyn_teardown() {
	local pid
	for pid in $(cat "/proc/$odyn_pid/task/$odyn_pid/children" 2>/dev/null) \
		$(jobs -p); do
		kill -KILL "$pid" 2>/dev/null || :
	done
	wait 2>/dev/null || :
}

# application SCRIPT: what odyn runs
application() {
	jq -cn --argjson uid "$(id -u)" --argjson gid "$(id -g)" \
		--arg groups "$(sed -n 's/^Groups:[[:space:]]*//p' /proc/self/status)" \
		--arg cwd "$T" '{schema: "process/1", argv: $ARGS.positional,
		env: ["PATH=/usr/local/bin:/usr/bin:/bin"], cwd: $cwd,
		stop_signal: 15, uid: $uid, gid: $gid,
		groups: ($groups | [scan("[0-9]+") | tonumber])}' \
		--args -- /bin/sh -c "$1" >conf/process.json
}

# start SCRIPT [OPTION...]: odyn in the background; it would wait for a reader
# of its end for an hour
start() {
	application "$1"
	shift
	rm -f console err	# another's, which are not these
	"$ODYN" --config-dir conf --no-bootstrap --linger 3600 --vsock v "$@" \
		>console 2>err 3>&- &
	odyn_pid=$!
}

# ended: odyn's status, in $status; it must end by itself
ended() {
	timeout 60 tail --pid="$odyn_pid" -f /dev/null || return 1
	# shellcheck disable=SC2034 # for the test
	wait "$odyn_pid" && status=0 || status=$?
}

# readers: all of them have ended
readers() {
	local pid
	for pid in "${reader_pids[@]}"; do
		timeout 60 tail --pid="$pid" -f /dev/null || return 1
	done
}

# reader PORT FILE: reads it in the background, until there is something
reader() {
	rm -f "$2"
	port "$1" </dev/null >"$2" 3>&- &
	reader_pids+=($!)
	until_there "$2"
}

# port WORD...: talks to what listens on that port in the enclave
port() {
	"$abs_top_srcdir/tests/tools/hybrid.py" "${VSOCK:-v}" "$@"
}

# until_there FILE: it is there, and not empty
until_there() {
	local i
	for ((i = 0; i < 2400; i++)); do
		[ -s "$1" ] && return 0
		sleep 0.05
	done
	echo "no '$1'" >&2
	return 1
}

# until_line FILE LINE: it is there
until_line() {
	local i
	for ((i = 0; i < 2400; i++)); do
		grep -aqxF -- "$2" "$1" 2>/dev/null && return 0
		sleep 0.05
	done
	printf "no line '%s' in '%s'\n%s\n" "$2" "$1" "$(tail -n 20 "$1")" >&2
	return 1
}
