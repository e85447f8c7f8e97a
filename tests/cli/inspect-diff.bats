#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# inspect-diff.bats - enc-inspect diff: two images, and what is no pair
#
# EIFs are in inspect-diff-eif.bats.
load ../helpers
load ../peers

local_setup() {
	requires python3 jq
}

# image NAME [CONFIG]: an image of one layer, whose members are standard input
image() {
	{
		printf 'config %s\nlayer gzip\n' "${2:-{\}}"
		cat
	} | mkimage layout "$1:1"
}

# differ A B TEXT: that and nothing else is said of both, and the other way round
# there is as much to say
differ() {
	expect 1 enc-inspect -q diff "$1" "$2"
	same "" "$stderr"
	same "$3" "$output"
	expect 1 enc-inspect -q diff "$2" "$1"
	same "$(wc -l <<<"$3")" "$(wc -l <<<"$output")"
	same_as_itself "$1"
	same_as_itself "$2"
}

same_as_itself() {
	expect 0 enc-inspect -q diff "$1" "$1"
	same "" "$output$stderr"
}

# one_file A B TEXT: two images of a layer with this one member each
one_file() {
	differ "$(image a <<<"$1")" "$(image b <<<"$2")" "$3"
}

@test "diff: an image and itself, by its path and by its name" {
	mkimage_app "$ENCLAVER_STORE" docker.io/library/app:1 >path
	expect 0 enc-inspect diff "$(cat path)" app:1
	same "" "$output"
	expect 0 enc-inspect diff app:1 - <path
	expect 0 enc-inspect diff - app:1 <path
	expect 0 enc-inspect diff --json app:1 app:1
	same '{"files":[],"members":[],"of":"image","same":true,"schema":"enc-inspect/1","sections":[],"type":"diff"}' \
		"$output"
}

@test "diff: an image of the store, and one of a layout elsewhere" {
	local a b
	a=$(mkimage "$ENCLAVER_STORE" docker.io/library/app:1 <<<$'layer\nfile f data=1')
	b=$(mkimage elsewhere app:1 <<<$'layer\nfile f data=2')
	differ app:1 "$b" '! /f: content'
	differ "$b" "$a" '! /f: content'
}

@test "diff: what a file can differ in, and nothing else" {
	one_file 'file f data=x' 'file g data=x' '- /f
+ /g'
	one_file 'file f data=x mode=0644' 'file f data=x mode=4755' \
		'! /f: mode 0644 -> 4755'
	one_file 'file f uid=1 gid=2' 'file f uid=1 gid=3' '! /f: owner 1:2 -> 1:3'
	one_file 'file f data=one' 'file f data=two' '! /f: content'
	one_file 'file f data=one' 'file f data=three' '! /f: size 3 -> 5, content'
	one_file 'file f' 'file f data=x' '! /f: size 0 -> 1, content'
	one_file 'file f mtime=7' 'file f mtime=8' '! /f: mtime 7 -> 8'
	one_file 'symlink l to=a' 'symlink l to=b' '! /l: target a -> b'
	one_file 'char c major=1 minor=3' 'char c major=1 minor=5' \
		'! /c: device 1,3 -> 1,5'
	one_file 'char c major=1 minor=3' 'block c major=1 minor=3' \
		'! /c: type character device -> block device'
	one_file 'file f data=x mode=0755' 'dir f' '! /f: type file -> folder'
	one_file 'fifo f' 'file f data=x' '! /f: type FIFO -> file'
	one_file 'dir . mode=0755' 'dir . mode=0700' '! /: mode 0755 -> 0700'
	one_file 'file f xattr.user.a=31 xattr.user.b=32 xattr.user.c=33' \
		'file f xattr.user.a=31 xattr.user.b=34 xattr.user.d=33' \
		'! /f: xattrs user.b user.c user.d'
	one_file 'file f data=x uid=1 mtime=1' 'file f data=y mode=0600 gid=2' \
		'! /f: mode 0644 -> 0600, owner 1:0 -> 0:2, content, mtime 1 -> 0'
}

