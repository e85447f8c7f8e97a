# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# trees.bash - images that are hard to unpack, as descriptions for mkimage
#
# Each tree_NAME prints one.  All have a passwd, a working folder and an
# entrypoint, so that enc-eif takes them as they are; no folder is implied
# (what an implied one's owner and time are, nothing says).

TREES='whiteout ordered opaque hidden survives links replaced symlinks longnames bytes big order'
ROOT_TREES='owners'

tree_base() {
	cat <<-'END'
	config {"Entrypoint": ["/bin/app"], "WorkingDir": "/"}
	layer gzip
	dir . mode=0755 mtime=1000
	dir bin mtime=1001
	dir etc mtime=1002
	file bin/app mode=0755 data='app\n' mtime=1003
	file etc/passwd data='root:x:0:0::/root:/bin/sh\n' mtime=1004
	END
}

# Files, folders with contents, links to and by whited out names, a whiteout
# of what was never there, and a name that returns above its own whiteout.
tree_whiteout() {
	tree_base
	cat <<-'END'
	dir d mtime=10
	dir d/sub mtime=11
	file d/sub/f data=1
	file d/keep data=2
	file gone data=3
	file again data=4
	symlink dangles to=gone
	link other to=gone
	layer gzip
	whiteout gone
	whiteout d/sub
	whiteout never
	whiteout again
	layer gzip
	file again data=5 mtime=12
	END
}

# What a whiteout means depends on what stands before it in its layer: where a
# link leads by then, and which names are new.  (The folders come last: umoci
# leaves the time of day on those that it removes something from.)
tree_ordered() {
	tree_base
	cat <<-'END'
	dir one mtime=13
	file one/f data=1
	dir two mtime=14
	file two/f data=2
	symlink turned to=one
	symlink filled to=one
	file linked data=3
	dir kept mtime=15
	file kept/old data=4
	dir kept/deep mtime=16
	file kept/deep/old data=5
	layer gzip
	symlink turned to=two
	whiteout turned/f
	dir filled mtime=17
	whiteout filled/f
	link other to=linked
	whiteout linked
	file kept/deep/new data=6
	whiteout kept
	dir kept/deep mtime=18
	dir kept mtime=19
	END
}

# Large files that layers above hide in every way, from a layer that is read
# after their lists: their bytes are not even spooled.
tree_hidden() {
	tree_base
	cat <<-'END'
	file gone size=3000000 fill=a
	dir d
	file d/f size=100000 fill=b
	dir o
	file o/f size=100000 fill=c
	dir r
	file r/f size=100000 fill=d
	file r/stays size=100000 fill=e
	file folder size=100000 fill=f
	file again size=100000 fill=g
	dir r-stays
	file r-stays/f size=100000 fill=h
	layer gzip
	whiteout gone
	opaque o
	file o/new size=100000 fill=i
	file r/f size=70000 fill=j
	dir folder
	file folder/f size=70000 fill=k
	layer gzip
	whiteout d
	file again size=70000 fill=l
	symlink gone to=again
	END
}

# Large files that look as if they were hidden and are not: a second name, and
# a name through a link that is a folder later.
tree_survives() {
	tree_base
	cat <<-'END'
	file large size=3000000 fill=a
	dir c
	symlink a to=c
	file a/f size=100000 fill=b
	layer gzip
	link second to=large
	whiteout a
	dir a
	file a/g data=1
	layer gzip
	whiteout large
	whiteout a/f
	END
}

# An opaque marker hides what lies below, not what its own layer brings, be
# that before or after the marker.
tree_opaque() {
	tree_base
	cat <<-'END'
	dir o mtime=20
	file o/old data=1
	dir o/deep
	file o/deep/old data=2
	dir p
	file p/old data=3
	layer gzip
	dir o mtime=21 mode=0700
	file o/before data=4
	opaque o
	file o/after data=5
	dir p mtime=22
	opaque p
	layer gzip
	dir o mtime=23
	file o/third data=6
	END
}

# Links within a layer, across layers, to a name that is then replaced or
# removed, and of a file that changes in a later layer.
tree_links() {
	tree_base
	cat <<-'END'
	file a data=one mtime=30
	link b to=a
	link etc/c to=b
	file x data=two mtime=31
	link y to=x
	file first data=three mtime=32
	layer gzip
	link d to=etc/c
	file x data=changed mtime=34
	whiteout first
	link z to=y
	layer gzip
	whiteout a
	END
}

# Every type takes the place of every other.
tree_replaced() {
	tree_base
	cat <<-'END'
	file was-file data=1
	dir was-dir
	file was-dir/in data=2
	dir was-dir/sub
	symlink was-link to=bin
	dir dir-to-link
	file dir-to-link/in data=3
	file file-to-link data=4
	fifo was-fifo
	layer gzip
	dir was-file mtime=40
	file was-file/in data=5
	file was-dir data=6 mtime=41
	dir was-link mtime=42
	file was-link/in data=7
	symlink dir-to-link to=etc
	symlink file-to-link to=was-file
	file was-fifo data=8
	END
}

