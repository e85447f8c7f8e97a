# SPDX-License-Identifier: Apache-2.0
# completions.awk - make a shell's completions of share/completions/options
#
# awk -v shell=bash|fish -v program=PROGRAM, for one program, or shell=zsh for
# all of them in one file.
BEGIN { FS = "|" }
/^#/ { next }
{
	lines++
	of[lines] = $1
	option_of[lines] = $2
	value_of[lines] = $3
	what_of[lines] = $4
}
$1 !~ /[* ]/ && $1 != last {
	last = $1
	programs[++n_programs] = $1
	names = names " " $1
}
$1 == "enclaver" && $2 == "" { n_verbs = split($3, verbs, "/") }

END {
	if (shell == "zsh")
		zsh_all()
	else {
		print "# SPDX-License-Identifier: Apache-2.0"
		if (shell == "bash")
			bash_all()
		else
			fish_all()
	}
}

# The command whose lines are those of enclaver's verb: its own, or a program's
# (its run takes more than enc-run does).
function command_of(verb,    i) {
	for (i = 1; i <= lines; i++)
		if (of[i] ~ "^(enclaver |enc-run |enc-)" verb "$" && of[i] != "enc-run")
			return of[i]
	return "enclaver " verb
}

# Whether line i is for command: a program, or one with a verb.
function is_for(i, command) {
	if (of[i] == "*" || of[i] == command)
		return 1
	if (index(of[i], command " ") == 1)
		return command != "enclaver"
	if (option_of[i] == "" || command == "enclaver help")
		return 0
	return command ~ /^enclaver / && of[i] == "enclaver" ||
		command == "enclaver run" && of[i] == "enc-run"
}

# add() for each line of the command, and once for each option.
function add_all(command,    i, had) {
	for (i = 1; i <= lines; i++)
		if (is_for(i, command) && !((option_of[i]) in had)) {
			had[option_of[i]]
			add(option_of[i], value_of[i], what_of[i])
		}
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

function bash_all(    name, i, pattern) {
	name = "_" program
	gsub(/-/, "_", name)
	if (program != "enclaver")
		bash_function(name, program)
	else {
		bash_function("_enclaver_any", "enclaver")
		for (i = 1; i <= n_verbs; i++) {
			bash_function("_enclaver_" verbs[i], command_of(verbs[i]))
			pattern = pattern (i > 1 ? " | " : "") verbs[i]
		}
		print "_enclaver() {"
		print "\tlocal verb=any word"
		print "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do"
		print "\t\tcase $word in"
		print "\t\t" pattern ") verb=$word && break ;;"
		print "\t\tesac"
		print "\tdone"
		print "\t\"_enclaver_$verb\""
		print "}"
	}
	print "complete -o filenames -F " name " " program
}

function bash_function(name, command) {
	arguments = options = cases = ""
	add_all(command)
	gsub(/,/, " ", options)
	print name "() {"
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

function zsh_all(    i) {
	for (i = 1; i <= n_programs; i++)
		zsh_part(programs[i], programs[i])
	for (i = 1; i <= n_verbs; i++) {
		turns = turns "\n\t\t" verbs[i] ") part='" command_of(verbs[i]) "' && break ;;"
		if (command_of(verbs[i]) ~ / /)
			zsh_part(command_of(verbs[i]), "'" command_of(verbs[i]) "'")
	}
	print "#compdef" names
	print "# SPDX-License-Identifier: Apache-2.0"
	print "local part=$service word"
	print "if [[ $part == enclaver ]]; then"
	print "\tfor word in ${words[2,CURRENT-1]}; do"
	print "\t\tcase $word in" turns "\n\t\tesac"
	print "\tdone\nfi"
	print "case $part in" body "\nesac"
}

function zsh_part(command, label) {
	argument = "_files"
	body = body "\n" label ")\n\t_arguments -s -S"
	add_all(command)
	body = body " \\\n\t\t'*: :" argument "'\n\t;;"
}

function fish_all(    i) {
	when = ""
	if (program != "enclaver")
		add_all(program)
	else {
		when = " -n __fish_use_subcommand"
		add_all(program)
		for (i = 1; i <= n_verbs; i++) {
			when = " -n '__fish_seen_subcommand_from " verbs[i] "'"
			add_all(command_of(verbs[i]))
		}
	}
	if (!no_files)
		print "complete -c " program " -F"
}

function fish(option, value, words, what,    both, i, n) {
	if (option == "") {
		if (words != "")
			print "complete -c " program (when ? when : " -n __fish_use_subcommand") " -a '" words "'"
		return
	}
	printf "complete -c %s%s", program, when
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
