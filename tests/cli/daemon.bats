#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# daemon.bats - which docker daemon it is: environment, contexts, TLS
load ../helpers
load ../peers

local_setup() {
	requires python3 jq skopeo
	skopeo copy -q "$(mkimage src app:1 <<<'layer')" docker-archive:good.tar:app:1
	unset DOCKER_HOST
	export DOCKER_CONFIG=$T/docker
	mkdir docker
}

# context NAME HOST [true|false]: as docker context create writes it.
context() {
	local id
	id=$(printf %s "$1" | sha256sum | cut -d' ' -f1)
	mkdir -p "docker/contexts/meta/$id" "docker/contexts/tls/$id/docker"
	jq -cn --arg name "$1" --arg host "$2" --argjson skip "${3:-false}" '{
		Name: $name, Metadata: {},
		Endpoints: {docker: {Host: $host, SkipTLSVerify: $skip}}}' \
		>"docker/contexts/meta/$id/meta.json"
	context_tls=docker/contexts/tls/$id/docker
}

# asked STATUS TEXT [VARIABLE=VALUE...]: enc-pull's only line
asked() {
	local want=$1 text=$2
	shift 2
	expect "$want" env "$@" enc-pull docker-daemon:app:1
	same "" "$output"
	same 1 "${#stderr_lines[@]}"
	contains "$stderr" "$text"
}

@test "daemon: DOCKER_HOST, DOCKER_CONTEXT, config.json, the default, in this order" {
	context first unix:///first.socket
	context second unix:///second.socket
	echo '{"auths": {}, "currentContext": "first"}' >docker/config.json
	asked 5 "docker context 'first': no docker daemon at 'unix:///first.socket'"
	asked 5 "docker context 'first': " DOCKER_HOST= DOCKER_CONTEXT=
	asked 5 "docker context 'second': no docker daemon at 'unix:///second.socket'" DOCKER_CONTEXT=second
	asked 5 "DOCKER_HOST: no docker daemon at 'unix:///third.socket'" DOCKER_CONTEXT=second DOCKER_HOST=unix:///third.socket
	# Without DOCKER_CONFIG the folder is in HOME.
	mkdir "$HOME/.docker"
	mv docker/contexts "$HOME/.docker"
	asked 5 "no docker daemon at 'unix:///second.socket'" DOCKER_CONFIG= DOCKER_CONTEXT=second
	asked 3 "there is no docker context 'second': '$T/docker/contexts/meta/16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4/meta.json' is missing" DOCKER_CONTEXT=second
	asked 3 "HOME is not set" DOCKER_CONFIG= HOME= ENCLAVER_STORE=s DOCKER_CONTEXT=second
}

# The default is this machine's, and there may be one.
@test "daemon: the default, for the context that is called so too" {
	echo '{"currentContext": "default"}' >docker/config.json
	for word in '' default; do
		run -5 --separate-stderr env DOCKER_CONTEXT=$word enc-pull docker-daemon:no/such:image
		contains "$stderr" "'unix:///var/run/docker.sock'"
	done
}

@test "daemon: a configuration that is none" {
	asked 3 "there is no docker context 'none'" DOCKER_CONTEXT=none
	echo '{"currentContext": "none"}' >docker/config.json
	asked 3 "there is no docker context 'none'"
	echo '{' >docker/config.json
	asked 3 "'$T/docker/config.json': not JSON"
	context odd unix:///x
	echo '{"Endpoints": {"docker": {"Host": 7}}}' | tee docker/contexts/meta/*/meta.json >/dev/null
	asked 3 "names no host" DOCKER_CONTEXT=odd
	echo nonsense | tee docker/contexts/meta/*/meta.json >/dev/null
	asked 3 "docker context 'odd': " DOCKER_CONTEXT=odd
	head -c 2000000 /dev/zero >docker/config.json
	asked 3 "larger than 1048576 bytes"
}

