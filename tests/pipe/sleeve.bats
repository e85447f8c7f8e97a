#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# sleeve.bats - the built-in sleeve.  It is enc-run, static, of which sanitizers
# have no form: their build leaves this file out
load ../helpers
load ../peers

local_setup() {
	given_pipeline
	sed -i '/sleeve:/d' enclaver.yaml
}

@test "enclaver build: without a sleeve the release is enc-run, and starts anywhere" {
	expect 0 enclaver build -f enclaver.yaml
	same "builtin sha256:$(sha256sum <"$(command -v enc-run)" | cut -d' ' -f1)" \
		"$(jq -r '.Sources.Sleeve | "\(.Name) \(.ID)"' <<<"$output")"
	digest=$(jq -r .Image.RepoDigest <<<"$output")
	enc-push -q -f enclaver.yaml >pushed
	same "$digest" "$(cat pushed)"
	skopeo copy -q --src-tls-verify=false "docker://$(cat pushed)" "oci:$T/copy:x"
	umoci unpack --rootless --image "$T/copy:x" bundle
	same "enclaver-run (enclaver) $ENC_VERSION" \
		"$(env -i bundle/rootfs/usr/local/bin/enclaver-run --version)"
	# From the image as it was unpacked, and as it lies in the store.
	run -0 --separate-stderr bundle/rootfs/usr/local/bin/enclaver-run \
		--eif-file bundle/rootfs/enclave/application.eif \
		--manifest-file bundle/rootfs/enclave/enclaver.yaml print-manifest
	same "$(cat enclaver.yaml)" "$output"
	expect 0 enc-run describe-eif "$registry_url/team/app:enclave"
	same "$(pcr 0 bundle/rootfs/enclave/application.eif)" \
		"$(jq -r .Measurements.PCR0 <<<"$output")"
}
