# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# faults.bash - what programs are given when disks fail and kills fall:
# load ../helpers, ../peers, then ../faults

# faults WAY COMMAND...: tools/faults.py on the folder given, by a seed that the
# log has.
faults() {
	requires python3
	[ -e "$abs_top_builddir/tests/preload/fail.so" ] ||
		missing 'tests/preload/fail.so (make check builds it)'
	export FAULTS_PRELOAD="$abs_top_builddir/tests/preload/fail.so"
	export FAULTS_PRELOAD_OOM="$abs_top_builddir/tests/preload/oom.so"
	export FAULTS_SEED="${FAULTS_SEED:-$RANDOM$RANDOM}"
	[ "$1" != random ] && [ "$1" != oom ] || echo "# FAULTS_SEED=$FAULTS_SEED" >&3
	python3 "$abs_top_srcdir/tests/tools/faults.py" "$1" given "${@:2}"
}

# given_layout: an image in a layout, $app being its name and digest, and all
# that a pipeline needs; a store with another image, and an output of before.
given_layout() {
	local image
	requires python3
	mkdir given
	image=$(mkimage_app given/layout app:1)
	app=${image#oci:*layout:}
	enc-pull -q --store given/store "$(mkimage_sleeve sleeve sleeve:1)" >path
	manifest app:1 app:enclave sleeve:1 >given/enclaver.yaml
	fake_blobs given/blobs
	fake_odyn given/odyn
	echo 'of before' | tee given/out.eif given/out.tar >given/m.json
}

# given_amended: the image in the layout is one for an enclave, $app.
given_amended() {
	given_layout
	app=$(enc-amend -q -f given/enclaver.yaml --odyn given/odyn \
		"oci:given/layout:$app")
	app=${app#oci:*layout:}
}

given_archive() {
	requires skopeo
	given_layout
	skopeo copy -q "oci:given/layout:app:1" "docker-archive:$PWD/given/app.tar:app:1"
	rm -r given/layout
}

# given_daemon: the image is in a docker daemon as app:1.
given_daemon() {
	given_archive
	mv given/app.tar .
	start_docker_stub app.tar good tcp
}

given_eif() {
	given_layout
	enc-eif -q -o given/app.eif --kernel given/blobs/bzImage --cmdline x \
		--ramdisk given/odyn >path
	rm -r given/layout given/store
	mkimage_sleeve given/store docker.io/library/sleeve:1 >path
}

# given_registry: the image is in a registry, as $app, and has layers that do not
# come in one piece; nothing of it is here.
given_registry() {
	local image
	given_layout
	start_registry
	image=$(mkimage layout app:2 <<-'END'
	config {"Entrypoint": ["/one"]}
	layer gzip
	file one size=100000 fill=1
	layer gzip
	file two data=small
	layer gzip
	dir three
	file three/four size=40000 fill=2
	END
	)
	push "$image" app:2
	rm -r given/layout
	app=docker://$registry_url/app:2
}
