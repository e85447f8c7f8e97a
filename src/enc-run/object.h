/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.h - what is to be run: an EIF, and the manifest that goes with it
 *
 * Out of a release image the EIF is read where it lies, in its layer.
 */
#ifndef RUN_OBJECT_H
#define RUN_OBJECT_H

#include <sys/stat.h>

#include "base/json.h"
#include "eif/eif_read.h"
#include "enclave/manifest.h"
#include "image/oci.h"

#define OBJECT_FOLDER "/enclave"	/* of a release image that runs */

struct object {
	char *name;			/* for messages and for ps */
	int   eif;			/* owned; info.base is where it begins */
	struct eif_info info;
	struct manifest manifest;
	json_t *annotations;		/* of the release image, or NULL */
	struct descriptor layer;	/* of it, that the EIF is in; or zeros */
	struct stat read;		/* the file, when it was measured */
};

#define OBJECT_INIT { .eif = -1, .info = EIF_INFO_INIT }
#define AUTO_OBJECT AUTO(object_release)

/* Opens what text names: an image path or the name of a release image in the
 * store, or the path of an EIF; NULL: /enclave/application.eif.  eif_file and
 * manifest_file stand for what is in the release, or are NULL.  An EIF alone
 * needs a manifest: manifest_file, or the enclaver.yaml beside it.  Nothing is
 * measured yet. */
int object_open(struct object *o, const char *text, const char *eif_file,
		const char *manifest_file, struct err *e) MUST_CHECK;
/* Reads all of it: o->info has its measurements.  ERR_VERIFY when it is damaged,
 * when its signature is wrong or its certificate is not valid now, or when the
 * release image was made with another EIF. */
int object_measure(struct object *o, struct err *e) MUST_CHECK;
/* Has nobody written to it since?  For when a launcher has read it once more.
 * ERR_VERIFY. */
int object_unchanged(const struct object *o, struct err *e) MUST_CHECK;
void object_release(struct object *o);

#endif
