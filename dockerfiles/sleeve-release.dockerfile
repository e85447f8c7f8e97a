# SPDX-License-Identifier: Apache-2.0
# sleeve-release - enc-run, compiled from this tree in a container, with AWS's
# nitro-cli beside it
#
# enc-run needs none of this; "--launcher nitro-cli" does.  NITRO_CLI is the
# image to take it from, with its libraries and its loader, which each
# architecture has elsewhere.  The context is the tree.  What is compiled is that
# of odyn-release: an engine that keeps layers compiles once for both.
ARG BASE=docker.io/library/debian:12
ARG NITRO_CLI=public.ecr.aws/s2t1d4c6/enclaver-io/nitro-cli:latest

FROM $NITRO_CLI AS nitro-cli

FROM $BASE AS build
COPY . /src
WORKDIR /build
RUN /src/scripts/install-deps build && \
    { test -e /src/configure || /src/scripts/autogen.sh; } && \
    /src/configure -q && make -s -j"$(nproc)"

FROM build AS sleeve
ARG TARGETARCH
RUN mkdir -p /sleeve/run/enclaver /sleeve/run/nitro_enclaves \
        /sleeve/usr/local/bin /sleeve/var/log/nitro_enclaves && \
    mkdir -m 1777 /sleeve/tmp && \
    cp bin/enc-run /sleeve/usr/local/bin/enc-run && \
    ln -s enc-run /sleeve/usr/local/bin/enclaver-run
RUN --mount=type=bind,from=nitro-cli,target=/nitro-cli \
    mkdir /sleeve/bin /sleeve/lib /sleeve/lib64 && \
    cp -L /nitro-cli/usr/bin/nitro-cli /sleeve/bin/ && \
    for library in libssl.so.3 libcrypto.so.3 libgcc_s.so.1 libm.so.6 \
        libc.so.6 libz.so.1; do \
        cp -L "/nitro-cli/lib64/$library" /sleeve/lib64/ || exit; \
    done && \
    case $TARGETARCH in \
    amd64) loader=lib64/ld-linux-x86-64.so.2 ;; \
    arm64) loader=lib/ld-linux-aarch64.so.1 ;; \
    esac && \
    cp -L "/nitro-cli/$loader" "/sleeve/$loader"

FROM scratch
COPY --from=sleeve /sleeve/ /
ENTRYPOINT ["/usr/local/bin/enclaver-run"]
