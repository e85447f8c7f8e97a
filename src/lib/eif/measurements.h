/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measurements.h - PCRs as Enclaver prints them
 */
#ifndef ENC_EIF_MEASUREMENTS_H
#define ENC_EIF_MEASUREMENTS_H

#include "base/json.h"
#include "eif/eif.h"

/* {"PCR0":"HEX","PCR1":…,"PCR2":…}, with "PCR8" when signed: the value of
 * "Measurements" wherever Enclaver's JSON has it.  New reference. */
json_t *measurements_json(const struct pcrs *pcrs);

#endif
