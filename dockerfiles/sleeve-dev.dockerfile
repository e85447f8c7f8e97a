# SPDX-License-Identifier: Apache-2.0
# sleeve-dev - the enc-run of this machine's build tree, from scratch
#
# enc-run is static and starts enclaves by the device itself, so it needs
# nothing beside it.  The context is what scripts/build-docker-images.sh makes:
# odyn/ and sleeve/.
FROM scratch
COPY sleeve/ /
ENTRYPOINT ["/usr/local/bin/enclaver-run"]
