#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# blobs.bats - where enc-eif finds the kernel, and what it makes of it
load ../helpers
load ../peers

local_setup() {
	requires python3
	image=$(mkimage layout app:1 <<-'END'
	config {"Entrypoint":["/x"]}
	layer
	file x mode=0755 data=x
	END
	)
	mkdir s
}

# for_arm: $arm is an image for arm64, and libexec has an init for both
for_arm() {
	arm=$(mkimage layout arm:1 <<-'END'
	image {"architecture":"arm64"}
	config {"Entrypoint":["/x"]}
	layer
	file x mode=0755 data=x
	END
	)
	mkdir -p libexec/aarch64
	fake_odyn libexec/init
	fake_odyn libexec/aarch64/init b7
	export ENCLAVER_LIBEXEC=$T/libexec
}

# The machine may have folders of its own: no test here depends on them.
no_kernel_here() {
	local folder
	for folder in /usr/share/nitro_enclaves /usr/share/enclaver \
		/usr/local/share/enclaver; do
		[ ! -e $folder/blobs ] || skip "there are blobs in $folder"
	done
}

@test "blobs: without any the error names every way to get them" {
	no_kernel_here
	expect 3 enc-eif "$image"
	same "" "$output"
	for way in '$ENCLAVER_BLOBS' /usr/share/nitro_enclaves/blobs \
		/enclaver/blobs enclaver-kernel aws-nitro-enclaves-cli-devel \
		public.ecr.aws/s2t1d4c6/enclaver-io/nitro-cli:latest \
		scripts/build-kernel scripts/kernel-from-debian \
		'--blobs DIR' '--blobs IMAGE'; do
		contains "$stderr" "$way"
	done
	[ ! -e application.eif ]
}

@test "blobs: --blobs comes before ENCLAVER_BLOBS" {
	fake_blobs one
	fake_blobs two
	echo ' one=1  x ' >one/cmdline
	echo two >two/cmdline
	ENCLAVER_BLOBS=$PWD/two expect 0 enc-eif -q "$image"
	same two "$(enc-inspect extract application.eif cmdline)"
	ENCLAVER_BLOBS=$PWD/two expect 0 enc-eif -q --blobs one "$image"
	same 'one=1  x' "$(enc-inspect extract application.eif cmdline)" \
		'trimmed at its ends alone'
	expect 0 enc-eif -q --blobs one --cmdline ' three ' "$image"
	same three "$(enc-inspect extract application.eif cmdline)"
}

@test "blobs: the kernel's version is cut as AWS's tool cuts it" {
	fake_blobs b
	printf '#\n#\n# Linux/x86_64 4.14.177-104.253.amzn2.x86_64 Kernel Configuration\n' >b/bzImage.config
	enc-eif -q --blobs b "$image"
	same 'Linux 4.14.177' "$(enc-inspect extract application.eif metadata |
		jq -r '.BuildMetadata | "\(.OperatingSystem) \(.KernelVersion)"')"
	for text in '' '\n\n' '\n\nx' '\n\n# Linux/' 'a\nb\n# Linux/x86_64'; do
		# shellcheck disable=SC2059
		printf "$text" >b/bzImage.config
		expect 0 enc-eif -q --blobs b "$image"
		contains "$(enc-inspect extract application.eif metadata)" \
			'"KernelVersion":"Unknown"'
	done
	rm b/bzImage.config
	expect 0 enc-eif -q --blobs b "$image"
}

@test "blobs: what a folder lacks is told" {
	mkdir b
	expect 3 enc-eif --blobs b "$image"
	same "enc-eif: 'b' has no 'bzImage', the kernel for x86_64: make one with scripts/build-kernel --arch x86_64, or install the package enclaver-kernel" "$stderr"
	echo text >b/bzImage
	expect 3 enc-eif --blobs b "$image"
	contains "$stderr" "'b/bzImage' is not a kernel"
	fake_blobs b
	rm b/cmdline
	expect 3 enc-eif --blobs b "$image"
	contains "$stderr" 'give the kernel'
	expect 0 enc-eif -q --blobs b --cmdline x "$image"
	head -c 5000 /dev/zero | tr '\0' x >b/cmdline
	expect 3 enc-eif --blobs b "$image"
	same "enc-eif: 'b/cmdline' is not a kernel command line" "$stderr"
	expect 6 enc-eif --blobs ./none "$image"
	same "enc-eif: cannot open the blobs folder './none': No such file or directory" "$stderr"
	# Without the ./ it may be an image's name; it is said that it may be both.
	ENCLAVER_BLOBS=none expect 3 enc-eif "$image"
	contains "$stderr" "enc-eif: blobs 'none', which is not a folder: no image 'docker.io/library/none:latest' in the store"
}

@test "blobs: the kernel is the one for the image's architecture" {
	fake_blobs b
	for_arm
	fake_image b/Image
	expect 0 enc-eif -q --blobs b "$arm"
	enc-inspect extract application.eif kernel | cmp - b/Image
	expect 0 enc-eif -q --blobs b "$image"
	enc-inspect extract application.eif kernel | cmp - b/bzImage
	cp b/Image b/bzImage
	expect 3 enc-eif --blobs b "$image"
	same "enc-eif: 'b/bzImage' is a kernel for the other architecture" "$stderr"
}