@test "daemon: hosts of all kinds" {
	asked 5 "is reached by ssh, which only docker itself does: forward its socket (ssh -nNT -L /tmp/d.sock:/var/run/docker.sock me@there) and set DOCKER_HOST=unix:///tmp/d.sock" DOCKER_HOST=ssh://me@there
	asked 3 "begins neither with unix:// nor with tcp://" DOCKER_HOST=npipe:////./pipe/docker
	asked 3 "is not tcp://HOST[:PORT]" DOCKER_HOST='tcp://a:b:c'
	asked 3 "is not tcp://HOST[:PORT]" DOCKER_HOST='tcp://me:secret@there'
	asked 3 "is longer than 107 bytes" "DOCKER_HOST=unix:///$(printf %0108d 0)"
	asked 3 "DOCKER_HOST: docker host '/run/d.sock' is a path: put unix:// before it" DOCKER_HOST=/run/d.sock
	asked 3 "is a path: put unix:// before it" DOCKER_HOST=./d.sock
	start_docker_stub good.tar good tcp
	for host in "$DOCKER_HOST" "$DOCKER_HOST/" "${DOCKER_HOST#tcp://}"; do
		expect 0 env DOCKER_HOST="$host" enc-pull -q docker-daemon:app:1
	done
	expect 0 env DOCKER_HOST="$DOCKER_HOST/below/" enc-pull -q docker-daemon:app:1
	same "GET /below/images/app:1/json" "$(tail -n 1 "$stub_log")"
	stop_peers
	asked 5 "no docker daemon listens at '$DOCKER_HOST'"
}

@test "daemon: a socket that nobody listens at, and one that we may not use" {
	start_docker_stub good.tar good
	expect 0 enc-pull -q docker-daemon:app:1
	stop_peers
	asked 5 "no docker daemon listens at '$DOCKER_HOST': is it running?"
	chmod 0 "${DOCKER_HOST#unix://}"
	if [ "$(id -u)" -eq 0 ]; then
		denied=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	fi
	expect 6 "${denied[@]}" enc-pull docker-daemon:app:1
	contains "$stderr" "no permission for the docker daemon at '$DOCKER_HOST': join the group docker, or set DOCKER_HOST to the socket of a rootless daemon"
	expect 1 "${denied[@]}" enc-pull --if-there docker-daemon:app:1
	same "" "$output"
	contains "$stderr" "join the group docker"
	expect 1 "${denied[@]}" enc-pull -q --if-there docker-daemon:app:1
	same "" "$output$stderr"
}

# containerd_archive: what such a docker saves, of an index that names images
# which are elsewhere, to oci.tar.  Sets $image and $index, their digests.
containerd_archive() {
	image=$(mkimage_app lay app:1)
	image=${image##*@}
	index=$(python3 - "$image" <<-'END'
	import hashlib, json, os, sys
	def put(data):
	    digest = hashlib.sha256(data).hexdigest()
	    with open("lay/blobs/sha256/" + digest, "wb") as f:
	        f.write(data)
	    return "sha256:" + digest
	def blob(digest):
	    with open("lay/blobs/sha256/" + digest[7:], "rb") as f:
	        return f.read()
	def entry(digest, size, os, arch):
	    return {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest,
	            "size": size, "platform": {"os": os, "architecture": arch}}
	manifest = json.loads(blob(sys.argv[1]))
	index = put(json.dumps({"schemaVersion": 2, "manifests": [
	    entry("sha256:" + "1" * 64, 500, "linux", "arm64"),
	    entry(sys.argv[1], len(blob(sys.argv[1])), "linux", "amd64"),
	    entry("sha256:" + "2" * 64, 500, "unknown", "unknown")]}).encode())
	path = lambda d: "blobs/sha256/" + d["digest"][7:]
	with open("lay/index.json", "w") as f:
	    json.dump({"schemaVersion": 2, "manifests": [{"digest": index, "size": len(blob(index)),
	        "mediaType": "application/vnd.oci.image.index.v1+json"}]}, f)
	with open("lay/manifest.json", "w") as f:
	    json.dump([{"Config": path(manifest["config"]), "RepoTags": ["app:1"],
	        "Layers": [path(layer) for layer in manifest["layers"]]}], f)
	print(index)
	END
	)
	tar -C lay -cf oci.tar blobs index.json manifest.json oci-layout
}

@test "daemon: a docker that has manifests: they stay, and nothing comes twice" {
	requires tar
	containerd_archive
	start_docker_stub oci.tar containerd
	expect 0 enc-pull -q docker-daemon:app:1
	same "oci:$ENCLAVER_STORE:docker.io/library/app:1@$image" "$output"
	same "GET /images/app:1/json GET /images/app:1/get" "$(xargs <"$stub_log")"
	: >"$stub_log"
	for name in app:1 "$index"; do
		expect 0 enc-pull "docker-daemon:$name"
		same "oci:$ENCLAVER_STORE:docker.io/library/app:1@$image" "$output"
		same "" "$(grep -v ': already here$' <<<"$stderr")"
	done
	same "GET /images/app:1/json GET /images/$index/json" "$(xargs <"$stub_log")"
	# What is lost is fetched again.
	rm "$(blob_of store "$(manifest_of "$output" | jq -r '.layers[1].digest')")"
	expect 0 enc-pull -q docker-daemon:app:1
	rm "$(blob_of store "$image")"
	expect 0 enc-pull -q docker-daemon:app:1
	same "$image" "${output##*@}"
	expect 3 enc-pull -q --platform linux/arm64 docker-daemon:app:1
	contains "$stderr" "has no image for linux/arm64: it is for linux/amd64 alone"
}

@test "daemon: an image for another machine, one note" {
	skopeo copy -q "$(MKIMAGE_ARCH=s390x mkimage_app other app:2)" docker-archive:other.tar:app:2
	start_docker_stub other.tar good
	for name in app:2 docker.io/library/app:2; do
		expect 0 enc-pull "docker-daemon:$name"
		same s390x "$(config_of "$output" | jq -r .architecture)"
		same 1 "$(grep -c "'docker.io/library/app:2' is for linux/s390x, not for this machine's" <<<"$stderr")"
	done
	expect 0 enc-pull -q --platform linux/s390x docker-daemon:app:2
	same "" "$stderr"
}

@test "daemon: a manifest that does not have the digest that is the ID" {
	requires tar
	containerd_archive
	for digest in "$index" "$image"; do
		printf ' ' >>"$(blob_of lay "$digest")"
		tar -C lay -cf oci.tar blobs index.json manifest.json oci-layout
		start_docker_stub oci.tar containerd
		expect 4 enc-pull -q docker-daemon:app:1
		same "" "$output"
		contains "$stderr" "in archive 'docker.io/library/app:1' does not have the digest that is its name"
		stop_peers
		truncate -s -1 "$(blob_of lay "$digest")"
	done
}

# certificate FOLDER: by itself.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$1/key.pem" -out "$1/cert.pem" -days 2 -subj "/CN=$1" \
		-addext 'subjectAltName=IP:127.0.0.1' 2>/dev/null
}

