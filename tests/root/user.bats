# SPDX-License-Identifier: Apache-2.0
# The pipeline as a user who owns nothing but a home.  Needs root to become one.
load ../helpers
load ../peers

NOBODY=64123

local_setup() {
	requires root setpriv skopeo jq python3
	umask 022
	# bats keeps its folders to itself: these must be reached by the user.
	user_home=$(mktemp -d)
	inputs=$(mktemp -d)
	chmod 0755 "$inputs"
	fake_blobs "$inputs/blobs"
	export ENCLAVER_BLOBS="$inputs/blobs"
	start_registry
	push "$(mkimage_app source app:1)" team/app:1
	push "$(mkimage_sleeve source)" base/sleeve:1
	manifest "$registry_url/team/app:1" "$registry_url/team/app:enclave" \
		"$registry_url/base/sleeve:1" >"$inputs/enclaver.yaml"
	chown $NOBODY:$NOBODY "$user_home"
	unset ENCLAVER_STORE
}

local_teardown() {
	rm -rf "${user_home:?}" "${inputs:?}"
}

# as UID HOME COMMAND...
as() {
	local uid=$1 home=$2
	shift 2
	(cd "$home" && exec setpriv --reuid "$uid" --regid "$uid" --clear-groups \
		--no-new-privs --bounding-set=-all --inh-caps=-all \
		env HOME="$home" "$@")
}

PIPELINE='set -o pipefail; enc-pull -q "$1/base/sleeve:1" >"$HOME/sleeve" && enc-pull -q "$1/team/app:1" |
	enc-amend -q -f "$2/enclaver.yaml" | enc-eif -q -f "$2/enclaver.yaml" |
	enc-release -q -f "$2/enclaver.yaml"'

@test "the whole pipeline as a user without write access outside the home" {
	touch stamp
	sleep 0.05
	expect 0 as $NOBODY "$user_home" bash -c "$PIPELINE" - "$registry_url" "$inputs"
	contains "$output" "oci:$user_home/.cache/enclaver:$registry_url/team/app:enclave@"
	[ -f "$user_home/application.eif" ]
	same '' "$(find / -xdev -path /proc -prune -o -path "$user_home" -prune -o \
		-newer stamp -user $NOBODY -print 2>/dev/null)"
	# A user who may write nowhere at all is told so.
	chown 0:0 "$user_home"
	rm -rf "$user_home/.cache"
	expect 6 as $NOBODY "$user_home" enc-pull -q "$registry_url/team/app:1"
	same '' "$output"
	contains "$stderr" "$user_home/.cache"
	contains "$stderr" 'Permission denied'
}

@test "two users, one of them root: the same bytes" {
	expect 0 as $NOBODY "$user_home" bash -c "$PIPELINE" - "$registry_url" "$inputs"
	theirs=${output##*@}
	mkdir rootly
	expect 0 env HOME="$T/rootly" XDG_CACHE_HOME="$T/rootly" bash -c "$PIPELINE" - "$registry_url" "$inputs"
	same "$theirs" "${output##*@}"
	cmp application.eif "$user_home/application.eif"
}
