#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# layout.bats - layouts and outputs laid out as traps: nothing hangs, nothing
# is written elsewhere, nothing of the machine's is replaced
load ../helpers
load ../peers

local_setup() {
	requires python3 jq
	fake_blobs "$T/blobs"
	fake_odyn "$T/odyn"
	export ENCLAVER_BLOBS="$T/blobs"
	mkdir "$T/outside"
	image=$(mkimage "$T/lay" app:1 <<-'END'
	config {"Entrypoint": ["/bin/app"]}
	layer
	file bin/app mode=0755 data=app
	END
	)
	printf 'version: v1\nname: app\ntarget: app:enclave\nsources: {app: app:1}\n' \
		>enclaver.yaml
}

# refused STATUS TEXT COMMAND...: in one line, and at once.
refused() {
	local want=$1 text=$2
	shift 2
	expect "$want" timeout 20 "$@"
	same '' "$output" 'stdout of a failure'
	same 1 "$(wc -l <<<"$stderr")" 'lines on stderr'
	contains "$stderr" "$text"
}

@test "a pipe where index.json should be" {
	rm lay/index.json
	mkfifo lay/index.json
	refused 3 "index.json' is not a regular file" enc-eif -q oci:lay:app:1
	refused 3 "index.json' is not a regular file" enc-pull -q oci:lay:app:1
	refused 3 "index.json' is not a regular file" enc-inspect oci:lay:app:1
}

@test "a pipe where a manifest should be" {
	blob="lay/blobs/sha256/${image##*:}"
	rm "$blob"
	mkfifo "$blob"
	refused 3 'is not a regular file' enc-pull -q "$image"
	refused 4 'has not the' enc-eif -q "$image"
}

@test "a pipe where an EIF or a part of one should be" {
	mkfifo pipe
	refused 3 "'pipe' is not a regular file" enc-release -f enclaver.yaml --sleeve "$image" pipe
	refused 3 "'pipe' is not a regular file" enc-eif -q --kernel pipe --cmdline x --ramdisk odyn
	refused 3 "'pipe' is not a regular file" enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk pipe
}

@test "symbolic links that lead the writing out of a layout" {
	for folder in tmp blobs/sha256 blobs; do
		rm -rf copy outside
		cp -a lay copy
		mkdir outside
		[ ! -e "copy/$folder" ] || cp -a "copy/$folder/." outside/
		rm -rf "copy/${folder:?}"
		ln -s "$T/outside" "copy/$folder"
		find outside | sort >before
		refused 3 "copy/$folder' is not a folder of the layout" \
			enc-amend -f enclaver.yaml --odyn odyn oci:copy:app:1
		find outside | sort | cmp - before
		cmp lay/index.json copy/index.json
	done
}

@test "an output takes the place of a file alone" {
	mkfifo pipe
	mkdir folder
	ln -s /dev/null link
	ln -s /proc/self/fd/1 stdout
	for name in pipe folder link stdout /dev/stdout; do
		was=$(stat -c '%F %i' "$name")
		refused 2 "'$name' is not a regular file" enc-eif -q -o "$name" "$image"
		same "$was" "$(stat -c '%F %i' "$name")"
	done
	refused 2 'not to standard output' enc-eif -q -o a.eif --measurements - "$image"
	same '' "$(find . -name '*.tmp' -o -name a.eif)" 'what stayed'
	# A file passes its name on, and so does a link to one, not its target.
	echo old >file
	ln -s file to-file
	expect 0 enc-eif -q -o to-file "$image"
	same old "$(cat file)"
	[ ! -L to-file ]
}

# A pipe stands for /dev/null, which only root could lose.
@test "an output never takes the place of what is no file" {
	mkfifo pipe
	refused 2 "'pipe' is not a regular file" enc-eif -q -o pipe "$image"
	enc-eif -q -o good.eif "$image"
	refused 2 "'pipe' is not a regular file" enc-inspect extract good.eif kernel -o pipe
	[ -p pipe ]
}

@test "an amended image whose annotations were lost on the way" {
	requires skopeo
	openssl ecparam -name prime256v1 -genkey -noout -out key.pem
	openssl req -x509 -new -key key.pem -subj /CN=c -days 30 -out cert.pem
	echo 'signature: {certificate: cert.pem, key: key.pem}' >>enclaver.yaml
	amended=$(enc-amend -f enclaver.yaml --odyn odyn "$image")
	skopeo copy -q "$amended" docker-archive:lost.tar:app:1
	image=$(enc-pull -q docker-archive:lost.tar)
	refused 3 'lost its annotations' enc-eif -q -o out.eif "$image"
	refused 3 'lost its annotations' enc-eif -q -f enclaver.yaml -o out.eif "$image"
	[ ! -e out.eif ]
}