@test "diff: a hard link and a copy are not the same" {
	differ "$(image a <<-'END'
	file f data=x
	link g to=f
	END
	)" "$(image b <<-'END'
	file f data=x
	file g data=x
	END
	)" '! /g: link /f -> none'
}

@test "diff: files are sorted, and a folder that is gone is shown with all in it" {
	differ "$(image a <<-'END'
	dir b
	file b/f data=1
	dir b/sub
	file b-c data=1
	file a data=1
	file same data=1
	END
	)" "$(image b <<-'END'
	file z data=1
	file same data=1
	file a data=2
	END
	)" '! /a: content
- /b
- /b-c
- /b/f
- /b/sub
+ /z'
}

@test "diff: one byte of a large file, and a hole that is none" {
	one_file 'file f size=3000000 fill=a' 'file f size=3000000 fill=b' \
		'! /f: content'
	# not the same layer, and the same file
	expect 0 enc-inspect -q diff "$(image a <<<'file f size=3000000')" \
		"$(mkimage layout b:1 <<-'END'
	config {}
	layer none
	file f data=short
	layer gzip
	file f size=3000000
	END
	)"
	same "" "$output"
}

@test "diff: the same tree cut into other layers" {
	mkimage layout one:1 >one <<-'END'
	config {"Entrypoint": ["/app"]}
	layer gzip
	dir etc mtime=3
	file app data=x mode=0755
	file etc/f data=new
	link etc/g to=etc/f
	END
	mkimage layout many:1 >many <<-'END'
	config {"Entrypoint": ["/app"]}
	layer zstd
	dir etc mtime=3
	file etc/old size=200000 fill=a
	file etc/f data=old
	layer none
	file app data=x mode=0755
	whiteout etc/old
	layer gzip
	file etc/f data=new
	link etc/g to=etc/f
	END
	expect 0 enc-inspect -q diff "$(cat one)" "$(cat many)"
	same "" "$output$stderr"
	expect 0 enc-inspect -q --json diff "$(cat one)" "$(cat many)"
	same "true 0" "$(jq -r '"\(.same) \(.files | length)"' <<<"$output")"
}

@test "diff: the configuration, member by member" {
	local a b
	a=$(image a '{"Entrypoint":["/a"],"Cmd":["x"],"User":"1","WorkingDir":"/w","StopSignal":"SIGINT","Env":["PATH=/bin","B=1","GONE="],"Labels":{"l":"1","same":"s"},"ExposedPorts":{"80/tcp":{}}}' <<<'file f')
	b=$(image b '{"Entrypoint":["/b"],"User":"2","WorkingDir":"/v","StopSignal":"SIGTERM","Env":["PATH=/sbin","NEW=a=b","B=1"],"Labels":{"l":"2","same":"s"},"ExposedPorts":{"81/tcp":{}}}' <<<'file f')
	differ "$a" "$b" '- config.Cmd ["x"]
- config.Entrypoint ["/a"]
+ config.Entrypoint ["/b"]
- config.Env.GONE ""
+ config.Env.NEW "a=b"
- config.Env.PATH "/bin"
+ config.Env.PATH "/sbin"
- config.ExposedPorts.80/tcp {}
+ config.ExposedPorts.81/tcp {}
- config.Labels.l "1"
+ config.Labels.l "2"
- config.StopSignal "SIGINT"
+ config.StopSignal "SIGTERM"
- config.User "1"
+ config.User "2"
- config.WorkingDir "/w"
+ config.WorkingDir "/v"'
	expect 1 enc-inspect -q --json diff "$a" "$b"
	same '{"a":["x"],"name":"config.Cmd"}' "$(jq -c '.members[0]' <<<"$output")"
	same '{"b":"a=b","name":"config.Env.NEW"}' \
		"$(jq -c '.members[] | select(.name == "config.Env.NEW")' <<<"$output")"
	# what is no list of variables, or has one twice, or others before
	differ "$(image a '{"Env":["A=1","B=2"]}' <<<'file f')" \
		"$(image b '{"Env":["B=2","A=1"]}' <<<'file f')" \
		'- config.Env ["A=1","B=2"]
+ config.Env ["B=2","A=1"]'
	differ "$(image a '{"Env":["A=1","A=2"]}' <<<'file f')" \
		"$(image b '{"Env":["A=1",7]}' <<<'file f')" \
		'- config.Env ["A=1","A=2"]
+ config.Env ["A=1",7]'
	differ "$(image a '{"Env":null}' <<<'file f')" "$(image b <<<'file f')" \
		'- config.Env null'
}

