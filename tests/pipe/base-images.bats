#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# base-images.bats - images made of base images that the scripts made: from the
# store, a registry, and an engine's storage.  They hold enc-run, static, of which
# sanitizers have no form: their build leaves this file out
load ../helpers
load ../peers

local_setup() {
	SCRIPTS=$abs_top_srcdir/scripts
	requires python3 jq
	export ENCLAVER_RUN=$T/x
	fake_blobs blobs
	mkdir -p tree/bin tree/libexec
	cp "$(command -v enc-run)" tree/bin
	cp "$(our_odyn)" tree/libexec/odyn
	local_dir=
}

local_teardown() {
	# What rootless buildah wrote may be others', as far as they can be.
	[ -z "$local_dir" ] || { chmod -R u+w "$local_dir" && rm -rf "$local_dir"; } ||
		buildah unshare rm -rf "$local_dir"
}

# application: an app:1 that says something and ends with 7, and its manifest
application() {
	local busybox
	busybox=$(command -v busybox) || missing busybox
	# only a static one runs without its libraries
	! ldd "$busybox" >/dev/null 2>&1 || missing "a static busybox"
	mkdir -p app/bin
	cp "$busybox" app/bin/sh
	"$SCRIPTS/image-from-folder" --config \
		'{"Cmd":["/bin/sh","-c","echo it runs; exit 7"]}' app:1 app app.tar
	enc-pull -q docker-archive:app.tar >/dev/null
	cat >enclaver.yaml <<-END
	version: v1
	name: app
	target: app:enclave
	sources: {app: "app:1"$1}
	END
}

# it_runs
it_runs() {
	expect 7 enclaver run -q --launcher sandbox
	same "it runs" "$(head -n 1 <<<"$output")"
}

# put_near NAME: an image that enc-pull files under this name
put_near() {
	mkimage_sleeve own "docker.io/library/$1" >/dev/null
	echo "oci:own:docker.io/library/$1"
}

# source_of PART: "NAME ID" of what was built of, in $json
source_of() {
	jq -r ".Sources.$1 | \"\(.Name) \(.ID)\"" <<<"$json"
}

@test "base images: an enclave of all three, from the store alone, is built and runs" {
	requires userns
	application ', odyn: "odyn-dev:latest", sleeve: "sleeve:latest"'
	"$SCRIPTS/build-docker-images.sh" --build tree
	"$SCRIPTS/build-and-publish-nitro-cli.sh" --tag latest --blobs blobs
	expect 0 enclaver build --blobs nitro-cli:latest
	json=$output
	for pair in Odyn:odyn-dev NitroCLI:nitro-cli Sleeve:sleeve; do
		same "docker.io/library/${pair#*:}:latest $(enc-inspect -q id "${pair#*:}")" \
			"$(source_of "${pair%:*}")"
	done
	it_runs
	# The parts of our own would have made the same measurements.
	sed -i 's/, odyn.*/}/' enclaver.yaml
	expect 0 enclaver build --blobs blobs
	same "$(jq -c .Measurements <<<"$json")" "$(jq -c .Measurements <<<"$output")"
	same builtin "$(jq -r .Sources.Odyn.Name <<<"$output")"
}

@test "base images: --base-images takes what is not named from enclaver.conf" {
	requires userns
	application ''
	# pushed, and gone from the store: they are where enclaver.conf says
	start_registry
	"$SCRIPTS/build-docker-images.sh" --build tree
	"$SCRIPTS/build-and-publish-nitro-cli.sh" --tag 1 --blobs blobs \
		--registry "$registry_url/aws" --push 2>said
	contains "$(cat said)" "to make it the default: nitro_cli_image=$registry_url/aws/nitro-cli:1 in /etc/enclaver/enclaver.conf"
	enc-push -q --target "$registry_url/x/odyn:1" odyn-dev
	enc-push -q --target "$registry_url/x/sleeve:1" sleeve
	rm -rf store
	enc-pull -q docker-archive:app.tar
	cat >conf <<-END
	nitro_cli_image=$registry_url/aws/nitro-cli:1
	odyn_image=$registry_url/x/odyn:1
	sleeve_image=$registry_url/x/sleeve:1
	END
	export ENCLAVER_CONF=conf
	expect 0 enclaver build --base-images
	json=$output
	for pair in Odyn:x/odyn NitroCLI:aws/nitro-cli Sleeve:x/sleeve; do
		contains "$(source_of "${pair%:*}")" "$registry_url/${pair#*:}:1 sha256:"
	done
	it_runs
	# what is named is taken all the same
	sed -i 's/"app:1"/&, sleeve: "own-sleeve:1"/' enclaver.yaml
	enc-pull -q "$(put_near own-sleeve:1)"
	expect 0 enclaver build --base-images --blobs blobs
	json=$output
	same builtin "$(jq -r .Sources.NitroCLI.Name <<<"$json")"
	contains "$(source_of Sleeve)" "docker.io/library/own-sleeve:1 "
	contains "$(source_of Odyn)" "$registry_url/x/odyn:1 "
	expect 0 enclaver build --base-images --eif-only app.eif

	# and this is what is in them
	expect 0 "$SCRIPTS/inspect-base-images.sh"
	contains "$output" "# $registry_url/aws/nitro-cli:1
name           $registry_url/aws/nitro-cli:1
digest         sha256:"
	contains "$output" "/usr/share/nitro_enclaves/blobs/bzImage
"
	contains "$output" "
$(enc-inspect -q id "$registry_url/x/odyn:1")
"
	contains "$output" "1970-01-01T00:00:00Z  layer  image-from-folder"
	contains "$output" '"Entrypoint": ['
	contains "$output" "/usr/local/bin/enclaver-run -> enc-run"
	# A name that only the store has, and one that nobody has.
	enc-pull -q "$(put_near near:1)"
	expect 0 "$SCRIPTS/inspect-base-images.sh" --local near:1
	contains "$output" "# near:1"
	expect 5 "$SCRIPTS/inspect-base-images.sh" "$registry_url/none:1"
}

# package NAME FOLDER: NAME.rpm, of what is in FOLDER
package() {
	cat >"$1.spec" <<-END
	Name: $1
	Version: 1
	Release: 1
	Summary: a test
	License: none
	%description
	A test.
	%install
	cp -a $PWD/$2/. %{buildroot}
	%files
	/*
	END
	rpmbuild -bb --quiet --target "$(uname -m)" --define "_topdir $PWD/rpm" \
		--define '__os_install_post %{nil}' "$1.spec" >rpmbuild.log 2>&1 ||
		{ cat rpmbuild.log; return 1; }
	mv rpm/RPMS/*/"$1"-*.rpm "$1.rpm"
}

@test "base images: nitro-cli of the packages, as dnf downloads them" {
	requires rpmbuild bsdtar
	mkdir -p cli/usr/bin devel/usr/share/nitro_enclaves
	printf '#!/bin/sh\n' >cli/usr/bin/nitro-cli
	chmod 755 cli/usr/bin/nitro-cli
	cp -r blobs devel/usr/share/nitro_enclaves/blobs
	package cli cli
	package devel devel
	expect 0 "$SCRIPTS/build-and-publish-nitro-cli.sh" --tag latest --rpm cli.rpm \
		--rpm devel.rpm --arch x86_64
	first=$output
	same '/usr/bin/nitro-cli /build' "$(enc-inspect -q --json "$first" |
		jq -r '.config | "\(.Entrypoint[0]) \(.WorkingDir)"')"
	enc-inspect -q ls "$first" >files
	grep -qx -- '-0755  *0  *0  *10 /usr/bin/nitro-cli' files
	same "$(ls blobs)" "$(sed -n 's|.*/usr/share/nitro_enclaves/blobs/||p' files)"
	umask 077
	expect 0 "$SCRIPTS/build-and-publish-nitro-cli.sh" --tag latest --rpm cli.rpm \
		--rpm devel.rpm --arch x86_64
	same "$first" "$output"
	# A kernel is what it is for.
	expect 3 "$SCRIPTS/build-and-publish-nitro-cli.sh" --tag latest --rpm cli.rpm --arch x86_64
	contains "$stderr" "there is no bzImage in 'cli.rpm'"
	expect 3 "$SCRIPTS/build-and-publish-nitro-cli.sh" --tag latest --rpm none.rpm
	contains "$stderr" "build-and-publish-nitro-cli.sh: cannot unpack 'none.rpm'"
}

