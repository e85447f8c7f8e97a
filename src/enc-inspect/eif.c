/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eif.c - an EIF: what is in it, and whether it is what it says
 *
 * The file is hostile.  Measurements are computed from its bytes.
 */
#include "eif/eif_read.h"

#include <string.h>

#include "base/arch.h"
#include "base/clock.h"
#include "eif/expect.h"
#include "eif/measurements.h"
#include "enc-inspect/inspect.h"

static const char *arch_name(const struct eif_info *info)
{
	return arch_machine(eif_arch_oci(info->arch));
}

static int load(struct request *r, int fd, struct eif_info *info,
		struct err *e)
{
	if (eif_read(fd, r->object, info, e) < 0)
		return -1;
	return eif_measure(fd, r->object, info, e);
}

static int pcr_count(const struct eif_info *info)
{
	return info->pcrs.has_pcr8 ? 4 : 3;
}

/* The i-th that there is: 0, 1, 2 and perhaps 8. */
static int pcr_number(int i)
{
	return i < 3 ? i : 8;
}

static void pcr_hex(const struct eif_info *info, int i, char hex[SHA384_HEX])
{
	hex_encode(i < 3 ? info->pcrs.pcr[i] : info->pcrs.pcr8, SHA384_LEN,
		   hex);
}

static void add_pcrs(struct buf *out, const struct eif_info *info)
{
	char hex[SHA384_HEX];

	for (int i = 0; i < pcr_count(info); i++) {
		pcr_hex(info, i, hex);
		buf_addf(out, "PCR%d %s\n", pcr_number(i), hex);
	}
}

static void put_pcrs(json_t *all, const struct eif_info *info)
{
	char hex[SHA384_HEX], key[8];

	for (int i = 0; i < pcr_count(info); i++) {
		pcr_hex(info, i, hex);
		snprintf(key, sizeof(key), "pcr%d", pcr_number(i));
		json_put_str(all, key, hex);
	}
}

static void add_sections(struct buf *out, const struct eif_info *info)
{
	unsigned int ramdisks = 0;

	buf_addf(out, "\n%-14s %12s %14s\n", "section", "offset", "size");
	for (size_t i = 0; i < info->n_sections; i++) {
		const struct eif_section *s = &info->sections[i];
		char name[32];

		snprintf(name, sizeof(name), "%s", eif_type_name(s->type));
		if (s->type == EIF_RAMDISK)
			snprintf(name, sizeof(name), "ramdisk:%u", ramdisks++);
		buf_addf(out, "%-14s %12llu %14llu\n", name,
			 (unsigned long long)s->offset,
			 (unsigned long long)s->size);
	}
}

static void add_cert(struct buf *out, const struct cert *cert)
{
	char when[CLOCK_TEXT];

	text_row(out, "subject", cert->subject);
	text_row(out, "issuer", cert->issuer);
	clock_format(cert->not_before, when);
	text_row(out, "not before", when);
	clock_format(cert->not_after, when);
	text_row(out, "not after", when);
	buf_addf(out, "%-14s sha256:%s\n", "certificate", cert->sha256);
}

static void add_signature(struct buf *out, const struct eif_info *info)
{
	const struct signature *s = &info->signature;

	if (!info->signature_data) {
		text_row(out, "signature", "none");
		return;
	}
	buf_addf(out, "%-14s %s%s\n", "signature",
		 s->valid ? "right" : "WRONG: ", s->fault);
	text_row(out, "algorithm", s->algorithm);
	add_cert(out, &s->cert);
}

static void add_text(struct buf *out, const struct request *r,
		     const struct eif_info *info)
{
	text_row(out, "file", r->object);
	text_row(out, "architecture", arch_name(info));
	buf_addf(out, "%-14s %llu\n", "size", (unsigned long long)info->size);
	buf_addf(out, "%-14s %08x ", "crc", info->crc);
	if (info->crc_ok)
		buf_adds(out, "right\n");
	else
		buf_addf(out, "WRONG: it is %08x\n", info->crc_computed);
	buf_addf(out, "%-14s ", "command line");
	text_add(out, info->cmdline, info->cmdline_len);
	buf_addf(out, "\n%-14s ", "metadata");
	text_add(out, info->metadata, info->metadata_len);
	buf_addc(out, '\n');
	add_signature(out, info);
	add_sections(out, info);
	buf_addc(out, '\n');
	add_pcrs(out, info);
}

static json_t *sections_json(const struct eif_info *info)
{
	json_t *all = json_array();

	for (size_t i = 0; i < info->n_sections; i++) {
		const struct eif_section *s = &info->sections[i];
		json_t *one = json_object();

		json_put_str(one, "type", eif_type_name(s->type));
		json_put(one, "offset", json_integer((json_int_t)s->offset));
		json_put(one, "size", json_integer((json_int_t)s->size));
		json_add(all, one);
	}
	return all;
}

