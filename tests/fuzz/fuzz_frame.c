/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_frame.c - an egress frame, as a request and as an answer
 */
#include "enclave/frame.h"
#include "fuzz.h"

static void check_request(const uint8_t *frame, size_t total)
{
	AUTO_BUF struct buf b = BUF_INIT(FRAME_MAX);
	struct host h, again;
	uint16_t port, again_port;
	struct err e;

	if (frame_parse_request(frame, total, &h, &port, &e) < 0)
		return;
	frame_put_request(&h, port, &b);
	fuzz_must(frame_parse_request(b.data, b.len, &again, &again_port,
				      &e) == 0);
	fuzz_must(port == again_port && memcmp(&h, &again, sizeof(h)) == 0);
}

static void check_answer(const uint8_t *frame, size_t total)
{
	AUTO_BUF struct buf b = BUF_INIT(FRAME_MAX);
	struct frame_answer a, again;
	struct err e;

	if (frame_parse_answer(frame, total, &a, &e) < 0)
		return;
	if (a.ok)
		frame_put_ok(&b);
	else
		frame_put_error(a.os_code, a.message, &b);
	fuzz_must(frame_parse_answer(b.data, b.len, &again, &e) == 0);
	fuzz_must(a.ok == again.ok && a.os_code == again.os_code &&
		  strcmp(a.message, again.message) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t total;
	struct err e;

	if (frame_scan(data, len, &total, &e) <= 0)
		return 0;
	fuzz_must(total <= len && total <= FRAME_HEAD + FRAME_MAX);
	check_request(data, total);
	check_answer(data, total);
	return 0;
}
