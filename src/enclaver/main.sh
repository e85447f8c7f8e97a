# SPDX-License-Identifier: Apache-2.0
# main.sh - the verb and the options, and whose they are

# check PROGRAM OPTION VALUE: the rules for a value are those of its program.
check() {
	why=$("$1" "$2" "$3" --version 2>&1 >/dev/null) ||
		usage_error "$(printf '%s\n' "$why" | sed -n "1s/^$1: //p")"
}

# The rules for ports are enc-run's, but that they are words.
add_ports() {
	case $1 in
	none) ;;
	*[!0-9A-Fa-f.:\[\]]*) usage_error "--publish is [ADDRESS:]HOST:ENCLAVE, not '$1'" ;;
	esac
	ports="$ports${ports:+ }-p $1"
}

# A word that is no option: a verb, then the image for run.
take_word() {
	case $verb:$1 in
	:build | :run) verb=$1 ;;
	run:*)
		[ -z "$image" ] || usage_error "more than one image: '$1'"
		case $1 in
		*.yaml | *.yml) [ ! -e "$1" ] || usage_error "a manifest goes with -f: '$1'" ;;
		esac
		image=$1 ;;
	*) usage_error "'build' takes no argument: '$1'" ;;
	esac
}

file='' blobs='' eif_only='' max_size='' log_buffer='' pull='' talk='' platform=''
engine='' ports='' image='' target='' here='' run_only='' build_only='' base_images=''

case ${1-} in
help) help && exit ;;
ps) exec enc-run "$@" ;;
'' | -* | build | run) ;;
*)
	verb=$1
	case $verb in
	*[!a-z]*) usage_error "unknown verb '$verb'" ;;
	esac
	command -v "enc-$verb" >/dev/null || usage_error "unknown verb '$verb'"
	shift
	# What the manifest names is what to push, when nothing else is named.
	[ "$verb" != push ] || set -- -f enclaver.yaml "$@"
	exec "enc-$verb" "$@"
	;;
esac

# What is for enc-run goes round to the end.
left=$#
while [ "$left" -gt 0 ]; do
	option=$1
	shift
	left=$((left - 1))
	value='' given=''
	case $option in
	--*=*) value=${option#*=} given=$option option=${option%%=*} ;;
	-[fp]?*) value=${option#??} given=$option option=${option%"$value"} ;;
	-[dqvhV]?*)
		rest=${option#??} option=${option%"${option#??}"}
		set -- "-$rest" "$@"
		left=$((left + 1)) ;;
	esac
	# Whose it is, when only one verb has it, and whether it takes a value.
	takes=yes
	case $option in
	-f | --file | --max-size) ;;
	--blobs | --eif-only | --log-buffer | --platform) build_only=$option ;;
	--eif[-_]file | --manifest[-_]file | --expect | --status[-_]fd)
		run_only=$option here=$option ;;
	-p | --publish | --engine | --launcher | --cpu[-_]count | --memory[-_]mb | --cid | \
	--grace | --boot[-_]timeout | --restart | --resolver) run_only=$option ;;
	-d | --debug[-_]mode | --check) run_only=$option takes='' ;;
	--base-images) build_only=$option takes='' ;;
	--pull | -[qvhV] | --quiet | --verbose | --help | --version | [!-]*) takes='' ;;
	*) usage_error "unknown option '${given:-$option}'" ;;
	esac
	if [ -n "$takes" ]; then
		if [ -z "$given" ] && [ "$left" -gt 0 ]; then
			value=$1
			shift
			left=$((left - 1))
		fi
		# Nor is a script's unset variable one.
		[ -n "$value" ] || usage_error "option '$option' needs a value"
	elif [ -n "$given" ]; then
		usage_error "unknown option '$given'"
	fi
	case $option in
	-f | --file) file=$value ;;
	--blobs) blobs=$value ;;
	--base-images) base_images=yes ;;
	--eif-only) eif_only=$value ;;
	--max-size) max_size=$value ;;
	--log-buffer) log_buffer=$value ;;
	--platform) platform=$value ;;
	--pull) pull=yes ;;
	--engine) engine=$value ;;
	-p | --publish) add_ports "$value" ;;
	-q | --quiet) talk=-q ;;
	-v | --verbose) talk=-v ;;
	-h | --help) help && exit ;;
	-V | --version) out <<END && exit
enclaver (enclaver) @VERSION@
END
	;;
	-d | --check | --debug[-_]mode) set -- "$@" "$option" ;;
	-*) set -- "$@" "$option" "$value" ;;
	*) take_word "$option" ;;
	esac
done
[ -n "$verb" ] || usage_error "no verb: build, run, push, ps, pull, amend, eif, release, inspect"
[ -z "$max_size" ] || check enc-pull --max-size "$max_size"
[ -z "$platform" ] || check enc-pull --platform "$platform"
[ -z "$log_buffer" ] || check enc-amend --log-buffer "$log_buffer"
if [ -n "$image" ] && [ -n "$file" ]; then
	hint=
	[ "$image" = "${image%.eif}" ] || hint="; for an EIF: --manifest-file $file"
	usage_error "an image or a manifest, not both: '$image' and '$file'$hint"
fi
: "${file:=enclaver.yaml}"
if [ "$verb" = build ]; then
	[ -z "$run_only" ] || usage_error "option '$run_only' is for run"
	build
	exit
fi
[ -z "$build_only" ] || usage_error "option '$build_only' is for build"
case $engine in
'') run_release "$@" ;;
docker | podman) run_by_engine "$@" ;;
*) usage_error "--engine is docker or podman, not '$engine'" ;;
esac