static json_t *signature_json(const struct eif_info *info)
{
	const struct signature *s = &info->signature;
	json_t *all = json_object();

	if (!info->signature_data) {
		json_decref(all);
		return json_null();
	}
	json_put(all, "valid", json_boolean(s->valid));
	if (!s->valid)
		json_put_str(all, "fault", s->fault);
	json_put_str(all, "algorithm", s->algorithm);
	text_json_cert(all, &s->cert);
	json_put_str(all, "certificate_sha256", s->cert.sha256);
	return all;
}

/* Metadata as an object where it is one, otherwise as text. */
static json_t *metadata_json(const struct eif_info *info)
{
	struct err ignored;
	json_t *j = json_parse(info->metadata, info->metadata_len, "metadata",
			       &ignored);

	return j ? j : text_json_string(info->metadata, info->metadata_len);
}

static json_t *new_answer(const char *type)
{
	json_t *all = json_object();

	json_put_str(all, "schema", "enc-inspect/1");
	json_put_str(all, "type", type);
	return all;
}

static void add_json(struct buf *out, const struct eif_info *info)
{
	AUTO_JSON json_t *all = new_answer("eif");
	json_t *crc = json_object();
	char hex[16];

	json_put_str(all, "architecture", arch_name(info));
	json_put(all, "size", json_integer((json_int_t)info->size));
	snprintf(hex, sizeof(hex), "%08x", info->crc);
	json_put_str(crc, "value", hex);
	json_put(crc, "valid", json_boolean(info->crc_ok));
	json_put(all, "crc", crc);
	json_put(all, "cmdline",
		 text_json_string(info->cmdline, info->cmdline_len));
	json_put(all, "metadata", metadata_json(info));
	json_put(all, "sections", sections_json(info));
	json_put(all, "signature", signature_json(info));
	put_pcrs(all, info);
	text_json(out, all);
}

/* The kind of each section, in their order. */
static json_t *order_json(const struct eif_info *info)
{
	json_t *all = json_array();

	for (size_t i = 0; i < info->n_sections; i++)
		json_add(all, json_string(eif_type_name(info->sections[i].type)));
	return all;
}

json_t *eif_members(const struct eif_info *info)
{
	json_t *all = json_object();

	json_put_str(all, "architecture", arch_name(info));
	json_put(all, "cmdline",
		 text_json_string(info->cmdline, info->cmdline_len));
	json_put(all, "default_cpus",
		 json_integer((json_int_t)info->default_cpus));
	json_put(all, "default_mem",
		 json_integer((json_int_t)info->default_mem));
	json_put(all, "metadata", metadata_json(info));
	json_put(all, "sections", order_json(info));
	json_put(all, "signature", signature_json(info));
	put_pcrs(all, info);
	return all;
}

int eif_show(struct request *r, int fd, struct buf *out, struct err *e)
{
	AUTO_EIF_INFO struct eif_info info = EIF_INFO_INIT;

	if (load(r, fd, &info, e) < 0)
		return -1;
	if (r->json)
		add_json(out, &info);
	else
		add_text(out, r, &info);
	return eif_judge(&info, r->object, clock_now(), e);
}

static void add_answer(struct buf *out, const struct request *r,
		       const struct eif_info *info)
{
	AUTO_JSON json_t *all = new_answer("pcrs");

	if (!r->json) {
		add_pcrs(out, info);
		return;
	}
	put_pcrs(all, info);
	text_json(out, all);
}

int eif_pcrs(struct request *r, int fd, struct buf *out, struct err *e)
{
	AUTO_EIF_INFO struct eif_info info = EIF_INFO_INIT;

	if (load(r, fd, &info, e) < 0)
		return -1;
	add_answer(out, r, &info);
	return eif_judge(&info, r->object, clock_now(), e);
}

/* What is not right is not shown: a pipe may not look at the status. */
int eif_verify(struct request *r, int fd, struct buf *out, struct err *e)
{
	AUTO_EIF_INFO struct eif_info info = EIF_INFO_INIT;
	AUTO_JSON json_t *is = NULL;

	if (load(r, fd, &info, e) < 0 ||
	    eif_judge(&info, r->object, r->demands.at, e) < 0)
		return -1;
	is = measurements_json(&info.pcrs);
	if (r->demands.expect &&
	    expect_check(r->demands.expect, is, r->object, e) < 0)
		return -1;
	add_answer(out, r, &info);
	return 0;
}
