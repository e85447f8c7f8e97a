# SPDX-License-Identifier: Apache-2.0
# odyn-release - odyn, compiled from this tree in a container
#
# The context is the tree.  BASE is what scripts/install-deps can install upon.
ARG BASE=docker.io/library/debian:12

FROM $BASE AS build
COPY . /src
WORKDIR /build
RUN /src/scripts/install-deps build && \
    { test -e /src/configure || /src/scripts/autogen.sh; } && \
    /src/configure -q && make -s -j"$(nproc)"

FROM scratch
COPY --from=build /build/libexec/odyn /usr/local/bin/odyn
