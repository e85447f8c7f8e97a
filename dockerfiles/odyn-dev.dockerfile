# SPDX-License-Identifier: Apache-2.0
# odyn-dev - the odyn of this machine's build tree, from scratch
#
# The context is what scripts/build-docker-images.sh makes: odyn/ and sleeve/.
FROM scratch
COPY odyn/ /
