#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# daemon.bats - docker daemons that lie, never end or break off
#
# tools/stubdock.py misbehaves in one way at a time.  What we say is one sentence
# with the right status, and the store has no image and no remains.
load ../helpers
load ../peers

local_setup() {
	requires python3 jq skopeo
	image=$(mkimage src app:1 <<-'END'
	config {"Entrypoint": ["/one"]}
	layer
	file one mode=0755 data='the first'
	layer
	file two size=300000 fill=1
	END
	)
	skopeo copy -q "$image" docker-archive:good.tar:app:1
}

# stub MODE [ARCHIVE]
stub() {
	stop_peers
	start_docker_stub "${2:-good.tar}" "$1"
}

# refused STATUS TEXT [OPTION...]: by enc-pull
refused() {
	local want=$1 text=$2
	shift 2
	rm -rf "$ENCLAVER_STORE"
	expect "$want" timeout 60 enc-pull -q "$@" docker-daemon:app:1
	same "" "$output"
	same 1 "${#stderr_lines[@]}"
	contains "$stderr" "$text"
	same "" "$(tr -d ' -~\n' <<<"$stderr")" 'control characters'
	same "" "$(find "$ENCLAVER_STORE/tmp" -type f)"
	[ ! -e "$ENCLAVER_STORE/index.json" ]
}

@test "the stub itself: nothing wrong" {
	stub good
	expect 0 enc-pull -q docker-daemon:app:1
	same "$(config_of "$image")" "$(config_of "$output")"
	same "GET /images/app:1/json GET /images/app:1/get" "$(xargs <"$stub_log")"
	expect 0 enc-pull -q docker-daemon:app
	same "GET /images/app:latest/json" "$(tail -n 1 "$stub_log")" 'what the store has is not fetched'
}

@test "answers that are none" {
	stub 500
	refused 5 "says 500: the?reason ?[31m"
	stub 404
	refused 5 "does not have it"
	stub redirect
	refused 5 "refused redirect from 'localhost'"
	stub close
	refused 5 "image 'app:1': docker daemon at '$DOCKER_HOST': "
	stub get-500
	refused 5 "says 500: disk ?[1m full?"
}

@test "descriptions that are none, or too long" {
	stub inspect-endless
	refused 3 "description of the image is larger than 8388608 bytes"
	stub inspect-html
	refused 3 "not JSON"
	# What is only to save the fetching is no fault when it does not.
	for mode in inspect-none inspect-types inspect-layers inspect-many; do
		stub $mode
		rm -rf "$ENCLAVER_STORE"
		expect 0 enc-pull -q docker-daemon:app:1
		same "$(config_of "$image")" "$(config_of "$output")"
		expect 0 enc-pull -q docker-daemon:app:1
	done
	stub inspect-arch
	refused 3 "has no image for linux/amd64: it is for linux/s390x alone" --platform linux/amd64
	stub inspect-control
	expect 0 enc-pull -q "docker-daemon:sha256:$(printf %064d 7)"
	contains "$output" "oci:$ENCLAVER_STORE:image@sha256:"
}

@test "what is not an archive is told from its first block" {
	for mode in html endless; do
		stub $mode
		refused 3 "what the docker daemon at '$DOCKER_HOST' sends is not an archive"
	done
	# The bytes are taken as they are, whatever their header calls them.
	stub encoding
	expect 0 enc-pull -q docker-daemon:app:1
	stub empty
	refused 3 "has no manifest.json"
}

@test "an archive without end ends at --max-size, or where the disk does" {
	stub endless-tar
	refused 3 "the docker daemon sends more than 3000000 bytes, and enc-pull takes no more without a larger --max-size" --max-size 3000000
	(
		trap '' XFSZ
		ulimit -f 4000
		refused 6 "cannot write a temporary file in '$ENCLAVER_STORE/tmp': File too large"
	)
}

@test "an archive that is broken off" {
	for mode in cut cut-length; do
		stub $mode
		refused 5 "image 'app:1': docker daemon at '$DOCKER_HOST': "
	done
	stub bad-chunk
	refused 5 "image 'app:1': docker daemon at '$DOCKER_HOST': "
	stub half
	refused 3 "archive 'docker.io/library/app:1'"
}

# tampered PYTHON: good.tar with each member (name, data) passed through it.
tampered() {
	python3 - "$1" <<-'END'
	import io, json, sys, tarfile
	out = tarfile.open("bad.tar", "w")
	for info in tarfile.open("good.tar"):
	    data = tarfile.open("good.tar").extractfile(info).read() if info.isfile() else b""
	    name = info.name
	    exec(sys.argv[1])
	    info.name, info.size = name, len(data)
	    out.addfile(info, io.BytesIO(data))
	out.close()
	END
}

