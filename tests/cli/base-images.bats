#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# base-images.bats - the scripts that make and show the base images
load ../helpers
load ../peers

local_setup() {
	SCRIPTS=$abs_top_srcdir/scripts
}

@test "image-from-folder: a folder becomes an image, the same bytes each time" {
	requires jq python3
	mkdir -p folder/bin
	echo hello >folder/bin/x
	chmod 750 folder folder/bin/x
	ln -s x folder/bin/y
	expect 0 "$SCRIPTS/image-from-folder" --arch aarch64 \
		--config '{"Cmd":["/bin/x"]}' a/x:1 folder one.tar
	same "" "$output$stderr"
	# Later, by somebody else, who files it under the same name.
	touch folder/bin/x
	umask 077
	cp -a folder other
	expect 0 env SOURCE_DATE_EPOCH=0 "$SCRIPTS/image-from-folder" --arch aarch64 \
		--config '{"Cmd":["/bin/x"]}' a/x:1 other two.tar
	cmp one.tar two.tar
	expect 0 enc-pull -q --platform linux/arm64 docker-archive:one.tar
	contains "$output" "oci:$ENCLAVER_STORE:docker.io/a/x:1@sha256:"
	same '["/bin/x"]' "$(config_of "$output" | jq -c .config.Cmd)"
	same 'arm64 1970-01-01T00:00:00Z' \
		"$(config_of "$output" | jq -r '"\(.architecture) \(.created)"')"
	expect 0 enc-inspect -q ls a/x:1
	same 'd0755      0      0            0 /bin
-0750      0      0            6 /bin/x
l0777      0      0            0 /bin/y -> x' "$output"
	expect 0 env SOURCE_DATE_EPOCH=86400 "$SCRIPTS/image-from-folder" x:1 folder x.tar
	enc-pull -q docker-archive:x.tar
	same 1970-01-02T00:00:00Z "$(enc-inspect -q show x:1 | sed -n 's/^created *//p')"
}

@test "image-from-folder: a file may have any name, and tar is told by nobody else" {
	mkdir -p folder/bin
	export TAR_OPTIONS=--exclude=bin
	for name in a:b.tar -x "a b'.tar"; do
		expect 0 "$SCRIPTS/image-from-folder" x:1 folder "$name"
		same "" "$stderr"
		same "./
./bin/" "$(TAR_OPTIONS='' tar -xO --force-local -f "./$name" layer.tar | TAR_OPTIONS='' tar -t)"
	done
}

@test "image-from-folder: wrong use leaves nothing behind" {
	mkdir folder
	expect 2 "$SCRIPTS/image-from-folder"
	contains "$stderr" "usage: image-from-folder"
	expect 2 "$SCRIPTS/image-from-folder" --bogus x folder x.tar
	expect 2 "$SCRIPTS/image-from-folder" --arch riscv64 x folder x.tar
	same "image-from-folder: the architecture is x86_64 or aarch64, not 'riscv64'" "$stderr"
	expect 2 "$SCRIPTS/image-from-folder" 'x"' folder x.tar
	expect 6 "$SCRIPTS/image-from-folder" x none x.tar
	same "image-from-folder: 'none' is no folder" "$stderr"
	expect 6 "$SCRIPTS/image-from-folder" x folder none/x.tar
	contains "$stderr" "image-from-folder: cannot write beside 'none/x.tar'"
	mkdir there
	expect 6 "$SCRIPTS/image-from-folder" x folder there
	contains "$stderr" "image-from-folder: cannot write 'there'"
	same '' "$(find . -name 'x.tar*' -o -name 'there.*' -o -path './there/*')"
	expect 0 "$SCRIPTS/image-from-folder" --help
	contains "$output" "the same folder"
}

# built TREE [MACHINE]: a build tree, as far as the scripts look at one, of
# x86_64 or of fake_odyn's MACHINE
built() {
	mkdir -p "$1/bin" "$1/libexec"
	fake_odyn "$1/libexec/odyn" "${2:-3e}"
	fake_runner "$1/bin/enc-run" "${2:-3e}"
}

