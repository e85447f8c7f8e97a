#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build-and-publish-nitro-cli.sh - the image that kernels come from
set -eu

name='build-and-publish-nitro-cli.sh'
# shellcheck source=scripts/base-images.sh
. "$(dirname "$0")/base-images.sh"

help() {
	cat <<'END'
usage: build-and-publish-nitro-cli.sh --tag TAG [OPTION]...
Makes the image nitro-cli:TAG of AWS's packages: nitro-cli and the kernels.
With --engine the packages come from Amazon Linux 2023, in a container.  Without,
the image goes into the store, and no daemon is asked: it holds what is named by
--rpm or --blobs, and is made by the suite, which has to be in PATH.  "dnf download aws-nitro-enclaves-cli
aws-nitro-enclaves-cli-devel" on Amazon Linux brings the packages.

      --tag TAG          the image's tag
      --registry R       call it R/nitro-cli:TAG
      --push             push it there, too
      --engine ENGINE    by docker, podman or buildah, which then has the image
      --rpm FILE         what this package holds; again for each
      --blobs DIR        the kernel of this folder, without a nitro-cli
      --arch ARCH        what it is for, x86_64 or aarch64 (this machine's)
      --dry-run          print the commands, run none
  -h, --help             this text
END
}

# For who has no nitro-cli in it the image has nothing to run.
config='{"Entrypoint":["/usr/bin/nitro-cli"],"WorkingDir":"/build"}'

# Sets root to what the packages hold.
unpack_rpms() {
	step mkdir -p "$root" || no_copy
	# Names of packages have no newline.
	while IFS= read -r rpm; do
		step bsdtar -x -f "$rpm" -C "$root" --no-same-owner \
			--no-same-permissions || die 3 "cannot unpack '$rpm'"
	done <<END
$rpms
END
}

copy_blobs() {
	[ -n "$dry_run" ] || [ -d "$blobs" ] || die 6 "'$blobs' is no folder"
	{
		step mkdir -p "$root/usr/share/nitro_enclaves/blobs" &&
			step cp -RL "$blobs/." "$root/usr/share/nitro_enclaves/blobs" &&
			step chmod -R u=rwX,go=rX "$root/usr/share/nitro_enclaves/blobs"
	} || no_copy
	config='{}'
}

no_copy() {
	die 6 "cannot copy '${blobs:-$from}' to '$root'"
}

no_push() {
	die 5 "$engine does not push '$image', see above"
}

# A package that is not the right one would make an image of no use.
check_kernel() {
	machine=${arch:-$(uname -m)}
	case $machine in
	aarch64) kernel=Image ;;
	*) kernel=bzImage ;;
	esac
	has=$root/usr/share/nitro_enclaves/blobs
	[ -n "$dry_run" ] || [ -e "$has/$kernel" ] || [ -e "$has/$machine/$kernel" ] ||
		die 3 "there is no $kernel in '${blobs:-$from}', the kernel for $machine: aws-nitro-enclaves-cli-devel is the package that has it"
}

tag='' registry='' push='' rpms='' from='' blobs=''
while [ $# -gt 0 ]; do
	take_option "$@"
	case $1 in
	--tag) tag=${2-} took=2 ;;
	--registry) registry=${2-} took=2 ;;
	--push) push=yes took=1 ;;
	--rpm)
		from="$from${from:+ }${2-}" took=2
		rpms="$rpms${rpms:+
}${2-}" ;;
	--blobs) blobs=${2-} took=2 ;;
	--arch) take_arch "${2-}" ;;
	esac
	check_taken "$@"
	shift "$took"
done
[ -n "$tag" ] || usage_error "there is no --tag"
case $tag in
[!A-Za-z0-9_]* | *[!A-Za-z0-9_.-]*) usage_error "'$tag' is no tag" ;;
esac
case $blobs in
-*) blobs=./$blobs ;;
esac
[ -z "$push" ] || [ -n "$registry" ] || usage_error "--push wants --registry"
[ -z "$engine" ] || [ -z "$rpms$blobs" ] ||
	usage_error "--rpm and --blobs are for what no engine builds"
if [ -z "$engine$rpms$blobs" ] || { [ -n "$rpms" ] && [ -n "$blobs" ]; }; then
	usage_error "--engine, --rpm or --blobs: one of them"
fi

image=${registry:+${registry%/}/}nitro-cli:$tag
if [ -n "$engine" ]; then
	need "$engine"
	by_engine nitro-cli.dockerfile "$image" "$top/dockerfiles"
	case $push:$engine in
	yes:buildah) step buildah push "$image" "docker://$image" || no_push ;;
	yes:*) step "$engine" push "$image" || no_push ;;
	esac
else
	need enc-pull ${rpms:+bsdtar} ${push:+enc-push}
	make_work
	root=$work/nitro-cli
	if [ -n "$rpms" ]; then
		unpack_rpms
	else
		copy_blobs
	fi
	check_kernel
	to_store "$image" "$root" "$config"
	[ -z "$push" ] || step enc-push "$image"
fi
[ -n "$dry_run" ] || [ -z "$push" ] ||
	echo "$name: to make it the default: nitro_cli_image=$image in /etc/enclaver/enclaver.conf" >&2
