# SPDX-License-Identifier: Apache-2.0
# Layers made to escape, to crash or to be misread.  Each ends in one clear
# sentence and the right status; nothing is published and nothing stays.
load ../helpers
load ../peers

local_setup() {
	requires python3 jq
	fake_blobs "$T/blobs"
	export ENCLAVER_BLOBS="$T/blobs"
	mkdir "$T/work" "$T/outside"
	cd "$T/work" || return 1
}

# layers DESCRIPTION-LINE...: an image whose last layer has these entries.
layers() {
	{
		echo 'config {"Entrypoint": ["/bin/app"]}'
		echo 'layer'
		echo "file bin/app mode=0755 data=app"
		printf '%s\n' "$@"
	} | mkimage "$T/layout" evil:1
}

# refused STATUS TEXT IMAGE: enc-eif refuses the image in these words.
refused() {
	expect "$1" enc-eif -q -o out.eif "$3"
	same '' "$output" 'stdout of a failure'
	same 1 "$(wc -l <<<"$stderr")" 'lines on stderr'
	contains "$stderr" 'enc-eif: '
	contains "$stderr" "$2"
	same '' "$(find "$T/work" "$T/outside" -mindepth 1)" 'what stayed'
}

# refused_with SIZE TEXT IMAGE: for --max-size SIZE.
refused_with() {
	expect 3 enc-eif -q --max-size "$1" -o out.eif "$3"
	same '' "$output"
	contains "$stderr" "$2"
	same '' "$(find "$T/work" "$T/outside" -mindepth 1)" 'what stayed'
}

# listed DESCRIPTION-LINE...: the tree of the EIF, in $T/tree.
listed() {
	expect 0 enc-eif -q -o "$T/ok.eif" "$(layers "$@")"
	mkdir -p "$T/parts"
	eif_read "$T/ok.eif" "$T/parts" >"$T/pcrs"
	tree_of_ramdisk "$T/parts/ramdisk2" >"$T/tree"
}

@test "a name that leaves the root" {
	refused 3 "'../outside/f'" "$(layers 'file ../outside/f data=x')"
	refused 3 "'a/../../f'" "$(layers 'file a/../../f data=x')"
	refused 3 "'a/../'" "$(layers 'dir a/..')"
	refused 3 "'../../etc/passwd'" "$(layers 'link f to=../../etc/passwd')"
	refused 3 "'../.wh.x'" "$(layers 'whiteout ../x')"
}