# local_buildah: one with a storage of its own, without root or a network
local_buildah() {
	requires buildah newuidmap
	local_dir=$(mktemp -d)
	mkdir bin "$local_dir/tmp" "$local_dir/run"
	export TMPDIR=$local_dir/tmp XDG_RUNTIME_DIR=$local_dir/run
	cat >bin/buildah <<-END
	#!/bin/sh
	exec $(command -v buildah) --root $local_dir/root --runroot $local_dir/runroot \\
		--storage-driver vfs --storage-opt vfs.ignore_chown_errors=true "\$@"
	END
	chmod +x bin/buildah
	PATH=$T/bin:$PATH
}

# files_of NAME: a list of what is in buildah's image
files_of() {
	buildah push -q "$1" "docker-archive:$T/saved.tar:x:1" 2>/dev/null
	enc-inspect -q ls "$(enc-pull -q --store "$T/other" docker-archive:saved.tar)"
	rm saved.tar
}

@test "base images: buildah makes the same of the -dev dockerfiles" {
	local_buildah
	expect 0 "$SCRIPTS/build-docker-images.sh" --build tree --engine buildah
	same 'odyn-dev:latest
sleeve:latest' "$output"
	"$SCRIPTS/build-docker-images.sh" --build tree
	for name in odyn-dev sleeve; do
		same "$(enc-inspect -q ls $name)" "$(files_of localhost/$name)"
	done
	same '["/usr/local/bin/enclaver-run"]' \
		"$(buildah inspect --type image localhost/sleeve | jq -c .OCIv1.config.Entrypoint)"
	id=$(buildah images -q localhost/sleeve)
	"$SCRIPTS/build-docker-images.sh" --build tree --engine buildah
	same "$id" "$(buildah images -q localhost/sleeve)"
	expect 0 "$SCRIPTS/inspect-base-images.sh" --local --engine buildah localhost/sleeve:latest
	contains "$output" "# localhost/sleeve:latest
name           localhost/sleeve:latest"
	contains "$output" "/usr/local/bin/enclaver-run -> enc-run"
	# the store has no image that an engine made
	expect 3 enc-inspect localhost/sleeve:latest
}
