/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_parts.h - what the files of the manifest share among themselves
 */
#ifndef ENC_MANIFEST_PARTS_H
#define ENC_MANIFEST_PARTS_H

#include "base/yaml.h"
#include "enclave/manifest.h"

/* Fills *m from the document's root, which is a mapping.  ERR_INPUT at the
 * first node that is wrong. */
int manifest_read_fields(const struct yaml_doc *doc, struct manifest *m,
			 struct err *e) MUST_CHECK;

/* No two listeners of one kind may have the same port.  ERR_INPUT at the
 * later of the two. */
int manifest_check_ports(const struct yaml_doc *doc, const struct manifest *m,
			 struct err *e) MUST_CHECK;

#endif
