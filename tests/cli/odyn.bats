# SPDX-License-Identifier: Apache-2.0
# odyn.bats - odyn as an ordinary process; tests/root/odyn.bats has what
# takes root, tests/vm/boot.bats what takes an enclave

load ../helpers

bats_require_minimum_version 1.5.0

local_setup() {
	requires jq
	ODYN=$libexec/odyn
	# nobody reads the status here: tests/cli/odyn-ports.bats has readers
	OPTIONS=(--config-dir conf --no-bootstrap --no-console --linger 0 --vsock v)
	mkdir conf
	minimal_manifest >conf/enclaver.yaml
}

# describe ARGV... : a process.json for who runs the test
describe() {
	jq -cn --argjson uid "$(id -u)" --argjson gid "$(id -g)" \
		--arg groups "$(sed -n 's/^Groups:[[:space:]]*//p' /proc/self/status)" \
		--arg cwd "${CWD:-/}" --argjson signal "${STOP:-15}" \
		--argjson env "${ENV_JSON:-[]}" '{schema: "process/1",
		argv: $ARGS.positional, env: $env, cwd: $cwd,
		stop_signal: $signal, uid: $uid, gid: $gid,
		groups: ($groups | [scan("[0-9]+") | tonumber])}' \
		--args -- "$@" >conf/process.json
}

# shellcheck disable=SC2120 # expect passes arguments
odyn() {
	"$ODYN" "${OPTIONS[@]}" "$@"
}

@test "exit statuses are the application's" {
	describe /bin/sh -c 'exit 0'
	expect 0 odyn
	same "" "$output"
	same "odyn: application exited with status 0" "$stderr"
	describe /bin/sh -c 'exit 37'
	expect 37 odyn
	same "odyn: application exited with status 37" "$stderr"
}

@test "an application that is killed: 128 and the signal, by name" {
	describe /bin/sh -c 'kill -KILL $$'
	expect 137 odyn
	same "odyn: application was killed by signal 9 (SIGKILL)" "$stderr"
}

@test "126 and 127 as a shell has them" {
	describe /no/such/file
	run -127 --separate-stderr odyn
	same "odyn: cannot run '/no/such/file': No such file or directory
odyn: application exited with status 127" "$stderr"
	describe no-such-command
	run -127 --separate-stderr odyn
	touch plain
	describe "$T/plain"
	expect 126 odyn
	same "odyn: cannot run '$T/plain': Permission denied
odyn: application exited with status 126" "$stderr"
}

@test "output passes; input is empty" {
	describe /bin/sh -c 'cat; echo out; echo err >&2'
	expect 0 odyn <<<"not for the application"
	same out "$output"
	same "err
odyn: application exited with status 0" "$stderr"
}

@test "the environment is exactly the image's, newlines too" {
	ENV_JSON='["A=1","NL=one\ntwo","=odd"]'
	describe /usr/bin/env -0
	expect 125 odyn
	same "odyn: 'process.json': 'env'[2] is not NAME=value" "$stderr"
	ENV_JSON='["A=1","NL=one\ntwo","EMPTY="]'
	describe /usr/bin/env -0
	odyn >environment 2>err
	printf 'A=1\0NL=one\ntwo\0EMPTY=\0' >want
	cmp want environment
}

@test "a command is looked up in the application's own PATH" {
	mkdir bin
	printf '#!/bin/sh\necho mine\n' >bin/cmd
	chmod +x bin/cmd
	ENV_JSON="[\"PATH=$T/bin\"]"
	describe cmd
	expect 0 odyn
	same mine "$output"
	ENV_JSON='[]'
	describe sh -c 'echo default'
	expect 0 env PATH=/nowhere "$ODYN" "${OPTIONS[@]}"
	same default "$output"
}

@test "the working directory" {
	CWD=$T/conf
	describe /bin/pwd
	expect 0 odyn
	same "$T/conf" "$output"
	CWD=$T/none
	describe /bin/pwd
	expect 126 odyn
	same "odyn: cannot change to '$T/none': No such file or directory
odyn: application exited with status 126" "$stderr"
}

