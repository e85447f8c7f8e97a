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
	images = gsub(/(^|\/)image$/, "", words)
	gsub(/\//, " ", words)
	if (words ~ /^(file|dir|text)$/)
		words = ""
	if (option == "")
		files = value ~ /(file|image)$/
	if (shell == "bash")
		bash(option, value, words)
	else if (shell == "zsh")
		zsh(option, value, words, what)
	else
		fish(option, value, words, what)
}

function bash(option, value, words,    pattern) {
	if (option == "") {
		arguments = reply(words, images, files)
		return
	}
	options = options " " option
	if (value == "")
		return
	pattern = option
	sub(/,/, " | ", pattern)
	cases = cases "\t" pattern ")\n\t\t"
	if (value == "dir")
		cases = cases "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")"
	else if (value == "text")
		cases = cases "COMPREPLY=()"
	else
		cases = cases reply(words, images, value ~ /(file|image)$/)
	cases = cases "\n\t\t;;\n"
}

# What COMPREPLY becomes: words, the names of images, files.
function reply(words, images, files,    all) {
	if (words != "")
		all = "; compgen -W '" words "' -- \"$cur\""
	if (images)
		all = all "; _enclaver_images"
	if (files)
		all = all "; compgen -f -- \"$cur\""
	return all == "" ? "COMPREPLY=()" : \
		"mapfile -t COMPREPLY < <(" substr(all, 3) ")"
}

# The names in the store, as one says them: its index is one line, as the programs
# write it.  They are somebody else's: nothing that expands words may see them.  Bash takes a
# colon and "=" for the end of a word, and wants what comes behind.
function bash_images() {
	print "_enclaver_images() {"
	print "\tlocal store=$HOME/.cache name word=${COMP_LINE:0:COMP_POINT}"
	print "\tword=${word##*[[:space:]]}"
	print "\tword=${word#--*=}"
	store_in_sh("\t")
	print "\twhile IFS= read -r name; do"
	print "\t\tif [[ $name == \"$word\"* ]]; then printf '%s\\n' \"${name#\"${word%\"${word##*:}\"}\"}\"; fi"
	print "\tdone < <(" names_of_index("$store") ")"
	print "}"
}

# For bash and zsh: $store is where the programs have it.
function store_in_sh(tabs) {
	print tabs "if [[ ${XDG_CACHE_HOME-} == /* ]]; then store=$XDG_CACHE_HOME; fi"
	print tabs "if [[ $EUID -eq 0 ]]; then store=/var/cache; fi"
	print tabs "store=${ENCLAVER_STORE:-$store/enclaver}"
}

function names_of_index(store) {
	return "grep -o '\"org.opencontainers.image.ref.name\":\"[^\"@]*\"' \"" store \
		"/index.json\" 2>/dev/null | cut -d '\"' -f 4" \
		" | sed 's|^docker\\.io/\\(library/\\)*||'"
}

function bash_all(    name, i, pattern) {
	bash_images()
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
	options = cases = ""
	arguments = "COMPREPLY=()"
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
	print "\t\t\t" arguments
	print "\t\tfi"
	print "\t\t;;"
	print "\tesac"
	print "}"
}

function zsh(option, value, words, what,    action, both, two) {
	action = words != "" ? "(" words ")" : value == "dir" ? "_files -/" : \
		value == "text" ? " " : images ? "_enclaver_images" : "_files"
	if (option == "") {
		argument = action
		if (words != "" && images)
			argument = "_alternative '\\''words:word:" action "'\\'' '\\''images:image:_enclaver_images'\\''"
		return
	}
	gsub(/'/, "'\\''", what)
	gsub(/[][]/, "\\\\&", what)
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
	print "_enclaver_images() {"
	print "\tlocal store=$HOME/.cache"
	store_in_sh("\t")
	print "\tcompadd -- ${(f)\"$(" names_of_index("$store") ")\"}"
	print "\t_files"
	print "}"
	print "local part=$service word"
	print "if [[ $part == enclaver ]]; then"
	print "\tfor word in ${words[2,CURRENT-1]}; do"
	print "\t\tcase $word in" turns "\n\t\tesac"
	print "\tdone\nfi"
	print "case $part in" body "\nesac"
}

function zsh_part(command, label) {
	argument = " "
	body = body "\n" label ")\n\t_arguments -s -S"
	add_all(command)
	body = body " \\\n\t\t'*: :" argument "'\n\t;;"
}

function fish_all(    i) {
	when = ""
	print "function __enclaver_images"
	print "\tset -l store $HOME/.cache"
	print "\tstring match -q '/*' -- \"$XDG_CACHE_HOME\"; and set store $XDG_CACHE_HOME"
	print "\ttest (id -u) = 0; and set store /var/cache"
	print "\tset -q ENCLAVER_STORE; and set store $ENCLAVER_STORE; or set store $store/enclaver"
	print "\t" names_of_index("$store")
	print "end"
	print "complete -c " program " -f"
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
}

function fish(option, value, words, what,    both, i, n) {
	if (option == "") {
		if (words != "")
			print "complete -c " program (when ? when : " -n __fish_use_subcommand") " -a '" words "'"
		if (images)
			print "complete -c " program when " -a '(__enclaver_images)'"
		if (files)
			print "complete -c " program when " -F"
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
	else if (images)
		printf " -r -F -a '(__enclaver_images)'"
	else if (value != "")
		printf " -r -F"
	gsub(/'/, "\\'", what)
	printf " -d '%s'\n", what
}