@test "an archive that lies" {
	tampered 'if len(data) > 100000: data = data[:-1] + b"?"'
	stub good bad.tar
	refused 4 "has digest 'sha256:"
	tampered 'if name.endswith(".json") and len(name) > 60: data += b" "'
	stub good bad.tar
	refused 4 "does not have the digest that is its name"
	tampered 'if name == "manifest.json": data = json.dumps([json.loads(data)[0]] * 2).encode()'
	stub good bad.tar
	refused 3 "has 2 images"
	tampered 'if name == "manifest.json": data = data.replace(b".tar\"", b".tor\"", 1)'
	stub good bad.tar
	refused 3 "lacks layer '"
	tampered 'if len(data) > 100000: name = "../../" + name'
	stub good bad.tar
	refused 3 "lacks layer '"
}

# not_loaded STATUS TEXT: by enc-release, and neither the store nor the daemon
# has a release then.
not_loaded() {
	expect "$1" timeout 60 enc-release -q -f enclaver.yaml --sleeve "$sleeve" \
		--store "$T/release" --output docker-daemon: app.eif
	same "" "$output"
	same 1 "${#stderr_lines[@]}"
	contains "$stderr" "$2"
	same "" "$(tr -d ' -~\n' <<<"$stderr")" 'control characters'
	[ ! -e release/index.json ]
	same "" "$(find release/tmp -type f)"
}

release_parts() {
	fake_blobs blobs
	fake_odyn odyn
	manifest app:1 repo/app:enclave >enclaver.yaml
	sleeve=$(mkimage_sleeve src)
	enc-amend -f enclaver.yaml --odyn odyn "$image" |
		ENCLAVER_BLOBS=$T/blobs enc-eif -q -o app.eif >/dev/null
}

@test "a daemon that does not take what it is given" {
	release_parts
	stub load-error
	not_loaded 5 "output 'docker-daemon:docker.io/repo/app:enclave': the docker daemon at '$DOCKER_HOST' cannot load it: bad ?[1m tar?"
	stub load-error-late
	not_loaded 5 "cannot load it: it does not say why"
	stub load-500
	not_loaded 5 "says 500: why?not"
	stub load-early
	not_loaded 5 "output 'docker-daemon:docker.io/repo/app:enclave': "
	stub load-close
	not_loaded 5 "output 'docker-daemon:docker.io/repo/app:enclave': docker daemon at '$DOCKER_HOST': "
	stub load-silent
	not_loaded 5 "does not say that it loaded the image"
	stub load-html
	not_loaded 5 "not JSON"
	stub load-endless
	not_loaded 5 "answer is longer than 1048576 bytes"
	stub load-cut
	not_loaded 5 "output 'docker-daemon:docker.io/repo/app:enclave': docker daemon at '$DOCKER_HOST': "
	rm -f "$DOCKER_HOST"
	stop_peers
	not_loaded 5 "no docker daemon listens at '$DOCKER_HOST'"
}

@test "a release that breaks off on our side is broken off for the daemon" {
	release_parts
	stub good
	same "" "$(enc-release -q -f enclaver.yaml --sleeve "$sleeve" --output docker-daemon: app.eif 2>&1 >/dev/null)"
	cmp "$stub_log.loaded" <(enc-release -q -f enclaver.yaml --sleeve "$sleeve" --output docker-archive:o.tar app.eif >o.path && cat o.tar)
	layer=$(blob_of src "$(manifest_of "$sleeve" | jq -r '.layers[0].digest')")
	chmod u+w "$layer"
	printf x | dd of="$layer" bs=1 seek=600 conv=notrunc status=none
	stub good
	rm -rf "$ENCLAVER_STORE"
	expect 4 enc-release -q -f enclaver.yaml --sleeve "$sleeve" --output docker-daemon: app.eif
	same "" "$output"
	[ ! -e "$stub_log.loaded" ]
}

@test "what a daemon says that it has is believed when it fits, and no further" {
	stub inspect-endless
	expect 5 enc-push -q --target docker-daemon: "$image"
	same "" "$output"
	contains "$stderr" "larger than 1048576 bytes"
	for mode in inspect-html inspect-none inspect-types 404; do
		stub "$mode"
		expect 0 enc-push -q --target docker-daemon: "$image"
		same docker.io/library/app:1 "$output"
		same "" "$stderr"
		[ -s "$stub_log.loaded" ]
	done
	stub 500
	expect 5 enc-push -q --target docker-daemon: "$image"
	contains "$stderr" "the?reason"
	stub close
	expect 5 enc-push -q --target docker-daemon: "$image"
}
