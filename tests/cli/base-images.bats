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