@test "a WORKDIR of dots is walked, and no name in the ramdisk" {
	image=$(mkimage lay dots:1 <<-'END'
	config {"Entrypoint": ["/bin/app"], "WorkingDir": "/none/./sub/.."}
	layer
	file bin/app mode=0755 data=app
	END
	)
	amended=$(enc-amend -f enclaver.yaml --odyn odyn "$image")
	enc-eif -q -o out.eif "$amended"
	mkdir parts
	eif_read out.eif parts >/dev/null
	tree_of_ramdisk parts/ramdisk2 >tree
	same 'none none/sub' "$(grep -o '^none[^ ]*' tree | xargs)"
	same '' "$(grep -e '/\.' tree || true)"
}

@test "a configuration that is long only when it is indented" {
	python3 - lay <<-'END'
	import hashlib, json, sys
	def put(data):
	    digest = hashlib.sha256(data).hexdigest()
	    open(f"{sys.argv[1]}/blobs/sha256/{digest}", "wb").write(data)
	    return {"digest": "sha256:" + digest, "size": len(data)}
	deep = b"[" * 1900 + b"0," * 30000 + b"0" + b"]" * 1900
	config = put(b'{"rootfs":{"diff_ids":[]},"x":' + deep + b"}")
	media = "application/vnd.oci.image."
	manifest = put(json.dumps({"schemaVersion": 2, "layers": [],
	    "config": dict(config, mediaType=media + "config.v1+json")}).encode())
	index = {"schemaVersion": 2, "manifests": [
	    dict(manifest, mediaType=media + "manifest.v1+json")]}
	json.dump(index, open(sys.argv[1] + "/index.json", "w"))
	END
	refused 3 'use --json' enc-inspect config oci:lay
	expect 0 enc-inspect --json config oci:lay
	contains "$output" '[[[[[[[['
}

@test "what a terminal would obey is not in a message" {
	expect 3 enc-pull -q "oci:lay:$(printf 'a\xc2\x9b31m\xe2\x80\xaeb\xff')"
	contains "$stderr" "'a??31m???b?'"
}

@test "an output that cannot be is told before anything is filed" {
	enc-eif -q -o good.eif "$image"
	store=$(enc-pull -q "$image")
	for to in oci-archive:folder docker-archive:- oci-archive:/dev/null; do
		mkdir -p folder
		cp "$ENCLAVER_STORE/index.json" index.json
		expect 2 enc-release -q -f enclaver.yaml --sleeve "$store" --output "$to" good.eif
		same '' "$output"
		contains "$stderr" "enc-release: output '$to': "
		cmp index.json "$ENCLAVER_STORE/index.json"
	done
}

@test "programs without standard streams: no message ends up in an EIF" {
	image=$(
		{
			echo 'config {"Entrypoint": ["/bin/app"]}'
			echo 'layer'
			echo 'file bin/app mode=0755 data=app'
			for i in {1..40}; do
				echo "file many/with-attributes-$i data=x xattr.user.a=00"
			done
		} | mkimage lay x:1
	)
	enc-eif --init=blobs -o good.eif "$image" 2>warnings
	same 40 "$(grep -c 'loses its extended attributes' warnings)"
	enc-eif --init=blobs -o bare.eif "$image" 2>&-
	cmp good.eif bare.eif
	status=0
	enc-inspect -q "$image" >&- 2>err || status=$?
	same 6 "$status"
	contains "$(cat err)" 'cannot write to standard output'
	status=0
	enc-inspect -q - <&- 2>err || status=$?
	same 6 "$status"
	contains "$(cat err)" "cannot read 'standard input'"
}

@test "an image path is one line, out as in" {
	sed -i 's/"app:1"/"a\\nb"/' lay/index.json
	refused 2 'has a newline in it' enc-amend -f enclaver.yaml --odyn odyn $'oci:lay:a\nb'
	refused 2 'control character' enc-pull -q $'oci:lay:a\nb'
}

# config TEXT: an image with this "config", a member of the configuration.
config() {
	printf '%s\n' "config $1" layer 'file bin/app mode=0755 data=app' |
		mkimage lay config:1
}