@test "base images: odyn-dev and sleeve go into the store, the same each time" {
	requires python3 jq
	local first
	built tree
	expect 0 "$SCRIPTS/build-docker-images.sh" --build tree --arch x86_64
	first=$output
	contains "${lines[0]}" "oci:$ENCLAVER_STORE:docker.io/library/odyn-dev:latest@sha256:"
	contains "${lines[1]}" "oci:$ENCLAVER_STORE:docker.io/library/sleeve:latest@sha256:"
	same 2 "${#lines[@]}"
	same '-0755      0      0           64 /usr/local/bin/odyn' \
		"$(enc-inspect -q ls odyn-dev /usr/local/bin/odyn)"
	same '["/usr/local/bin/enclaver-run"]' "$(enc-inspect -q --json sleeve |
		jq -c .config.Entrypoint)"
	same '/run /run/enclaver /run/nitro_enclaves /tmp /usr /usr/local /usr/local/bin /usr/local/bin/enc-run /usr/local/bin/enclaver-run /var /var/log /var/log/nitro_enclaves' \
		"$(enc-inspect -q --json ls sleeve | jq -r '[.files[].path] | join(" ")')"
	# for the other machine, whose programs do not run here
	built arm b7
	printf '#!/bin/sh\nexit 126\n' >arm/bin/enc-pull
	chmod +x arm/bin/enc-pull
	[ "$(uname -m)" = aarch64 ] ||
		expect 0 "$SCRIPTS/build-docker-images.sh" --build arm --arch aarch64
	same arm64 "$(enc-inspect -q --json odyn-dev | jq -r .architecture)"
	expect 3 "$SCRIPTS/build-docker-images.sh" --build tree --arch aarch64
	same "build-docker-images.sh: 'tree/libexec/odyn' is for x86_64, and the image for aarch64: --arch says so" "$stderr"
	expect 3 "$SCRIPTS/build-docker-images.sh" --build arm --arch x86_64
	contains "$stderr" "'arm/libexec/odyn' is for aarch64, and the image for x86_64"
	# What --dry-run prints is a script that does the same.
	umask 077
	expect 0 "$SCRIPTS/build-docker-images.sh" --build "$T/tree" --arch x86_64 --dry-run
	printf '%s\n' "$output" >script
	rm -rf store
	expect 0 sh -eu script
	same "$first" "$output"
}

