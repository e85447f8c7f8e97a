# SPDX-License-Identifier: Apache-2.0
# The same inputs give the same bytes, and only what matters is measured.
load ../helpers
load ../peers
load ../trees

local_setup() {
	requires python3 jq
	fake_blobs "$T/blobs"
	export ENCLAVER_BLOBS="$T/blobs"
	manifest app:1 target:1 >enclaver.yaml
}

# chain LAYOUT-OR-IMAGE EIF: pull, amend and eif, in a store of its own.
chain() {
	ENCLAVER_STORE="$(mktemp -d "$T/store.XXXXXX")" bash -c 'set -o pipefail
		enc-pull -q "$1" | enc-amend -q -f enclaver.yaml |
		enc-eif -q -f enclaver.yaml -o "$2"' chain "$1" "$2" >path
}

@test "twice, under another umask, time zone, locale and home: the same bytes" {
	image=$(mkimage_app layout app:1)
	chain "$image" one.eif
	(umask 077 && chain "$image" umask.eif)
	(umask 0 && chain "$image" umask0.eif)
	(export TZ=Asia/Kathmandu && chain "$image" tz.eif)
	(export LC_ALL=C.UTF-8 LANG=C.UTF-8 && chain "$image" locale.eif)
	(export LC_ALL=tr_TR.UTF-8 && chain "$image" turkish.eif)
	(export HOME="$T/other" XDG_CACHE_HOME="$T/cache" && chain "$image" home.eif)
	(export MALLOC_PERTURB_=$((MALLOC_PERTURB_ % 255 + 1)) && chain "$image" malloc.eif)
	(export ENC_NO_ISAL=1 && chain "$image" zlib.eif)
	(export TMPDIR="$T/tmp" && mkdir tmp && chain "$image" tmp.eif)
	for eif in umask umask0 tz locale turkish home malloc zlib tmp; do
		echo "$eif"
		cmp one.eif "$eif.eif"
	done
	same '' "$(find tmp -mindepth 1)"
}

@test "in another folder, at another time: the same bytes" {
	image=$(mkimage_app layout app:1)
	chain "$image" one.eif
	mkdir elsewhere
	cp -r layout blobs enclaver.yaml elsewhere
	find elsewhere -exec touch -d '2001-01-01' {} +
	(cd elsewhere && ENCLAVER_BLOBS=$PWD/blobs chain \
		"oci:$T/elsewhere/layout:${image#oci:*layout:}" two.eif)
	cmp one.eif elsewhere/two.eif
}

@test "images with hard cases: the same bytes" {
	for name in $TREES; do
		echo "tree $name"
		image=$("tree_$name" | mkimage layout "$name:1")
		chain "$image" one.eif
		(umask 077 && export MALLOC_PERTURB_=99 ENC_NO_ISAL=1 && chain "$image" two.eif)
		cmp one.eif two.eif
	done
}

@test "a jumble of threads and cores: the same bytes" {
	requires taskset
	image=$(tree_big | mkimage layout big:1)
	chain "$image" one.eif
	export -f chain
	taskset -c "$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//')" \
		bash -c 'chain "$1" two.eif' - "$image"
	cmp one.eif two.eif
}

@test "the amended image and the release have the same digest in two stores" {
	image=$(mkimage_app layout app:1)
	for store in s1 s2; do
		export ENCLAVER_STORE=$T/$store
		enc-pull -q "$image" | enc-amend -q -f enclaver.yaml >"$store.amended"
		enc-eif -q -f enclaver.yaml -o "$store.eif" "$(cat "$store.amended")" |
			enc-release -q -f enclaver.yaml --sleeve "$(mkimage_sleeve sleeve)" \
				>"$store.release"
	done
	same "$(sed 's/.*@//' s1.amended)" "$(sed 's/.*@//' s2.amended)"
	same "$(sed 's/.*@//' s1.release)" "$(sed 's/.*@//' s2.release)"
}