@test "blobs: one folder serves two architectures, each by a folder of its name" {
	for_arm
	fake_blobs b
	mkdir -p b/aarch64/modules
	fake_image b/aarch64/Image
	expect 3 enc-eif --blobs b "$arm"
	same "enc-eif: 'b/aarch64' has no file 'cmdline': give the kernel's command line with --cmdline" "$stderr"
	echo arm=1 >b/aarch64/cmdline
	printf '#\n#\n# Linux/arm64 6.99 Kernel Configuration\n' >b/aarch64/Image.config
	echo m >b/aarch64/modules/arm.ko
	expect 0 enc-eif -q --blobs b "$arm"
	enc-inspect extract application.eif kernel | cmp - b/aarch64/Image
	same arm=1 "$(enc-inspect extract application.eif cmdline)"
	same 'Linux 6.99' "$(enc-inspect extract application.eif metadata |
		jq -r '.BuildMetadata | "\(.OperatingSystem) \(.KernelVersion)"')"
	# nothing of the folder around it, and its modules
	same "dev
init
modules
modules/arm.ko" "$(enc-inspect extract application.eif ramdisk:0 | cpio -t --quiet)"
	cp application.eif folder.eif
	expect 0 enc-eif -q --blobs b/aarch64 "$arm"
	cmp application.eif folder.eif
	expect 0 enc-eif -q --blobs b "$image"
	enc-inspect extract application.eif kernel | cmp - b/bzImage
	same "dev
init
nsm.ko" "$(enc-inspect extract application.eif ramdisk:0 | cpio -t --quiet)"
	mkdir b/x86_64
	expect 0 enc-eif -q --blobs b "$image"
	echo text >b/x86_64/README
	expect 3 enc-eif --blobs b "$image"
	contains "$stderr" "'b/x86_64' has no 'bzImage', the kernel for x86_64"
}

@test "blobs: init is for the image's architecture" {
	for_arm
	fake_blobs b
	fake_image b/Image
	rm libexec/aarch64/init
	expect 6 enc-eif --blobs b "$arm"
	same "enc-eif: no init for aarch64, cannot open '$T/libexec/aarch64/init' (install the package enclaver-odyn, or use --init=blobs): No such file or directory" "$stderr"
	fake_odyn libexec/aarch64/init
	expect 3 enc-eif --blobs b "$arm"
	same "enc-eif: init '$T/libexec/aarch64/init' is not a program for aarch64" "$stderr"
	echo text >libexec/aarch64/init
	expect 3 enc-eif --blobs b "$arm"
	[ ! -e application.eif ]
}

@test "blobs: their own init is there, and for the image's architecture" {
	local words='is not a program for'
	for_arm
	fake_blobs b
	fake_image b/Image
	expect 3 enc-eif --init blobs --blobs b "$arm"
	same "" "$output"
	same "enc-eif: 'init' of 'b' $words aarch64: use --init=own" "$stderr"
	expect 0 enc-eif -q --init blobs --blobs b "$image"
	expect 0 enc-eif -q --blobs b "$arm"
	fake_odyn b/init b7
	expect 0 enc-eif -q --init blobs --blobs b "$arm"
	rm application.eif
	mkdir b/aarch64
	cp b/Image b/cmdline b/aarch64
	fake_odyn b/aarch64/init
	expect 3 enc-eif --init blobs --blobs b "$arm"
	contains "$stderr" "'init' of 'b/aarch64' $words aarch64"
	: >b/init
	expect 3 enc-eif --init blobs --blobs b "$image"
	contains "$stderr" "'init' of 'b' $words x86_64"
	rm b/init
	expect 3 enc-eif --init blobs --blobs b "$image"
	same "enc-eif: 'b' has no 'init': use --init=own" "$stderr"
	[ ! -e application.eif ]
}

@test "blobs: out of an image they are the same as in a folder" {
	fake_blobs b
	mkdir b/modules
	echo m1 >b/modules/a.ko
	{
		echo 'config {}'
		echo layer
		for file in bzImage bzImage.config cmdline init nsm.ko modules/a.ko; do
			printf "file usr/share/nitro_enclaves/blobs/%s data='%s'\\n" \
				$file "$(python3 -c 'import sys
print("".join("\\x%02x" % c for c in open(sys.argv[1], "rb").read()))' b/$file)"
		done
	} >description
	cli=$(mkimage layout nitro-cli:1 <description)
	expect 0 enc-eif -q --blobs b -o folder.eif "$image"
	expect 0 enc-eif -q --blobs "$cli" -o image.eif "$image"
	cmp folder.eif image.eif
	expect 0 enc-eif -q --init blobs --blobs "$cli" -o init.eif "$image"
	[ "$(enc-inspect pcrs init.eif)" != "$(enc-inspect pcrs image.eif)" ]
	expect 3 enc-eif --blobs "$image" "$image"
	contains "$stderr" 'blobs'
}
