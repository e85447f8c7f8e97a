#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# autogen.sh - make ./configure in a fresh checkout
set -eu
cd "$(dirname "$0")/.."
exec autoreconf --install --force "$@"