# Links that point nowhere, outside, at themselves; folders reached through a
# link of an earlier layer; empty files and odd modes beside.
tree_symlinks() {
	tree_base
	cat <<-'END'
	symlink abs to=/etc/passwd mtime=50
	symlink up to=../../../../etc/shadow
	symlink self to=self
	symlink 'sp ace' to='a b'
	dir usr mtime=51
	dir usr/lib mtime=52
	symlink lib to=usr/lib
	file usr/lib/libc data=c
	fifo pipe mode=0600
	file empty mode=0
	file suid data=s mode=06755
	dir sticky mode=01777
	file usr/lib/libd data=d
	dir inside
	symlink outside to=../../inside
	symlink chain to=outside
	layer gzip
	symlink abs to=/etc/group mtime=53
	file lib/libe data=e mtime=54
	whiteout lib/libc
	link lib/hard to=usr/lib/libd
	file chain/f data=f mtime=55
	END
}

# Names and targets beyond what the 1988 header holds, in all three formats.
tree_longnames() {
	local d e n
	d=$(printf 'd%.0s' {1..90}) e=$(printf 'e%.0s' {1..90}) n=$(printf 'n%.0s' {1..200})
	tree_base
	cat <<-END
	dir $d mtime=60
	dir $d/$e mtime=61
	file $d/$e/$n data=pax
	symlink pax to=/$d/$e/$n
	layer gzip gnu
	file $d/$e/${n}g data=gnu
	symlink gnu to=/$d/$e/$n/$n
	link hard to=$d/$e/$n
	layer gzip ustar
	file $d/ustar$e data=ustar
	file exact$(printf 'x%.0s' {1..95}) data=100
	END
}

# Names are bytes: not UTF-8, blanks, newlines, backslashes, glob characters.
tree_bytes() {
	tree_base
	cat <<-'END'
	file 'caf\xe9' data=latin
	file 'caf\xc3\xa9' data=utf8
	dir '\xff\xfe' mtime=70
	file '\xff\xfe/\x80' data=x
	file ' lead' data=x
	file 'new\nline' data=x
	file 'back\\slash' data=x
	file '*' data=x
	file 'TRAILER!!!' data=x
	symlink 's\xe9' to='caf\xe9'
	layer gzip gnu
	whiteout '\xff\xfe/\x80'
	file '\xff\xfe/\x81' data=y
	END
}

# Sizes around the blocks of tar and the padding of cpio, and many members.
tree_big() {
	local n
	tree_base
	for n in 1 2 3 4 5 511 512 513 4095 4096 4097 65536 1048577 9000001; do
		echo "file size$n size=$n fill=$n"
	done
	echo 'file zeros size=3000000'
	echo 'file sparse data=xy pax.GNU.sparse.name=sparse pax.GNU.sparse.map=5,1,90000,1 pax.GNU.sparse.numblocks=2 pax.GNU.sparse.size=100000'
	echo 'dir many'
	echo 'many many/f 2000'
	echo 'layer none'
	echo 'file size4096 size=4000 fill=x'
	echo 'many many/f 10'
}

# Bytewise order is not the order of folders: '-' and '.' sort before '/'.
tree_order() {
	tree_base
	cat <<-'END'
	dir a
	dir a/b
	dir a-b
	file a/b/c data=x
	file a/b-c data=x
	file a.b data=x
	dir a/b mtime=80
	dir a mtime=81
	file a-b/c data=x
	dir a-b mtime=82
	END
}

# What only root can unpack: owners, big numbers, devices, attributes.
tree_owners() {
	tree_base
	cat <<-'END'
	dir home uid=1000 gid=1000 mode=0700
	file home/f data=x uid=1000 gid=1001 mode=04750
	file big data=x uid=3000000 gid=4000000
	symlink link to=home uid=5 gid=6
	char null mode=0666 major=1 minor=3
	char big-minor major=300 minor=70000
	block disk mode=0660 gid=6 major=8 minor=1
	file ping mode=0755 data=x xattr.security.capability=0100000200200000000000000000000000000000
	link ping6 to=ping
	file both data=x xattr.user.one=31 xattr.user.two=3200ff
	dir withattr xattr.user.three=33
	dir . mode=0755 mtime=1000 xattr.user.root=34
	dir locked mode=0
	file locked/in data=x mode=0
	layer gzip
	file ping mode=0755 data=y
	file home/f data=y uid=7 gid=8 mode=02755
	link disk2 to=disk
	END
}
