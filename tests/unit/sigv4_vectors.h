/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigv4_vectors.h - AWS's own test vectors for Signature Version 4
 *
 * From aws-signing-test-suite/v4 of the crate aws-sigv4 1.6.4 (Apache-2.0,
 * Amazon.com, Inc. or its affiliates), those whose paths are normalised.  Key,
 * region and service are the same in each, but for "double-", of which there is
 * no signature.  Percent signs in paths are decoded there: the path is encoded
 * once, as in the suite's first edition.  canonical: the canonical request, where
 * there is no signature to tell that it is right.
 */
static const struct vector {
	const char *name, *method, *path, *query, *body;
	struct sigv4_header headers[8];
	const char *canonical, *signature;
} vectors[] = {
	{ "double-encode-path",
	  "POST", "/test/@connections/JBDvjfGEIAMCERw%3D",
	  "", "",
	  {
		{ "Host", "tj9n5r0m12.execute-api.us-east-1.amazonaws.com" },
		{ "X-Amz-Date", "20210511T154045Z" },
	  },
	  "POST\n"
	  "/test/%40connections/JBDvjfGEIAMCERw%253D\n"
	  "\n"
	  "host:tj9n5r0m12.execute-api.us-east-1.amazonaws.com\n"
	  "x-amz-date:20210511T154045Z\n"
	  "\n"
	  "host;x-amz-date\n"
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b"
	  "7852b855",
	  "" },
	{ "double-url-encode",
	  "POST", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A8"
	  "92717189312%3Afunction%3Amy-rusty-fun/invocations",
	  "", "",
	  {
		{ "Host", "lambda.us-east-2.amazonaws.com" },
		{ "X-Amz-Date", "20210511T154045Z" },
	  },
	  "POST\n"
	  "/2015-03-31/functions/arn%253Aaws%253Alambda%253Aus-west"
	  "-2%253A892717189312%253Afunction%253Amy-rusty-fun/invoca"
	  "tions\n"
	  "\n"
	  "host:lambda.us-east-2.amazonaws.com\n"
	  "x-amz-date:20210511T154045Z\n"
	  "\n"
	  "host;x-amz-date\n"
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b"
	  "7852b855",
	  "" },
	{ "get-header-key-duplicate",
	  "GET", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "My-Header1", "value2" },
		{ "My-Header1", "value2" },
		{ "My-Header1", "value1" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea" },
	{ "get-header-value-multiline",
	  "GET", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "My-Header1", "value1\n"
		  "  value2\n"
		  "     value3" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd" },
	{ "get-header-value-order",
	  "GET", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "My-Header1", "value4" },
		{ "My-Header1", "value1" },
		{ "My-Header1", "value3" },
		{ "My-Header1", "value2" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01" },
	{ "get-header-value-trim",
	  "GET", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "My-Header1", " value1" },
		{ "My-Header2", " \"a   b   c\"" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" },
	{ "get-relative-normalized",
	  "GET", "/example/..",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-relative-relative-normalized",
	  "GET", "/example1/example2/../..",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-slash-dot-slash-normalized",
	  "GET", "/./",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-slash-normalized",
	  "GET", "//",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-slash-pointless-dot-normalized",
	  "GET", "/./example",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5" },
	{ "get-slashes-normalized",
	  "GET", "//example//",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84" },
	{ "get-space-normalized",
	  "GET", "/example space/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741" },
	{ "get-unreserved",
	  "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
	  "pqrstuvwxyz",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f" },
	{ "get-utf8",
	  "GET", "/\341\210\264",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
	{ "get-vanilla",
	  "GET", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-vanilla-empty-query-key",
	  "GET", "/",
	  "Param1=value1", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" },
	{ "get-vanilla-query",
	  "GET", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-vanilla-query-order-encoded",
	  "GET", "/",
	  "Param-3=Value3&Param=Value2&%E1%88%B4=Value1", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac" },
	{ "get-vanilla-query-order-key-case",
	  "GET", "/",
	  "Param2=value2&Param1=value1", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
	{ "get-vanilla-query-unreserved",
	  "GET", "/",
	  "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
	  "qrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcde"
	  "fghijklmnopqrstuvwxyz", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197" },
	{ "get-vanilla-utf8-query",
	  "GET", "/",
	  "\341\210\264=bar", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04" },
	{ "get-vanilla-with-session-token",
	  "GET", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
		{ "X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73e"
		  "bf194267" },
	  },
	  NULL,
	  "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8" },
	{ "post-header-key-case",
	  "POST", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
	{ "post-header-key-sort",
	  "POST", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "My-Header1", "value1" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c" },
	{ "post-header-value-case",
	  "POST", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "My-Header1", "VALUE1" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d" },
	{ "post-sts-header-after",
	  "POST", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
	{ "post-sts-header-before",
	  "POST", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
		{ "X-Amz-Security-Token", "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HI"
		  "Z8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt"
		  "hAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKs"
		  "burEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVX"
		  "AkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FD"
		  "rypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==" },
	  },
	  NULL,
	  "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead" },
	{ "post-vanilla",
	  "POST", "/",
	  "", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
	{ "post-vanilla-empty-query-value",
	  "POST", "/",
	  "Param1=value1", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11" },
	{ "post-vanilla-query",
	  "POST", "/",
	  "Param1=value1", "",
	  {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
	  },
	  NULL,
	  "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11" },
	{ "post-x-www-form-urlencoded",
	  "POST", "/",
	  "", "Param1=value1",
	  {
		{ "Content-Type", "application/x-www-form-urlencoded" },
		{ "Host", "example.amazonaws.com" },
		{ "Content-Length", "13" },
		{ "X-Amz-Date", "20150830T123600Z" },
		{ "x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7"
		  "b24d0b6e" },
	  },
	  NULL,
	  "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b" },
	{ "post-x-www-form-urlencoded-parameters",
	  "POST", "/",
	  "", "Param1=value1",
	  {
		{ "Content-Type", "application/x-www-form-urlencoded; charset=utf-8" },
		{ "Host", "example.amazonaws.com" },
		{ "Content-Length", "13" },
		{ "X-Amz-Date", "20150830T123600Z" },
		{ "x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7"
		  "b24d0b6e" },
	  },
	  NULL,
	  "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422" },
};