@test "a configuration of absurd values" {
	many=$(printf '"A%d=0123456789", ' {1..100000})
	while IFS='|' read -r text amend eif; do
		echo "# $text"
		image=$(config "${text/@MANY@/$many}")
		refused 3 "$amend" enc-amend -q -f enclaver.yaml --odyn odyn "$image"
		refused 3 "$eif" enc-eif -q -o out.eif "$image"
		[ ! -e out.eif ]
	done <<-'END'
	{"Entrypoint": "/bin/app"}|'Entrypoint' is not an array|'Entrypoint' is not an array
	{"Entrypoint": ["/bin/app", 1]}|'Entrypoint'[1] is not a string|'Entrypoint' holds what is not a string
	{"Entrypoint": {"0": "/bin/app"}}|'Entrypoint' is not an array|'Entrypoint' is not an array
	{"Entrypoint": null, "Cmd": []}|neither ENTRYPOINT nor CMD|neither ENTRYPOINT nor CMD
	{"Entrypoint": [""]}|'argv' names no command|neither ENTRYPOINT nor CMD
	["Entrypoint", ["/bin/app"]]|neither ENTRYPOINT nor CMD|neither ENTRYPOINT nor CMD
	{"Entrypoint": ["/bin/app"], "Env": ["A=1", "B"]}|'Env'[1] is 'B', not NAME=value|'Env'[1] is 'B', not NAME=value
	{"Entrypoint": ["/bin/app"], "Env": ["=1"]}|'Env'[0] is '=1', not NAME=value|'Env'[0] is '=1', not NAME=value
	{"Entrypoint": ["/bin/app"], "Env": {"A": "1"}}|'Env' is not an array|'Env' is not an array
	{"Entrypoint": ["/bin/app"], "Env": [@MANY@"B=1"]}|bytes, the kernel allows|bytes, the kernel allows
	{"Entrypoint": ["/bin/app"], "User": 0}|'User' is not a string|'User' is not a string
	{"Entrypoint": ["/bin/app"], "WorkingDir": ["/"]}|'WorkingDir' is not a string|'WorkingDir' is not a string
	{"Entrypoint": ["/bin/app\u0000x"]}|\u0000 is not allowed|\u0000 is not allowed
	END
}

@test "a user whose name a terminal would obey" {
	image=$(config '{"Entrypoint": ["/bin/app"], "User": "\u001b[31mroot\u009b2J\n"}')
	refused 3 "USER '?[31mroot??2J?'" enc-eif -q -o out.eif "$image"
	amended=$(enc-amend -q -f enclaver.yaml --odyn odyn "$image")
	refused 3 '?[31mroot' enc-eif -q -o out.eif "$amended"
	same '' "$(tr -d '\n\040-\176' <<<"$stderr")"
}

# Go matches members without regard to case: what reads "Layers" there would
# see another image than we do.
@test "members that differ in case alone" {
	good=$(config '{"Entrypoint": ["/bin/app"]}')
	manifest=$(manifest_of "$good")
	while IFS='|' read -r change key; do
		echo "# $change"
		image=$(put_image lay app:1 "$(jq -c "$change" <<<"$manifest")")
		refused 3 "a member '$key', which some would take for '" enc-eif -q -o out.eif "$image"
		refused 3 "a member '$key', which some would take for '" enc-pull -q "$image"
	done <<-'END'
	.Layers = []|Layers
	.layers[0].Digest = .config.digest|Digest
	.config.SIZE = 1|SIZE
	."layerſ" = []|layerſ
	.MediaType = "application/vnd.oci.image.index.v1+json"|MediaType
	END
	while IFS='|' read -r text key; do
		echo "# $text"
		image=$(config "$text")
		refused 3 "a member '$key', which some would take for '" enc-eif -q -o out.eif "$image"
		refused 3 "a member '$key', which some would take for '" enc-pull -q "$image"
		refused 3 "a member '$key', which some would take for '" enc-amend -q -f enclaver.yaml --odyn odyn "$image"
	done <<-'END'
	{"Entrypoint": ["/bin/app"], "entrypoint": ["/bin/sh"]}|entrypoint
	{"Entrypoint": ["/bin/app"], "uſer": "root"}|uſer
	{"cmd": ["/bin/app"]}|cmd
	END
	# The same name twice, where the first counts for some, the last for others.
	image=$(put_image lay app:1 "{\"layers\":[],${manifest#?}")
	refused 3 'duplicate object key' enc-eif -q -o out.eif "$image"
	refused 3 'duplicate object key' enc-pull -q "$image"
	image=$(put_image lay app:1 '')
	refused 3 'not JSON' enc-eif -q -o out.eif "$image"
	contains "$stderr" 'end of file'
	# Free words are: labels are no members of ours.
	image=$(config '{"Entrypoint": ["/bin/app"], "Labels": {"user": "x", "USER": "y"}}')
	expect 0 enc-eif -q -o out.eif "$image"
}