@test "base images: a second run in one tree waits for the first, and says so" {
	local pid lock
	requires python3
	mkdir -p own/scripts own/build
	cp "$SCRIPTS"/* own/scripts
	built made
	[ "$(uname -m)" = x86_64 ] || built made b7
	printf '#!/bin/sh\nprintf "all:\\n\\tcp -R %s/made/. .\\n" >Makefile\n' "$T" >own/configure
	chmod +x own/configure
	exec {lock}<own/build
	flock "$lock"
	own/scripts/build-docker-images.sh {lock}<&- >out 2>err &
	pid=$!
	until [ -s err ]; do
		kill -0 "$pid"
	done
	same "build-docker-images.sh: another run builds in '$T/own/build': waiting for it" "$(cat err)"
	[ ! -e own/build/images-release/Makefile ]
	exec {lock}<&-
	wait "$pid"
	same 2 "$(grep -c @sha256: out)"
	# Nobody has it any more.
	expect 0 own/scripts/build-docker-images.sh
	same 0 "$(grep -c waiting <<<"$stderr")"
	same "$(cat out)" "$output"
}

@test "base images: --dry-run runs nothing, and prints what would be run" {
	local top=$T/tree
	# file by file: the tree may be read-only, and what is made of it may not
	mkdir -p tree/share tree/src/enclaver tree/scripts
	cp "$SCRIPTS"/* tree/scripts
	cp "$abs_top_srcdir"/src/enclaver/* tree/src/enclaver
	cp "$abs_top_srcdir/share/enclaver.conf.in" tree/share
	SCRIPTS=$top/scripts
	# none of what it names is in PATH
	PATH=/usr/bin:/bin expect 0 "$SCRIPTS/build-docker-images.sh" --dry-run --debug
	contains "$output" "mkdir -p $top/build/images-debug
exec 9<$top/build
flock 9
$top/scripts/autogen.sh
env -C $top/build/images-debug $top/configure -q 'CFLAGS=-g -O0'
make -C $top/build/images-debug -s -j$(nproc) GUEST_LINK=-static RUN_LINK=-static
"
	contains "$output" "$top/scripts/image-from-folder --config '{}' odyn-dev:latest \"\$work/images/odyn\" \"\$work/image.tar\""
	contains "$output" "enc-pull -q -- \"docker-archive:\$work/image.tar\""
	[ ! -e tree/build ]
	for engine in docker podman buildah; do
		date='--timestamp 0 '
		[ $engine != docker ] || date=
		expect 0 "$SCRIPTS/build-docker-images.sh" --dry-run --build "a b's" --engine $engine
		contains "$output" "install -D -m 755 'a b'\\''s/libexec/odyn' \"\$work/images/odyn/usr/local/bin/odyn\""
		contains "$output" "$engine build -f $top/dockerfiles/odyn-dev.dockerfile -t odyn-dev:latest $date\"\$work/images\"
$engine build -f $top/dockerfiles/sleeve-dev.dockerfile -t sleeve:latest $date\"\$work/images\""
		expect 0 env ENCLAVER_CONF=<(echo nitro_cli_image=n:1) \
			"$SCRIPTS/build-docker-images.sh" --dry-run --from-source --engine $engine --arch aarch64
		same "$engine build -f $top/dockerfiles/odyn-release.dockerfile -t odyn-dev:latest --platform linux/arm64 $date$top
$engine build -f $top/dockerfiles/sleeve-release.dockerfile -t sleeve:latest --platform linux/arm64 $date--build-arg NITRO_CLI=n:1 $top" "$output"
		expect 0 "$SCRIPTS/build-and-publish-nitro-cli.sh" --dry-run \
			--tag 1 --registry r.example/x/ --push --engine $engine
		to=
		[ $engine != buildah ] || to=' docker://r.example/x/nitro-cli:1'
		same "$engine build -f $top/dockerfiles/nitro-cli.dockerfile -t r.example/x/nitro-cli:1 $date$top/dockerfiles
$engine push r.example/x/nitro-cli:1$to" "$output"
		expect 0 "$SCRIPTS/inspect-base-images.sh" --dry-run --engine $engine x:1
		contains "$output" "# x:1
$engine pull x:1"
		expect 0 "$SCRIPTS/inspect-base-images.sh" --dry-run --local --engine $engine x:1
		[[ $output != *"$engine pull"* ]]
	done
	expect 0 "$SCRIPTS/build-and-publish-nitro-cli.sh" --dry-run --tag 1 \
		--rpm 'a b.rpm' --rpm c.rpm --registry r.example --push --arch aarch64
	same "umask 022
work=\$(mktemp -d)
mkdir -p \"\$work/nitro-cli\"
bsdtar -x -f 'a b.rpm' -C \"\$work/nitro-cli\" --no-same-owner --no-same-permissions
bsdtar -x -f c.rpm -C \"\$work/nitro-cli\" --no-same-owner --no-same-permissions
$top/scripts/image-from-folder --arch aarch64 --config '{\"Entrypoint\":[\"/usr/bin/nitro-cli\"],\"WorkingDir\":\"/build\"}' r.example/nitro-cli:1 \"\$work/nitro-cli\" \"\$work/image.tar\"
enc-pull -q --platform linux/arm64 -- \"docker-archive:\$work/image.tar\"
enc-push r.example/nitro-cli:1" "$output"
	same "" "$stderr"
}

@test "base images: no name becomes a command of what --dry-run prints" {
	local name
	for name in '$(touch hit)' '`touch hit`' '"; touch hit; "' "'; touch hit; '" \
		$'x\ntouch hit' 'x\ntouch hit' '$work/$(touch hit)'; do
		for engine in '' docker podman buildah; do
			expect 0 "$SCRIPTS/inspect-base-images.sh" --dry-run \
				${engine:+--engine $engine} -- "$name"
			printf '%s\n' "$output" >script
			sh script >/dev/null 2>&1 || true
			[ ! -e hit ]
		done
	done
	built ./-tree
	expect 0 "$SCRIPTS/build-docker-images.sh" --build -tree --arch x86_64
}

@test "base images: ten lines are shown of a history" {
	requires python3
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		printf 'layer none\nfile f%s\n' $n
	done | mkimage layout old:1 >path
	enc-pull -q "$(cat path)" >path
	enc-inspect -q history "$(cat path)" >history
	same 12 "$(wc -l <history)"
	expect 0 "$SCRIPTS/inspect-base-images.sh" --local "$(cat path)"
	contains "$output" "
$(head -n 10 history)
-"
}

# wrong SCRIPT WHY WORD...
wrong() {
	expect 2 "$SCRIPTS/$1" "${@:3}"
	same "" "$output"
	same "$1: $2
usage: $1 [OPTION]...; --help tells which" "$stderr"
}

@test "base images: wrong use" {
	local script
	for script in build-docker-images.sh build-and-publish-nitro-cli.sh \
		inspect-base-images.sh; do
		wrong $script "--engine is docker, podman or buildah, not 'lxc'" --engine lxc
		wrong $script "--engine is docker, podman or buildah, not ''" --engine
		wrong $script "unknown option '--bogus'" --bogus
		wrong $script "unknown option '--bogus=1'" --bogus=1
	done
	wrong build-docker-images.sh "unknown option 'word'" word
	wrong build-docker-images.sh "--release or --debug, not both" --release --debug
	wrong build-docker-images.sh "--debug is for what this script builds itself" --debug --build tree
	wrong build-docker-images.sh "--build or --from-source, not both" --build tree --from-source
	wrong build-docker-images.sh "--from-source wants --engine" --from-source
	wrong build-docker-images.sh "option '--build' needs a value" --build
	wrong build-docker-images.sh "--arch is x86_64 or aarch64, not 'arm64'" --arch arm64
	wrong build-docker-images.sh "--arch wants --build or --from-source: what is built here is for this machine" --arch aarch64
	script=build-and-publish-nitro-cli.sh
	wrong $script "there is no --tag" --blobs blobs
	wrong $script "'a:b' is no tag" --tag a:b --blobs blobs
	wrong $script "'-a' is no tag" --tag -a --blobs blobs
	wrong $script "'.a' is no tag" --tag .a --blobs blobs
	wrong $script "option '--rpm' needs a value" --tag 1 --rpm
	wrong $script "--engine, --rpm or --blobs: one of them" --tag 1
	wrong $script "--engine, --rpm or --blobs: one of them" --tag 1 --rpm x.rpm --blobs blobs
	wrong $script "--rpm and --blobs are for what no engine builds" --tag 1 --engine docker --blobs blobs
	wrong $script "--push wants --registry" --tag 1 --blobs blobs --push
	# and what is not there
	built tree
	expect 6 "$SCRIPTS/build-docker-images.sh" --build none
	same "build-docker-images.sh: 'none' is no build tree: it has no libexec/odyn" "$stderr"
	expect 6 "$SCRIPTS/build-and-publish-nitro-cli.sh" --tag 1 --blobs none
	same "build-and-publish-nitro-cli.sh: 'none' is no folder" "$stderr"
	# an engine that does nothing right
	mkdir bin
	printf '#!/bin/sh\necho "$1: no" >&2\n[ "$1" = "$FINE" ]\n' >bin/docker
	cp bin/docker bin/buildah
	chmod +x bin/*
	PATH=$T/bin:$PATH
	export FINE=
	expect 6 "$SCRIPTS/build-docker-images.sh" --build tree --arch x86_64 --engine docker
	same "build: no
build-docker-images.sh: docker does not build 'odyn-dev:latest', see above" "$stderr"
	expect 5 "$SCRIPTS/inspect-base-images.sh" --engine docker x:1
	contains "$stderr" "inspect-base-images.sh: docker does not pull 'x:1', see above"
	expect 3 "$SCRIPTS/inspect-base-images.sh" --local --engine docker x:1
	contains "$stderr" "inspect-base-images.sh: docker does not have 'x:1', see above"
	expect 3 "$SCRIPTS/inspect-base-images.sh" --local --engine buildah x:1
	contains "$stderr" "inspect-base-images.sh: buildah does not have 'x:1', see above"
	FINE=build
	for engine in docker buildah; do
		expect 5 "$SCRIPTS/build-and-publish-nitro-cli.sh" --tag 1 --registry r.example \
			--push --engine $engine
		contains "$stderr" "build-and-publish-nitro-cli.sh: $engine does not push 'r.example/nitro-cli:1', see above"
	done
	PATH=/usr/bin:/bin expect 6 "$SCRIPTS/inspect-base-images.sh" x:1
	same "inspect-base-images.sh: there is no enc-pull in PATH: install the suite, or call 'BUILD/scripts/run $SCRIPTS/inspect-base-images.sh' of a build tree" "$stderr"
	mkdir blobs
	expect 3 "$SCRIPTS/build-and-publish-nitro-cli.sh" --tag 1 --blobs blobs --arch x86_64
	same "build-and-publish-nitro-cli.sh: there is no bzImage in 'blobs', the kernel for x86_64: aws-nitro-enclaves-cli-devel is the package that has it" "$stderr"
	# a folder that serves two architectures
	mkdir blobs/aarch64
	fake_image blobs/aarch64/Image
	expect 0 "$SCRIPTS/build-and-publish-nitro-cli.sh" --tag 1 --blobs blobs --arch aarch64
	# and a disk that is full
	printf '#!/bin/sh\nexit 1\n' | tee bin/cp >bin/install
	chmod +x bin/*
	expect 6 "$SCRIPTS/build-and-publish-nitro-cli.sh" --tag 1 --blobs blobs
	contains "$stderr" "build-and-publish-nitro-cli.sh: cannot copy 'blobs' to '"
	expect 6 "$SCRIPTS/build-docker-images.sh" --build tree --arch x86_64
	contains "$stderr" "build-docker-images.sh: cannot copy 'tree' to '"
}

# named: what inspect-base-images.sh goes through by default
named() {
	expect 0 "$SCRIPTS/inspect-base-images.sh" --dry-run
	same "$1" "$(sed -n 's/^# //p' <<<"$output" | tr '\n' ' ')"
}

@test "enclaver.conf: one place says which images are the defaults" {
	local images
	[ ! -e /etc/enclaver/enclaver.conf ] || skip "this machine has one"
	images=$(sed -n 's/^[a-z_]*_image=//p' "$abs_top_srcdir/share/enclaver.conf.in" | tr '\n' ' ')
	same 3 "$(wc -w <<<"$images")"
	named "$images"
	# the page shows the same
	same "$images" "$("$SCRIPTS/examples" --shown "$abs_top_srcdir/man/enclaver.conf.5" |
		sed -n 's/.* [a-z_]*_image=\(public.*\)/\1/p' | tr '\n' ' ')"
	# what is not said is as it was
	printf '# a comment\n\nodyn_image=odyn-dev:latest' >conf
	export ENCLAVER_CONF=conf
	# shellcheck disable=SC2086
	set -- $images
	named "$1 odyn-dev:latest $3 "
}

# bad TEXT STATUS WHY: for each of those who read it
bad() {
	printf "$1" >conf
	export ENCLAVER_CONF=conf
	expect "$2" "$SCRIPTS/inspect-base-images.sh" --dry-run
	same "" "$output"
	same "inspect-base-images.sh: $3" "$stderr"
	expect "$2" enclaver build --base-images
	same "" "$output"
	same "enclaver: $3" "$stderr"
	# nobody asked
	run --separate-stderr enclaver build
	contains "$stderr" "enc-pull: "
}

@test "enclaver.conf: a line that is wrong is status 3, with its number" {
	manifest oci:none app:enclave >enclaver.yaml
	bad '\nodyn\n' 3 "'conf' line 2 is not KEY=IMAGE: 'odyn'"
	bad ' # x\n' 3 "'conf' line 1 is not KEY=IMAGE: ' # x'"
	bad '#\n#\nodin_image=x:1\n' 3 "'conf' line 3 has no key of enclaver.conf: 'odin_image'"
	bad 'odyn_image = x:1\n' 3 "'conf' line 1 has no key of enclaver.conf: 'odyn_image '"
	bad 'odyn_image=\n' 3 "'conf' line 1: the value of odyn_image is no image: ''"
	bad 'odyn_image=x:1 # why\n' 3 "'conf' line 1: the value of odyn_image is no image: 'x:1 # why'"
	bad 'sleeve_image=a\nsleeve_image=$(id)\n' 3 "'conf' line 2: the value of sleeve_image is no image: '\$(id)'"
	bad 'odyn_image=a\nsleeve_image=b\nodyn_image=c' 3 "'conf' line 3 has odyn_image once more"
	rm conf
	mkdir folder
	for name in none folder; do
		ENCLAVER_CONF=$name expect 6 enclaver build --base-images
		same "enclaver: cannot read '$name': is it there, and is ENCLAVER_CONF right?" "$stderr"
	done
}

@test "enclaver.conf: configure decides what the defaults are" {
	requires make
	local word
	for word in '' yes 'a b' "a'b" 'a|b'; do
		expect 1 "$abs_top_srcdir/configure" -q --with-odyn-image="$word"
		contains "$stderr" "--with-odyn-image wants the name of an image, not '$word'"
	done
	# what make does with it
	unset MAKEFLAGS MFLAGS MAKELEVEL
	expect 0 make -s -C "$abs_top_builddir" CONF="$T/made" odyn_image=own/odyn:2 "$T/made"
	same '< odyn_image=public.ecr.aws/d4t4u8d2/sparsity-ai/odyn:latest
> odyn_image=own/odyn:2' "$(diff "$abs_top_builddir/share/enclaver.conf" made | grep '^[<>]')"
}