@test "the same tree cut into other layers: the same PCR2" {
	mkimage a app:1 >one.path <<-'END'
	config {"Entrypoint": ["/f"]}
	layer gzip pax
	dir d mtime=5
	file d/x data=x
	file f data=f mode=0755
	link g to=f
	END
	mkimage b app:1 >two.path <<-'END'
	config {"Entrypoint": ["/f"]}
	layer zstd gnu
	file gone data=gone
	file d/x data=other
	file f data=f mode=0755
	layer none
	whiteout gone
	dir d mtime=5
	file d/x data=x
	layer gzip ustar
	link g to=f
	END
	chain "$(cat one.path)" one.eif
	chain "$(cat two.path)" two.eif
	same "$(pcr 2 one.eif)" "$(pcr 2 two.eif)"
	same "$(pcr 0 one.eif)" "$(pcr 0 two.eif)"
}

@test "target, defaults and sources are in no measurement" {
	image=$(mkimage_app layout app:1)
	chain "$image" one.eif
	manifest other:2 elsewhere/x:9 >enclaver.yaml
	echo 'defaults: {cpu_count: 7, memory_mb: 9999}' >>enclaver.yaml
	chain "$image" two.eif
	for n in 0 1 2; do
		same "$(pcr $n one.eif)" "$(pcr $n two.eif)" "PCR$n"
	done
}

@test "content, owner, mode, name, time and manifest are in PCR2, not in PCR1" {
	tree_base >base.txt
	echo 'file f data=f mode=0644 mtime=5' >>base.txt
	chain "$(mkimage base app:1 <base.txt)" base.eif
	pcr 2 base.eif >seen
	while read -r edit; do
		sed "$edit" base.txt >edited.txt
		chain "$(mkimage "l$RANDOM" app:1 <edited.txt)" edited.eif
		same "$(pcr 1 base.eif)" "$(pcr 1 edited.eif)" "$edit"
		pcr 2 edited.eif >>seen
	done <<-'END'
	s/data=f/data=g/
	s/mode=0644/mode=0600/
	s/file f/file g/
	s/mtime=5/mtime=6/
	s/mtime=5/mtime=5 uid=1/
	s/mtime=5/mtime=5 xattr.user.a=31/
	s/"WorkingDir": ".*"/"WorkingDir": "\/bin"/
	s/"WorkingDir": ".*"/"WorkingDir": "\/", "Env": ["A=b"]/
	END
	sed -i 's/8080/8081/' enclaver.yaml
	chain "$(mkimage base app:1 <base.txt)" edited.eif
	pcr 2 edited.eif >>seen
	same 10 "$(sort -u seen | wc -l)" "measurements that differ"
}

@test "SOURCE_DATE_EPOCH and --mtime clamp what is later, and nothing else" {
	mkimage layout app:1 >path <<-'END'
	config {"Entrypoint": ["/bin/app"]}
	layer
	dir bin mtime=3000
	file bin/app mode=0755 data=x mtime=1000
	file late data=x mtime=2000
	END
	mkdir one two
	expect 0 enc-eif -q --mtime 1500 -o one.eif "$(cat path)"
	expect 0 env SOURCE_DATE_EPOCH=1500 enc-eif -q -o two.eif "$(cat path)"
	same "$(pcr 0 one.eif)" "$(pcr 0 two.eif)"
	eif_read one.eif one >pcrs
	eif_read two.eif two >pcrs
	tree_of_ramdisk one/ramdisk2 | awk '/^(bin|late)/ {print $1, $5}' >got
	same 'bin 1500
bin/app 1000
late 1500' "$(cat got)"
	same '1970-01-01T00:25:00Z' "$(jq -r .BuildMetadata.BuildTime two/metadata)"
	expect 0 enc-eif -q --mtime 0 -o one.eif "$(cat path)"
	eif_read one.eif one >pcrs
	tree_of_ramdisk one/ramdisk2 | awk '$5 != 0' >got
	same '' "$(cat got)"
}

@test "BuildTime without SOURCE_DATE_EPOCH is the image's own" {
	image=$(mkimage_app layout app:1)
	mkdir parts
	chain "$image" x.eif
	eif_read x.eif parts >pcrs
	same '2024-01-02T03:04:05Z' "$(jq -r .BuildMetadata.BuildTime parts/metadata)"
}
