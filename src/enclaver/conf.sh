# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# conf.sh - the one reader of enclaver.conf, for "enclaver" and for scripts/
#
# die is that of who has it.

# conf_file FILE: sets nitro_cli_image, odyn_image and sleeve_image to what its
# lines say.
conf_file() {
	{ [ -r "$1" ] && [ ! -d "$1" ]; } || die 6 "cannot read '$1': is it there, and is ENCLAVER_CONF right?"
	conf_number=0 conf_seen=
	while IFS= read -r conf_line || [ -n "$conf_line" ]; do
		conf_number=$((conf_number + 1))
		conf_key=${conf_line%%=*} conf_value=${conf_line#*=}
		case $conf_line in
		'' | '#'*) continue ;;
		*=*) ;;
		*) die 3 "'$1' line $conf_number is not KEY=IMAGE: '$conf_line'" ;;
		esac
		case $conf_key in
		nitro_cli_image | odyn_image | sleeve_image) ;;
		*) die 3 "'$1' line $conf_number has no key of enclaver.conf: '$conf_key'" ;;
		esac
		case $conf_value in
		'' | *[!A-Za-z0-9._:/@+,=%~-]*)
			die 3 "'$1' line $conf_number: the value of $conf_key is no image: '$conf_value'" ;;
		esac
		case " $conf_seen " in
		*" $conf_key "*) die 3 "'$1' line $conf_number has $conf_key once more" ;;
		esac
		conf_seen="$conf_seen $conf_key"
		eval "$conf_key=\$conf_value"
	done <"$1"
}

# conf_read FILE: where an administrator has none, what is set stays.
# ENCLAVER_CONF names another, which has to be there.
conf_read() {
	if [ -n "${ENCLAVER_CONF:-}" ]; then
		conf_file "$ENCLAVER_CONF"
	elif [ -e "$1" ]; then
		conf_file "$1"
	fi
}
