/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - what enc-eif says of the EIF that it made
 */
#include <string.h>

#include "base/arch.h"
#include "base/io.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "eif/measurements.h"
#include "enc-eif/enc-eif.h"

#define MEMORY_MIN UINT64_C(64)		/* MiB, whatever the size */
#define MIB	   (UINT64_C(1) << 20)

/* MiB that the enclave needs at least (contract.md section 2): 4 times the EIF
 * by AWS's rule; the root is a tmpfs of half of the memory, and the ramdisk is
 * there too while it is unpacked. */
static uint64_t memory_mib(const struct eif_report *r)
{
	uint64_t by_rule = 4 * r->size;
	uint64_t by_root = 2 * r->unpacked + r->ramdisks;
	uint64_t bytes = by_rule > by_root ? by_rule : by_root;
	uint64_t mib = (bytes + MIB - 1) / MIB;

	return mib < MEMORY_MIN ? MEMORY_MIN : mib;
}

static json_t *hex(const uint8_t pcr[SHA384_LEN])
{
	char text[SHA384_HEX];

	hex_encode(pcr, SHA384_LEN, text);
	return json_string(text);
}

static const char *machine(const struct eif_report *r)
{
	return arch_machine(eif_arch_oci(r->arch));
}

void report_print(const struct eif_report *r)
{
	char text[SHA384_HEX];

	cli_note("the EIF is for %s and has %llu bytes", machine(r),
		 (unsigned long long)r->size);
	for (int i = 0; i < 3; i++) {
		hex_encode(r->pcrs.pcr[i], SHA384_LEN, text);
		cli_note("PCR%d %s", i, text);
	}
	if (r->pcrs.has_pcr8) {
		hex_encode(r->pcrs.pcr8, SHA384_LEN, text);
		cli_note("PCR8 %s", text);
	}
	cli_note("the enclave needs at least %llu MiB of memory",
		 (unsigned long long)memory_mib(r));
}

int report_measurements(const struct eif_report *r, struct outfile *out,
			const char *file, struct err *e)
{
	AUTO_JSON json_t *all = json_object();
	AUTO_FREE char *line = NULL;
	AUTO_FREE char *text = NULL;

	json_put(all, "Measurements", measurements_json(&r->pcrs));
	text = json_text_ordered(all);
	line = xasprintf("%s\n", text);
	if (io_write(out->fd, line, strlen(line)) < 0)
		return err_sys(e, "cannot write '%s'", file);
	return outfile_commit(out, file, 0666, e);
}

char *report_json(const struct eif_report *r, const char *path)
{
	AUTO_JSON json_t *all = json_object();

	json_put_str(all, "schema", "enc-eif/1");
	json_put_str(all, "eif", path);
	json_put_str(all, "architecture", machine(r));
	json_put(all, "size", json_integer((json_int_t)r->size));
	json_put(all, "memory_mib", json_integer((json_int_t)memory_mib(r)));
	json_put(all, "signed", json_boolean(r->pcrs.has_pcr8));
	json_put(all, "pcr0", hex(r->pcrs.pcr[0]));
	json_put(all, "pcr1", hex(r->pcrs.pcr[1]));
	json_put(all, "pcr2", hex(r->pcrs.pcr[2]));
	if (r->pcrs.has_pcr8)
		json_put(all, "pcr8", hex(r->pcrs.pcr8));
	return json_text(all);
}
