# SPDX-License-Identifier: Apache-2.0
# build.sh - "enclaver build": pull, amend, eif, release

# source_of PART: what the manifest names there, or nothing.
source_of() {
	printf '%s\n' "$sources" | sed -n "s/^$1 //p"
}

# Sets app, odyn, sleeve and target to what the manifest names.
read_sources() {
	sources=$(run_with_manifest enc-amend --sources)
	app=$(source_of app) odyn=$(source_of odyn)
	sleeve=$(source_of sleeve) target=$(source_of target)
}

# With --base-images, what is not named is what enclaver.conf names.
use_base_images() {
	nitro_cli_image=@nitro_cli_image@
	odyn_image=@odyn_image@
	sleeve_image=@sleeve_image@
	conf_read @sysconfdir@/enclaver/enclaver.conf
	: "${odyn:=$odyn_image}" "${sleeve:=$sleeve_image}"
	if [ -z "$blobs" ]; then
		fetch "$nitro_cli_image"
		blobs=$fetched
	fi
}

# Sets nitro_cli to the image that the kernel is from, when it is in one; enc-eif
# tells images and folders apart as we do.
name_kernel() {
	nitro_cli=${blobs:-${ENCLAVER_BLOBS-}}
	case $nitro_cli in
	oci:*) ;;
	[./]*) nitro_cli= ;;
	*) [ ! -d "$nitro_cli" ] || nitro_cli= ;;
	esac
}

# Sets amended to the path of the application's image with odyn in it.
amend() {
	fetch "$app"
	image=$fetched app_from=$from
	if [ -n "$odyn" ]; then
		fetch "$odyn"
		odyn=$fetched
	fi
	amended=$(run_with_manifest enc-amend ${odyn:+--odyn "$odyn"} \
		${log_buffer:+--log-buffer "$log_buffer"} -- "$image")
}

# make_eif OPTION...: of the amended image.
make_eif() {
	run_with_manifest enc-eif ${max_size:+--max-size "$max_size"} \
		${blobs:+--blobs "$blobs"} "$@" -- "$amended" >/dev/null
}

build_eif() {
	amend
	make_eif -o "$eif_only" --measurements "$scratch/measurements"
	out <<END
Built EIF: $eif_only
EIF Info:
$(cat "$scratch/measurements")
END
}

# make_work IMAGE-PATH: sets work to a new folder in its store, where there is
# room, and where a copy may share blocks.  Descriptor 4 locks it as long as a program of this build
# runs; one without a lock is what a killed build left.  Descriptor 5 keeps
# other builds from looking before there is a lock.
make_work() {
	store=${1#oci:}
	folder=${store%%:*}/tmp
	mkdir -p "$folder"
	exec 5<"$folder"
	flock 5 || die 6 "cannot lock '$folder'"
	for left in "$folder"/build.??????; do
		[ ! -d "$left" ] || flock -n "$left" rm -rf "$left" \
			2>/dev/null || :
	done
	work=$(mktemp -d "$folder/build.XXXXXX") ||
		die 6 "cannot make a temporary folder in '$folder'"
	exec 4<"$work"
	flock -s 4 || die 6 "cannot lock '$work'"
	exec 5<&-
}

build_release() {
	amend
	if [ -n "$sleeve" ]; then
		fetch "$sleeve"
		sleeve=$fetched
	fi
	name_kernel
	make_work "$amended"
	make_eif -o "$work/application.eif"
	# Whose application is in the daemon looks for the release there.
	output=
	[ "$app_from" != daemon ] || output=docker-daemon:
	run_with_manifest enc-release --json --amended "$amended" \
		${nitro_cli:+--nitro-cli "$nitro_cli"} \
		${sleeve:+--sleeve "$sleeve"} ${output:+--output "$output"} -- "$work/application.eif"
}

read_manifest() {
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/enclaver.XXXXXX") ||
		die 6 "cannot make a temporary folder: is TMPDIR right?"
	copy_manifest
	read_sources
}

build() {
	read_manifest
	[ -z "$base_images" ] || use_base_images
	if [ -n "$eif_only" ]; then
		build_eif
	else
		build_release
	fi
}
