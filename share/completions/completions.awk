# SPDX-License-Identifier: Apache-2.0
# completions.awk - make a shell's completions of share/completions/options
#
# awk -v shell=bash|fish -v program=PROGRAM, for one program, or shell=zsh for
# all of them in one file.
BEGIN { FS = "|" }
/^#/ { next }
$1 == "*" { common[++commons] = $0 }
shell == "zsh" && $1 == "*" { next }
shell == "zsh" && $1 != last {
	if (last != "")
		zsh_end()
	last = $1
	names = names " " $1
	body = body "\n" $1 ")\n\t_arguments -s -S"
	for (i = 1; i <= commons; i++) {
		split(common[i], field)
		add(field[2], field[3], field[4])
	}
}
shell == "zsh" || $1 == "*" || $1 == program { add($2, $3, $4) }

END {
	if (shell == "bash")
		bash_end()
	if (shell == "zsh") {
		zsh_end()
		print "#compdef" names
		print "# SPDX-License-Identifier: Apache-2.0"
		print "case $service in" body "\nesac"
	}
	if (shell == "fish" && !no_files)
		print "complete -c " program " -F"
}

function add(option, value, what,    words) {
	words = value
	gsub(/\//, " ", words)
	if (value !~ /\//)
		words = ""
	if (option == "") {
		if (words == "" && value !~ /^(file|dir|image)$/)
			words = value
		no_files = words != ""
	}
	if (shell == "bash")
		bash(option, value, words)
	else if (shell == "zsh")
		zsh(option, value, words, what)
	else
		fish(option, value, words, what)
}

function bash(option, value, words,    pattern) {
	if (option == "") {
		arguments = words
		return
	}
	options = options " " option
	if (value == "")
		return
	pattern = option
	sub(/,/, " | ", pattern)
	cases = cases "\t" pattern ")\n\t\t"
	if (words != "")
		cases = cases "mapfile -t COMPREPLY < <(compgen -W '" words "' -- \"$cur\")"
	else if (value == "dir")
		cases = cases "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")"
	else if (value == "text")
		cases = cases "COMPREPLY=()"
	else
		cases = cases "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
	cases = cases "\n\t\t;;\n"
}

function bash_end(    name) {
	name = program
	gsub(/-/, "_", name)
	gsub(/,/, " ", options)
	print "# SPDX-License-Identifier: Apache-2.0"
	print "_" name "() {"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}"
	print "\tif [[ $cur == = ]]; then cur=; fi"
	print "\tif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi"
	print "\tcase $prev in"
	printf "%s", cases
	print "\t*)"
	print "\t\tif [[ $cur == -* ]]; then"
	print "\t\t\tmapfile -t COMPREPLY < <(compgen -W '" substr(options, 2) "' -- \"$cur\")"
	print "\t\telse"
	if (arguments != "")
		print "\t\t\tmapfile -t COMPREPLY < <(compgen -W '" arguments "' -- \"$cur\"; compgen -f -- \"$cur\")"
	else
		print "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
	print "\t\tfi"
	print "\t\t;;"
	print "\tesac"
	print "}"
	print "complete -o filenames -F _" name " " program
}

function zsh(option, value, words, what,    action, both, two) {
	action = words != "" ? "(" words ")" : value == "dir" ? "_files -/" : \
		value == "text" ? " " : "_files"
	if (option == "") {
		argument = words != "" ? "_alternative " "'\\''words:word:" action "'\\'' '\\''files:file:_files'\\''" : action
		return
	}
	gsub(/'/, "'\\''", what)
	two = split(option, both, ",") == 2
	body = body " \\\n\t\t"
	if (two)
		body = body "'(" both[1] " " both[2] ")'{" both[1] (value != "" ? "+" : "") "," both[2] (value != "" ? "=" : "") "}"
	else
		body = body "'" option (value != "" ? "=" : "") "'"
	body = body "'[" what "]" (value != "" ? ":value:" action : "") "'"
}

function zsh_end() {
	body = body " \\\n\t\t'*: :" argument "'\n\t;;"
}

function fish(option, value, words, what,    both, i, n) {
	if (option == "") {
		if (words != "")
			print "complete -c " program " -n __fish_use_subcommand -a '" words "'"
		return
	}
	printf "complete -c %s", program
	n = split(option, both, ",")
	for (i = 1; i <= n; i++)
		printf both[i] ~ /^--/ ? " -l %s" : " -s %s", substr(both[i], both[i] ~ /^--/ ? 3 : 2)
	if (words != "")
		printf " -x -a '%s'", words
	else if (value == "dir")
		printf " -x -a '(__fish_complete_directories)'"
	else if (value == "text")
		printf " -x"
	else if (value != "")
		printf " -r -F"
	gsub(/'/, "\\'", what)
	printf " -d '%s'\n", what
}
