/* SPDX-License-Identifier: Apache-2.0 */
/*
 * annotation.h - the annotations that the suite writes on its images
 *
 * One program trusts what another wrote under these names: they are spelt here
 * and nowhere else.  What each says is in enclaver(7).
 */
#ifndef ENC_ANNOTATION_H
#define ENC_ANNOTATION_H

#define ANNOTATION_AMENDED     "io.enclaver.amended"	/* "1": by enc-amend */
#define ANNOTATION_ODYN	       "io.enclaver.odyn"	/* NAME@sha256:HEX */
#define ANNOTATION_RUNNER      "io.enclaver.runner"	/* sha256:HEX of enc-run */
/* sha256:HEX of the DER of the certificate that an EIF must be, or is, signed
 * by. */
#define ANNOTATION_CERTIFICATE "io.enclaver.signature.certificate"
#define ANNOTATION_PCR(n)      "io.enclaver.pcr" #n	/* hex */

#endif