@test "nothing is blocked or ignored, and the session is its own" {
	describe /bin/sh -c 'grep -E "^Sig(Blk|Ign)" /proc/self/status
		set -- $(cat /proc/$$/stat); [ "$6" = $$ ] && echo leader; umask'
	(trap '' PIPE HUP USR1; umask 077; expect 0 odyn; echo "$output" >out)
	same "SigBlk:	0000000000000000
SigIgn:	0000000000000000
leader
0022" "$(cat out)"
}

@test "no descriptor of odyn's reaches the application" {
	describe /bin/sh -c 'for n in 3 4 5 6 7 8 9; do
		[ ! -e /proc/$$/fd/$n ] || echo $n; done'
	odyn >out 2>err 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
	same "" "$(cat out)"
}

# start COMMAND: odyn in the background, until the application has said ready
start() {
	mkfifo fifo
	describe /bin/sh -c "$1"
	# no function: $! must be odyn, not a subshell
	"$ODYN" "${OPTIONS[@]}" >fifo 2>err 3>&- &
	pid=$!
	exec 7<fifo
	read -r line <&7
	same ready "$line"
}

@test "SIGTERM and SIGINT become the image's stop signal" {
	STOP=10
	start 'trap "echo usr1; exit 5" USR1; echo ready; while :; do sleep 0.1; done'
	kill -TERM "$pid"
	read -r line <&7
	same usr1 "$line"
	wait "$pid" && status=0 || status=$?
	same 5 "$status"
	same "odyn: application exited with status 5" "$(cat err)"
}

@test "SIGINT, and the stop signal that kills" {
	start 'echo ready; exec sleep 1000'
	kill -INT "$pid"
	wait "$pid" && status=0 || status=$?
	same 143 "$status"
	same "odyn: application was killed by signal 15 (SIGTERM)" "$(cat err)"
}

@test "an application that does not stop is killed when its grace is over" {
	OPTIONS+=(--grace 0)
	start 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
	kill -TERM "$pid"
	wait "$pid" && status=0 || status=$?
	same 137 "$status"
	same "odyn: application did not end within its time: killed
odyn: application was killed by signal 9 (SIGKILL)" "$(cat err)"
}

@test "the application has odyn's limit of open files, not odyn's own" {
	describe /bin/sh -c 'ulimit -Sn; ulimit -Hn'
	(ulimit -Sn 500; ulimit -Hn 900; expect 0 odyn; echo "$output" >out)
	same "500
900" "$(cat out)"
}

@test "what odyn serves stands in the environment, once" {
	minimal_manifest >conf/enclaver.yaml
	cat >>conf/enclaver.yaml <<'END'
egress: {proxy_port: 10001, allow: ["*.amazonaws.com"]}
kms_proxy: {listen_port: 9001}
END
	ENV_JSON='["PATH=/bin"]'
	describe /usr/bin/env
	expect 0 odyn
	same "PATH=/bin
http_proxy=http://127.0.0.1:10001
HTTP_PROXY=http://127.0.0.1:10001
https_proxy=http://127.0.0.1:10001
HTTPS_PROXY=http://127.0.0.1:10001
no_proxy=localhost,127.0.0.1
NO_PROXY=localhost,127.0.0.1
AWS_KMS_ENDPOINT=http://127.0.0.1:9001" "$output"
	ENV_JSON='["HTTP_PROXY=mine","no_proxy=","AWS_KMS_ENDPOINT=other"]'
	describe /usr/bin/env
	expect 0 odyn
	same "HTTP_PROXY=mine
no_proxy=
AWS_KMS_ENDPOINT=other
https_proxy=http://127.0.0.1:10001
HTTPS_PROXY=http://127.0.0.1:10001" "$output"
	# nothing is allowed: there is no proxy
	minimal_manifest >conf/enclaver.yaml
	echo 'egress: {proxy_port: 10001, allow: []}' >>conf/enclaver.yaml
	ENV_JSON='["PATH=/bin"]'
	describe /usr/bin/env
	expect 0 odyn
	same "PATH=/bin" "$output"
}

@test "a manifest that is not there, or not one" {
	describe /bin/true
	rm conf/enclaver.yaml
	expect 125 odyn
	same "odyn: cannot open 'conf/enclaver.yaml': No such file or directory" "$stderr"
	{ minimal_manifest; echo 'bogus: 1'; } >conf/enclaver.yaml
	expect 125 odyn
	contains "$stderr" "odyn: conf/enclaver.yaml:5:1: "
}

