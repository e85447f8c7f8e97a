#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# autogen.sh - make ./configure in a fresh checkout
set -eu
unset CDPATH
cd "$(dirname "$0")/.."
exec autoreconf --install --force "$@"
