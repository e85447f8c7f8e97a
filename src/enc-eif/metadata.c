/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metadata.c - the metadata section, as AWS's builder serialises it
 *
 * contract.md section 1: compact JSON, members in this order.
 */
#include "base/clock.h"
#include "config.h"
#include "enc-eif/enc-eif.h"

char *identity_text(const struct eif_identity *id)
{
	AUTO_JSON json_t *all = json_object();
	json_t *build = json_object();
	char when[CLOCK_TEXT];

	clock_format(id->build_time, when);
	json_put_str(build, "BuildTime", when);
	json_put_str(build, "BuildTool", PACKAGE_NAME);
	json_put_str(build, "BuildToolVersion", PACKAGE_VERSION);
	json_put_str(build, "OperatingSystem", id->os);
	json_put_str(build, "KernelVersion", id->kernel);
	json_put_str(all, "ImageName", id->name);
	json_put_str(all, "ImageVersion", id->version);
	json_put(all, "BuildMetadata", build);
	json_put(all, "DockerInfo", id->docker_info ?
		 json_deep_copy(id->docker_info) : json_null());
	json_put(all, "CustomMetadata", json_null());
	return json_text_ordered(all);
}