@test "a socket that cannot be made" {
	describe /bin/true
	expect 125 odyn --vsock "$T/none/v"
	same "odyn: cannot listen on '$T/none/v': No such file or directory" "$stderr"
}

@test "orphans come to odyn and are reaped" {
	# the middle process ends at once; its child then says whose it is
	CWD=$T
	describe /bin/sh -c 'sh -c "setsid sh -c \"read x <fifo
		sed -n s/^PPid:.//p /proc/\\\$\\\$/status >parent\" & "
		echo go >fifo
		until [ -s parent ]; do sleep 0.05; done
		# reaped: nothing is left of odyn but this shell
		until [ "$(cat /proc/$PPID/task/$PPID/children)" = "$$ " ]
		do sleep 0.05; done
		echo $PPID'
	mkfifo fifo
	expect 0 timeout 60 "$ODYN" "${OPTIONS[@]}"
	same "$output" "$(cat parent)"
}

@test "what is left in the application's group ends with it" {
	describe /bin/sh -c 'sleep 1000 & echo $!'
	expect 0 odyn
	[ ! -e "/proc/$output" ]
}

@test "without process.json: the command line" {
	expect 3 odyn -- /bin/sh -c 'pwd; exit 3'
	same / "$output"
	same "odyn: application exited with status 3" "$stderr"
	expect 2 odyn
	same "odyn: no command, and no 'conf/process.json'" "$stderr"
	describe /bin/echo described
	expect 0 odyn -- /bin/echo argument
	same described "$output"
}

# with a stand-in for the NSM, which leaves the kernel alone
@test "the seed counts as entropy, and a clock that is far off is set" {
	ODYN=$abs_top_builddir/tests/odyn-fake
	[ -x "$ODYN" ] || missing tests/odyn-fake
	describe /bin/true
	OPTIONS=(--config-dir conf --no-console --linger 0 --vsock v)
	NSM_FAKE_SEED=$T/seed NSM_FAKE_TIME=$((($(date +%s) + 1000) * 1000)) \
		expect 0 odyn
	contains "$stderr" "odyn: the clock was "
	contains "$stderr" " s behind: set"
	same "2048 256" "$(head -n 1 seed)"
	same 256 "$(tail -c +10 seed | wc -c)"
	[ "$(tail -c +10 seed | tr -d '\0' | wc -c)" -gt 200 ]
	NSM_FAKE_SEED=$T/none NSM_FAKE_TIME=0 expect 0 odyn --no-bootstrap
	same "odyn: application exited with status 0" "$stderr"
	[ ! -e none ]
}

@test "process.json that is not final is refused" {
	describe /bin/true
	jq -c 'del(.uid, .gid, .groups) + {user: "app"}' conf/process.json >raw
	mv raw conf/process.json
	expect 125 odyn
	same "odyn: 'conf/process.json': the user is not resolved; build the enclave image with enc-eif" "$stderr"
	same "" "$output"
	echo '{' >conf/process.json
	expect 125 odyn
	contains "$stderr" "odyn: 'process.json': not JSON: "
}

@test "options" {
	expect 0 "$ODYN" --help
	contains "$output" "usage: odyn "
	same "" "$stderr"
	expect 0 "$ODYN" --version
	contains "$output" "odyn (enclaver) "
	expect 2 "$ODYN" --bogus
	same "" "$output"
	same "odyn: unknown option '--bogus'; try 'odyn --help'" "$stderr"
	expect 2 "$ODYN" --config-dir
	same "odyn: no value for option '--config-dir'; try 'odyn --help'" "$stderr"
	local bad
	for bad in grace=-1 grace=x linger=86401 log-buffer=0 log-buffer=1073741825; do
		expect 2 "$ODYN" "--${bad%=*}" "${bad#*=}"
		same "odyn: '${bad#*=}' is no value for '--${bad%=*}'; try 'odyn --help'" "$stderr"
	done
}

@test "closed descriptors are opened before anything can take their numbers" {
	CWD=$T
	describe /bin/sh -c 'readlink /proc/$$/fd/2 >out'
	odyn >/dev/null 2>&- && status=0 || status=$?
	same 0 "$status"
	same /dev/null "$(cat out)"
}