@test "names and links that a look at the machine's own root would follow" {
	listed 'symlink out to='"$T/outside" 'layer' 'file out/f data=inside' \
		'symlink up to=../../../../../../../../..'"$T/outside" 'layer' 'file up/g data=inside' \
		'file /abs/f data=inside'
	same '' "$(find "$T/outside" -mindepth 1)"
	same 4 "$(grep -c -e "^${T#/}/outside/[fg] file" -e '^abs/f file' -e '^out symlink' "$T/tree")"
}

@test "symbolic links in a circle" {
	refused 3 'too many symbolic links' "$(layers 'symlink a to=b' 'symlink b to=a' 'layer' 'file a/f data=x')"
}

@test "a hard link to nothing, to a folder, to what a whiteout took" {
	refused 3 "'nothing'" "$(layers 'link l to=nothing')"
	refused 3 "folder 'bin'" "$(layers 'link l to=bin')"
	refused 3 "'bin' is a hard link to 'bin/app', which it replaces" "$(layers 'link bin to=bin/app')"
	refused 3 "'bin/app' is a hard link to 'bin/app', which it replaces" "$(layers 'link ./bin/app to=/bin//app')"
	# A circle of links is a link to nothing.
	refused 3 "'b'" "$(layers 'link a to=b' 'link b to=a')"
	refused 3 "'bin/app'" "$(layers 'layer' 'whiteout bin/app' 'link l to=bin/app')"
}

@test "a file below a file" {
	refused 3 'not a folder' "$(layers 'file bin/app/f data=x')"
}

@test "a NUL ends a name, as it does for every C program" {
	listed 'file x data=x "pax.path=etc/a\x00b"' 'symlink l to=y "pax.linkpath=y\x00z"'
	grep -q '^etc/a file' "$T/tree"
	grep -q '^l symlink .* -> y$' "$T/tree"
}

@test "a name or a target that Linux would drop from a ramdisk without a word" {
	component=$(printf 'c%.0s' {1..200})
	long=$(printf "$component/%.0s" {1..21})
	refused 3 'bytes' "$(layers "file ${long}f data=x")"
	contains "$stderr" 4088
	refused 3 'target' "$(layers "symlink s to=$long")"
	refused 3 'bytes' "$(layers "file $component$component data=x")"
	contains "$stderr" 255
	# The longest that fits: rootfs/, 20 folders and the NUL.
	fits=$(printf "$component/%.0s" {1..20})
	last=$(printf "f%.0s" $(seq $((4088 - ${#fits}))))
	listed "file $fits$last data=x"
	grep -q "^$fits$last file" "$T/tree"
	refused 3 'bytes' "$(layers "file ${fits}x$last data=x")"
}

@test "a file beyond what a ramdisk's entry can say" {
	# Sparse, so that the layer is small: one byte, then a hole.
	for size in 4294967296 60000000000; do
		refused 3 'big' "$(layers "file x data=x pax.GNU.sparse.name=big pax.GNU.sparse.map=0,1 pax.GNU.sparse.numblocks=1 pax.GNU.sparse.size=$size")"
		contains "$stderr" "'big' has $size bytes"
		contains "$stderr" '4 GiB'
	done
}

@test "a bomb ends at --max-size, whatever it is packed in" {
	image=$(layers 'file a size=400000' 'layer none' 'file a size=400000' 'layer zstd' 'file b size=199997')
	refused_with 999999 'more than 999999 bytes' "$image"
	contains "$stderr" 'without a larger --max-size'
	refused_with 400002 'more than 400002 bytes' "$image"
	expect 0 enc-eif -q --max-size 1000000 -o "$T/ok.eif" "$image"
	# Data of a whiteout, of what is no file, and of headers.
	refused_with 1M "'.wh.x'" "$(layers 'file .wh.x size=20000000')"
	refused_with 50k "'x'" "$(layers "file x pax.comment=$(printf 'c%.0s' {1..60000})")"
	# The default, by files that are nothing but holes.
	hole='pax.GNU.sparse.map=0,1 pax.GNU.sparse.numblocks=1 pax.GNU.sparse.size=4200000000'
	holes=$(for i in {1..17}; do echo "file x data=x pax.GNU.sparse.name=big$i $hole"; done)
	refused 3 'more than 68719476736 bytes' "$(layers "$holes")"
}

@test "levels and levels of folders" {
	refused 3 'has 19999 bytes' "$(layers "dir $(printf 'l/%.0s' {1..10000})")"
	contains "$stderr" 'a ramdisk takes at most 4088'
	# Reached through links, so that each name is short.
	deep=$(printf 'l/%.0s' {1..1000})
	refused 3 'is more than 2044 folders deep' "$(layers "dir $deep" \
		"symlink $deep/a to=/$deep" "symlink b to=$deep" \
		"dir b/$deep" "symlink b/${deep}c to=$deep" "dir b/${deep}c/$deep")"
	listed "dir b/$deep"
	same 1001 "$(grep -c '^b[ /]' "$T/tree")"
}

@test "a bomb of names: paths of a gigabyte in a few kilobytes" {
	deep=$(printf 'l/%.0s' {1..2040})
	image=$(for i in {100..399}; do echo "dir $i/$deep"; done | layers "$(cat)")
	[ "$(du -sk "$T/layout" | cut -f1)" -lt 500 ]
	refused 3 "the paths of the image's files have more than 1073741824 bytes" "$image"
}

@test "archives that end too early, or are none" {
	refused 3 'layer 2' "$(layers 'layer gzip cut=20' 'file f size=100000 fill=x')"
	refused 3 'layer 2' "$(layers 'layer none cut=70000' 'file f size=100000 fill=x')"
	refused 3 'layer 2' "$(layers 'layer zstd cut=20' 'file f size=100000 fill=x')"
	printf 'this is no archive at all, but a line of text\n' >"$T/text"
	refused 3 'layer 2' "$(layers 'layer gzip' "tar $T/text")"
	refused 3 'layer 2' "$(layers 'layer none' "tar $T/text")"
	head -c 100000 /dev/urandom >"$T/noise"
	refused 3 'layer 2' "$(layers 'layer none' "tar $T/noise")"
	refused 3 'layer 2' "$(layers 'layer none' 'file f data=x claim=5000000')"
}

@test "a blob that is not what its name says" {
	image=$(layers 'layer gzip' 'file f size=300000 fill=x')
	blob=$(blob_of "$T/layout" "$(manifest_of "$image" | jq -r '.layers[1].digest')")
	cp "$blob" "$T/good"
	for at in 20 50000 -4; do
		cp "$T/good" "$blob"
		[ "$at" -ge 0 ] || at=$(($(stat -c %s "$blob") + at))
		printf '\xff\x00\xff' | dd of="$blob" bs=1 seek="$at" conv=notrunc status=none
		refused 4 'sha256:' "$image"
		contains "$stderr" 'layer 2'
	done
	# Another file's bytes, of the same size.
	cp "$T/good" "$blob"
	head -c "$(stat -c %s "$T/good")" /dev/zero >"$blob"
	refused 4 'sha256:' "$image"
	# Something added, something lost, nothing there.
	{ cat "$T/good"; echo more; } >"$blob"
	refused 4 'bytes' "$image"
	head -c 1000 "$T/good" >"$blob"
	refused 4 'bytes' "$image"
	rm "$blob"
	refused 3 'pull the image again' "$image"
}

@test "a manifest or a configuration that is not what its name says" {
	image=$(layers)
	config=$(blob_of "$T/layout" "$(manifest_of "$image" | jq -r .config.digest)")
	cp "$config" "$T/good"
	sed -i 's/linux/Linux/' "$config"
	refused 4 'sha256:' "$image"
	cp "$T/good" "$config"
	sed -i 's/image.config/image.CONFIG/' "$(blob_of "$T/layout" "${image##*@}")"
	refused 4 'sha256:' "$image"
}

# Go's archive/tar, which engines and scanners use, and libarchive, which we
# use, would find other members in each of these.
@test "archives that two readers would read as two" {
	twice='programs read that in different ways'
	while IFS='|' read -r text line; do
		echo "# $line"
		refused 3 "$text: $twice" "$(layers "$line")"
	done <<-'END'
	'x' in the layer's archive has a number that is none|file x data=x 'at.124=\x000000000001\x00'
	'x' in the layer's archive has a number that is none|file x data=x 'at.124=1 0000000001\x00'
	'x' in the layer's archive has a number that is none|file x data=x 'at.124=0x000000001\x00'
	'x' in the layer's archive has a number that is none|file x data=x 'at.100=\x00000755'
	'x' in the layer's archive has a size that is none|file x data=x 'at.124=\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'
	'x' in the layer's archive is of no known format|file x data=x at.257=ustarX
	'x' in the layer's archive is in star's format|file x data=x 'at.508=tar\x00'
	'x' in the layer's archive is of a type that is no file's|file x data=x flag=7
	'x' in the layer's archive is of a type that is no file's|file x data=x flag=V
	'x' in the layer's archive is of a type that is no file's|file x data=x flag=Z
	'x' in the layer's archive is of a type that is no file's|file x data=x flag=X
	'l' in the layer's archive has a size and is no file|link l to=bin/app size=512
	's' in the layer's archive has a size and is no file|symlink s to=bin size=512
	'd/' in the layer's archive has a size and is no file|dir d size=512
	'p' in the layer's archive has a size and is no file|fifo p pax.size=512 size=512
	a pax header in the layer's archive says the same thing twice, or nothing|file x data=x pax.size=
	a pax header in the layer's archive says the same thing twice, or nothing|file x data=x pax.size=-1
	a pax header in the layer's archive says the same thing twice, or nothing|file x data=x pax.size=0x1
	a pax header in the layer's archive says the same thing twice, or nothing|file x data=x pax.path=
	END
	long=$(printf 'n%.0s' {1..150})
	for key in path GNU.sparse.name; do
		refused 3 "has two long names: $twice" \
			"$(layers 'layer gzip gnu' "file $long data=x pax.$key=y")"
	done
	refused 3 "has two long names: $twice" \
		"$(layers 'layer gzip gnu' "symlink l to=$long pax.linkpath=y")"
	for flag in x L K; do
		refused 3 "has headers that contradict each other: $twice" \
			"$(layers "file x flag=$flag" "file x flag=$flag" 'file f data=x')"
	done
	refused 3 "has headers that contradict each other: $twice" \
		"$(layers "file x flag=x" "file x flag=g" 'file f data=x')"
	for keys in 'b"path"' 'b"size"' 'b"GNU.sparse.name"'; do
		PYTHONPATH=$abs_top_srcdir/tests/tools python3 -B - "$T/pax.tar" <<-END
		import sys
		from mkimage import header, record
		text = record($keys, b"1") + record($keys, b"2")
		open(sys.argv[1], "wb").write(
		    header(b"x", b"x", len(text)) + text.ljust(512, b"\0") +
		    header(b"x", b"0", 1) + b"y".ljust(512, b"\0") + bytes(1024))
		END
		refused 3 "says the same thing twice, or nothing: $twice" "$(layers 'layer none' "tar $T/pax.tar")"
	done
	# A zero block that is not the end, then more.
	mkdir "$T/in"
	echo one >"$T/in/one"
	tar -cf "$T/one.tar" -C "$T/in" one
	{ head -c 1024 "$T/one.tar"; head -c 512 /dev/zero; cat "$T/one.tar"; } >"$T/gap.tar"
	refused 3 "goes on behind a block of zeros: $twice" "$(layers 'layer none' "tar $T/gap.tar")"
	# Whatever the compression.
	for kind in gzip zstd; do
		refused 3 "has a size and is no file: $twice" "$(layers "layer $kind" 'dir d size=512')"
	done
}

@test "all that GNU tar writes is read" {
	mkdir -p "$T/in/d/$(printf 'n%.0s' {1..90})"
	echo one >"$T/in/d/one"
	ln "$T/in/d/one" "$T/in/two"
	ln -s d/one "$T/in/link"
	touch -d @77 "$T/in/old"
	# More holes than a header has room for.
	for i in {1..40}; do
		printf x | dd of="$T/in/holes" bs=1 seek=$((i * 70000)) conv=notrunc status=none
	done
	tree_of_dir "$T/in" --rootless --no-root >"$T/want"
	for format in v7 oldgnu gnu ustar posix; do
		for sparse in '' --sparse; do
			echo "# $format $sparse"
			case $format$sparse in v7--sparse | ustar--sparse) continue ;; esac
			tar -cf "$T/in.tar" --format=$format $sparse -C "$T/in" .
			listed 'layer' "tar $T/in.tar"
			tree_of_ramdisk "$T/parts/ramdisk2" --rootless --no-root |
				grep -v -e '^bin' -e '^\(dev\|proc\|run\|sys\|tmp\|var\) dir' >"$T/got"
			diff -u "$T/want" "$T/got"
		done
	done
}

@test "tar headers that disagree: the extended one counts, as for everyone" {
	listed 'file short data=x pax.path=really/here' 'file id data=x uid=1 pax.uid=77'
	grep -q '^really/here file' "$T/tree"
	grep -q '^id file 0644 77:0' "$T/tree"
	same '' "$(grep '^short' "$T/tree" || true)"
}

@test "owners that no ramdisk can say are refused, times are the nearest one" {
	refused 3 "'f'" "$(layers 'file f data=x pax.uid=99999999999')"
	listed 'file old data=x mtime=-1' 'file future data=x mtime=4294967296' \
		'file ancient data=x pax.mtime=-99999999999.5'
	grep -q '^old file 0644 0:0 0 ' "$T/tree"
	grep -q '^ancient file 0644 0:0 0 ' "$T/tree"
	grep -q '^future file 0644 0:0 4294967295 ' "$T/tree"
}

@test "a hundred thousand files" {
	listed 'dir many' 'many many/file 100000'
	same 100000 "$(grep -c '^many/file[0-9]* file' "$T/tree")"
}

@test "gzip in gzip" {
	tar -cf - -C "$T" blobs | gzip -n | gzip -n >"$T/twice"
	refused 3 'compressed more than once' "$(layers 'layer none' "tar $T/twice")"
	# The layer is compressed itself, by mkimage.
	gunzip <"$T/twice" >"$T/once"
	refused 3 'compressed more than once' "$(layers layer "tar $T/once")"
}

@test "an extended attribute that Linux would not take" {
	value=$(head -c 65537 /dev/zero | tr '\0' x | od -An -v -tx1 | tr -d ' \n')
	refused 3 "'f' in archive" "$(layers "file f data=x xattr.user.a=$value")"
	contains "$stderr" 'more than 65536 bytes'
	listed "file f data=x xattr.user.a=${value%??}"
	name=user.$(printf 'n%.0s' {1..250})
	listed "file f data=x xattr.$name=00"
	refused 3 'a name of more than 255' "$(layers "file f data=x xattr.${name}n=00")"
}

@test "an extended attribute that is there twice" {
	listed "file f data=x pax.SCHILY.xattr.user.a=v"
	cp "$T/pcrs" "$T/once"
	listed "file f data=x pax.SCHILY.xattr.user.a=v pax.LIBARCHIVE.xattr.user.a=dg"
	cmp "$T/pcrs" "$T/once"
	refused 3 'two values' "$(layers "file f data=x pax.SCHILY.xattr.user.a=v pax.LIBARCHIVE.xattr.user.a=dw")"
}
