/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measurements.c - PCRs as Enclaver prints them
 */
#include "eif/measurements.h"

static void put(json_t *j, const char *key, const uint8_t pcr[SHA384_LEN])
{
	char hex[SHA384_HEX];

	hex_encode(pcr, SHA384_LEN, hex);
	json_put_str(j, key, hex);
}

json_t *measurements_json(const struct pcrs *pcrs)
{
	json_t *j = json_object();

	put(j, "PCR0", pcrs->pcr[0]);
	put(j, "PCR1", pcrs->pcr[1]);
	put(j, "PCR2", pcrs->pcr[2]);
	if (pcrs->has_pcr8)
		put(j, "PCR8", pcrs->pcr8);
	return j;
}