@test "diff: the platform and the date" {
	differ "$(printf 'image {"architecture":"amd64","created":"2020-01-02T03:04:05Z"}\nlayer\nfile f\n' |
		mkimage layout a:1)" \
		"$(printf 'image {"architecture":"arm64","variant":"v8","created":"2021-01-02T03:04:05Z"}\nlayer\nfile f\n' |
			mkimage layout b:1)" '- architecture "amd64"
+ architecture "arm64"
- created "2020-01-02T03:04:05Z"
+ created "2021-01-02T03:04:05Z"
+ variant "v8"'
}

@test "diff: hostile names" {
	local a b
	a=$(image a '{"Labels":{"\u001b[31m":"\u001b]0;x"}}' <<-'END'
	file 'new\nline' data=1
	file '\x1b[2J\xff' data=1
	symlink l to='\x1b[1m'
	END
	)
	b=$(image b <<-'END'
	file 'new\nline' data=2
	symlink l to=x
	END
	)
	differ "$a" "$b" '- config.Labels {"\u001B[31m":"\u001B]0;x"}
- /\x1b[2J\xff
! /l: target \x1b[1m -> x
! /new\x0aline: content'
	expect 1 enc-inspect -q --json diff "$a" "$b"
	same "" "$(tr -d '\n\040-\176' <<<"$output")"
	same '/\x1b[2J\xff' "$(jq -r '.files[0].path' <<<"$output")"
}

@test "diff: a layer that is another one is found" {
	local a b digest
	a=$(image a <<<'file f data=1')
	b=$(image b <<<'file f data=2')
	digest=$(manifest_of "$b" | jq -r '.layers[0].digest')
	chmod u+w layout/blobs/sha256/*
	printf X | dd of="layout/blobs/sha256/${digest#sha256:}" bs=1 seek=20 conv=notrunc status=none
	expect 4 enc-inspect -q diff "$a" "$b"
	same "" "$output"
	contains "$stderr" "enc-inspect: '$b': layer 1 ("
}

@test "diff: two of a kind, and no more" {
	local image document
	image=$(image app <<<'file f')
	fake_blobs blobs
	enc-eif -q --kernel blobs/bzImage --cmdline x --ramdisk blobs/init -o a.eif >/dev/null
	echo text >file
	expect 2 enc-inspect diff a.eif "$image"
	same "enc-inspect: 'a.eif' is an EIF, and '$image' is an image: give two of a kind" "$stderr"
	expect 2 enc-inspect diff "$image" a.eif
	same "enc-inspect: '$image' is an image, and 'a.eif' is an EIF: give two of a kind" "$stderr"
	document=$abs_top_srcdir/tests/fuzz/corpus/nsm/aws-document
	expect 2 enc-inspect diff a.eif "$document"
	same "enc-inspect: 'a.eif' is an EIF, and '$document' is an attestation document: give two of a kind" "$stderr"
	expect 2 enc-inspect diff "$document" "$document"
	same "enc-inspect: 'diff' is for images and EIFs, and '$document' is an attestation document" "$stderr"
	expect 2 enc-inspect diff a.eif
	contains "$stderr" "'diff' compares two objects"
	expect 2 enc-inspect diff
	expect 2 enc-inspect diff a.eif a.eif a.eif
	expect 2 enc-inspect diff - - </dev/null
	contains "$stderr" "only one of two objects can be '-'"
	expect 2 enc-inspect diff a.eif a.eif -o out
	expect 3 enc-inspect diff a.eif file
	contains "$stderr" "'file' is neither an EIF nor "
	expect 3 enc-inspect diff file a.eif
	expect 3 enc-inspect diff "$image" none:1
	expect 6 enc-inspect diff a.eif ./none
	same "enc-inspect: cannot open './none': No such file or directory" "$stderr"
	same "" "$output"
}
