/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_eif.c - a whole EIF: header, sections, measurements, signature
 */
#include <sys/mman.h>

#include "base/io.h"
#include "eif/eif_read.h"
#include "eif/measurements.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_EIF_INFO struct eif_info info = EIF_INFO_INIT;
	AUTO_CLOSE int fd = memfd_create("eif", MFD_CLOEXEC);
	AUTO_JSON json_t *pcrs = NULL;
	struct err e;

	fuzz_must(fd >= 0 && io_pwrite(fd, data, len, 0) == 0);
	if (eif_read(fd, "input", &info, &e) < 0)
		return 0;
	for (size_t i = 0; i < info.n_sections; i++)
		fuzz_must(info.sections[i].offset <= len &&
			  info.sections[i].size <=
				  len - info.sections[i].offset);
	if (eif_measure(fd, "input", &info, &e) < 0)
		return 0;
	pcrs = measurements_json(&info.pcrs);
	/* A verdict needs the right CRC, whatever the signature says. */
	if (eif_judge(&info, "input", 0, &e) == 0)
		fuzz_must(info.crc == info.crc_computed);
	return 0;
}