@test "daemon: TLS on both sides, by the environment and by a context" {
	requires openssl
	mkdir server client stranger
	certificate server
	certificate client
	certificate stranger
	cp server/cert.pem client/ca.pem
	cp server/cert.pem stranger/ca.pem
	start_docker_stub good.tar good tcp server/cert.pem server/key.pem client/cert.pem
	expect 0 env DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=client enc-pull -q docker-daemon:app:1
	asked 5 "docker daemon at '$DOCKER_HOST': cannot talk to " DOCKER_TLS_VERIFY=
	asked 5 "image 'app:1': docker daemon at" DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=stranger
	cp stranger/cert.pem client/ca.pem
	asked 5 "is the ca.pem of the context, or in DOCKER_CERT_PATH, the right one?" DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=client
	expect 0 env DOCKER_TLS=1 DOCKER_CERT_PATH=client enc-pull -q docker-daemon:app:1
	asked 6 "DOCKER_TLS_VERIFY asks for '$T/docker/ca.pem', which is not there: set DOCKER_CERT_PATH to its folder" DOCKER_TLS_VERIFY=1
	mv client/ca.pem ca.pem
	expect 0 env DOCKER_TLS=1 DOCKER_CERT_PATH=client enc-pull -q docker-daemon:app:1
	mv ca.pem client
	context secure "$DOCKER_HOST"
	cp client/*.pem "$context_tls"
	cp server/cert.pem "$context_tls/ca.pem"
	expect 0 env DOCKER_HOST= DOCKER_CONTEXT=secure enc-pull -q docker-daemon:app:1
	cp stranger/cert.pem "$context_tls/ca.pem"
	asked 5 "is the ca.pem of the context" DOCKER_HOST= DOCKER_CONTEXT=secure
	context secure "$DOCKER_HOST" true
	expect 0 env DOCKER_HOST= DOCKER_CONTEXT=secure enc-pull -q docker-daemon:app:1
	stop_peers
	start_docker_stub good.tar good tcp
	asked 5 "a daemon that speaks plain HTTP takes no DOCKER_TLS_VERIFY" DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=client
}
