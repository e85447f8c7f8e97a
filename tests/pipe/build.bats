# SPDX-License-Identifier: Apache-2.0
# build.bats - enclaver build: the whole pipeline from the manifest alone
load ../helpers
load ../peers

local_setup() {
	given_pipeline
}

# unpack IMAGE-PATH FOLDER
unpack() {
	local rest=${1#oci:}
	umoci unpack --rootless --image "${rest%%:*}:${rest#*:}" "$2"
}

@test "enclaver build: everything from the manifest alone, Enclaver's JSON" {
	mkdir project
	mv enclaver.yaml project
	expect 0 enclaver build -f project/enclaver.yaml
	json=$output
	same 'Image Measurements Sources' "$(jq -r 'keys | join(" ")' <<<"$json")"
	same 'App NitroCLI Odyn Sleeve' "$(jq -r '.Sources | keys | join(" ")' <<<"$json")"
	same 'PCR0 PCR1 PCR2' "$(jq -r '.Measurements | keys | join(" ")' <<<"$json")"
	for source in App Sleeve; do
		same 'ID Name RepoDigest' "$(jq -r ".Sources.$source | keys | join(\" \")" <<<"$json")"
	done
	same "$registry_url/team/app:1" "$(jq -r .Sources.App.Name <<<"$json")"
	contains "$(jq -r .Sources.App.RepoDigest <<<"$json")" "$registry_url/team/app@sha256:"
	same "builtin sha256:$(sha256sum <"$(our_odyn)" | cut -d' ' -f1)" \
		"$(jq -r '.Sources.Odyn | "\(.Name) \(.ID)"' <<<"$json")"
	same builtin "$(jq -r .Sources.NitroCLI.Name <<<"$json")"
	same "$registry_url/team/app:enclave" "$(jq -r .Image.Name <<<"$json")"

	# The release in the store holds what was measured.
	unpack "oci:$ENCLAVER_STORE:$registry_url/team/app:enclave" bundle
	for n in 0 1 2; do
		same "$(pcr $n bundle/rootfs/enclave/application.eif)" \
			"$(jq -r ".Measurements.PCR$n" <<<"$json")"
	done
	# And is what the pipeline makes.
	set -o pipefail
	enc-pull -q "$registry_url/team/app:1" | enc-amend -q -f project/enclaver.yaml |
		enc-eif -q -f project/enclaver.yaml >path
	same "$(jq -r .Measurements.PCR0 <<<"$json")" "$(pcr 0 application.eif)"
	cmp application.eif bundle/rootfs/enclave/application.eif
}

@test "enclaver build --eif-only, and the manifest from standard input" {
	expect 0 enclaver build --eif-only out.eif -f enclaver.yaml
	same 'Built EIF: out.eif' "${lines[0]}"
	same 'EIF Info:' "${lines[1]}"
	same "$(pcr 0 out.eif)" "$(tail -n +3 <<<"$output" | jq -r .Measurements.PCR0)"
	expect 0 bash -c 'enclaver build --eif-only in.eif -f - <enclaver.yaml'
	cmp out.eif in.eif
}

@test "enclaver build: an error is the tool's own status and sentence" {
	sed -i 's,team/app:1,team/none:1,' enclaver.yaml
	expect 5 enclaver build -f enclaver.yaml
	same '' "$output"
	contains "$stderr" 'team/none:1'
	expect 6 enclaver build -f nothing.yaml
	same '' "$output"
	contains "$stderr" "nothing.yaml"
}
