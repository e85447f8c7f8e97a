#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kubernetes.bats - the examples for Kubernetes and ECS: schemas, and that the
# numbers in them agree with each other and with enc-run
load ../helpers

local_setup() {
	requires python3 jq
	examples=$abs_top_srcdir/share/examples
}

# validated: requires kubernetes-validate, whose schemas are those of Kubernetes;
# turns $1 into kubernetes.json, a list of the objects in it.
validated() {
	requires kubernetes-validate
	# Its interpreter has a module for YAML.
	"$(dirname "$(readlink -f "$(command -v kubernetes-validate)")")/python3" \
		-c 'import json, sys, yaml
json.dump(list(yaml.safe_load_all(open(sys.argv[1]))), sys.stdout)' \
		"$1" >kubernetes.json
	run kubernetes-validate --strict --no-warn "$1"
}

# of FILTER [FILE]: what jq finds, in the Deployment's container
of() {
	jq -r ".[] | select(.kind == \"Deployment\").spec.template.spec |
		.containers[0] as \$c | $1" kubernetes.json
}

# option NAME FILE: the word after it, in a JSON list
option() {
	jq -r --arg name "$1" '.[index($name) + 1]' "$2"
}

@test "kubernetes: the example is what the schemas say" {
	validated "$examples/kubernetes.yaml"
	same 0 "$status" "$output"
	same 'Deployment
Service' "$(jq -r '.[].kind' kubernetes.json)"
	# It would say so.
	sed 's/localhostProfile/localProfile/' "$examples/kubernetes.yaml" >bad.yaml
	validated bad.yaml
	same 1 "$status" "$output"
	contains "$output" localProfile
	sed 's/containerPort: 8080/containerPort: "8080"/' \
		"$examples/kubernetes.yaml" >bad.yaml
	validated bad.yaml
	same 1 "$status" "$output"
}

# enc_run_takes FILE: enc-run --check with the words of that JSON list
enc_run_takes() {
	local args
	mapfile -t args < <(jq -r '.[]' "$1")
	[ "${#args[@]}" -gt 0 ]
	expect 6 enc-run "${args[@]}" --check "$T/none.eif"
	same "enc-run: cannot open '$T/none.eif': No such file or directory" "$stderr"
	# It would not have come to that.
	expect 125 enc-run "${args[@]}" --no-such --check "$T/none.eif"
}

@test "kubernetes: what it is given is what enc-run takes and needs" {
	validated "$examples/kubernetes.yaml"
	of '$c.args' >args
	enc_run_takes args
	# longer than the request to stop, by more than a moment
	[ "$(of .terminationGracePeriodSeconds)" -ge "$(($(option --grace args) + 10))" ]
	# The enclave's memory, twice; never another request than the limit.
	same "$(option --memory-mb args)" \
		"$(($(of '$c.resources.limits["hugepages-1Gi"] | rtrimstr("Gi")') * 1024))"
	same true "$(of '$c.resources | . as $r | [.limits | keys[] |
		select(test("hugepages|nitro"))] |
		length == 2 and all($r.limits[.] == $r.requests[.])')"
	# A container is one enclave, and a node has no memory for the next one too.
	same 1 "$(of '$c.resources.limits["aws.ec2.nitro/nitro_enclaves"]')"
	same 0 "$(jq '.[0].spec.strategy.rollingUpdate.maxSurge' kubernetes.json)"
	# as long as enc-run waits for a boot
	[ "$(of '$c.startupProbe | .periodSeconds * .failureThreshold')" -ge 180 ]
	# Probes and the Service lead to a port that there is.
	same '["http"]' "$(jq -c '[.. | .httpGet?.port?, .targetPort? // empty |
		select(. != null)] | unique' kubernetes.json)"
	same http "$(of '$c.ports[].name')"
	# Confined, by the profile that is installed.
	same '{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"readOnlyRootFilesystem":true,"seccompProfile":{"localhostProfile":"enclaver/seccomp.json","type":"Localhost"}}' \
		"$(of '$c.securityContext' | jq -cS .)"
	[ -e "$abs_top_builddir/share/enclaver/seccomp.json" ]
	# What is written to.
	same '/run
/tmp' "$(of '$c.volumeMounts[].mountPath')"
	same "$(of '[$c.volumeMounts[].name] | sort')" "$(of '[.volumes[].name] | sort')"
	# The Service's pods are the Deployment's.
	same true "$(jq '(.[0].spec.template.metadata.labels) as $l |
		$l == .[0].spec.selector.matchLabels and $l == .[1].spec.selector' \
		kubernetes.json)"
}

@test "ecs: the task has the device, the room and the time that it needs" {
	local c='.containerDefinitions[0]' task=$examples/ecs-task.json
	jq "$c.command" "$task" >args
	enc_run_takes args
	[ "$(jq "$c.stopTimeout" "$task")" -ge "$(($(option --grace args) + 10))" ]
	same '["EC2"]' "$(jq -c .requiresCompatibilities "$task")"
	same '[{"hostPath":"/dev/nitro_enclaves","containerPath":"/dev/nitro_enclaves","permissions":["read","write"]}]' \
		"$(jq -c "$c.linuxParameters.devices" "$task")"
	same '/run /tmp' "$(jq -r "[$c.linuxParameters.tmpfs[].containerPath] | join(\" \")" "$task")"
	same '{"drop":["ALL"]}' "$(jq -c "$c.linuxParameters.capabilities" "$task")"
	same 'null true' "$(jq -r "$c | \"\(.privileged) \(.readonlyRootFilesystem)\"" "$task")"
	# what README tells to put on an instance is JSON, too
	contains "$(grep seccomp-profile "$examples/README" | jq -r '."seccomp-profile"')" \
		/share/enclaver/seccomp.json
}
