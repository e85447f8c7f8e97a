# SPDX-License-Identifier: Apache-2.0
# sleeve-release - enc-run, compiled from this tree in a container, with AWS's
# nitro-cli beside it
#
# enc-run needs none of this; "--launcher nitro-cli" does.  NITRO_CLI is the
# image to take it from, its libraries and its loader too, which every
# architecture has elsewhere.  The context is the tree.  The first stage is that
# of odyn-release, so that an engine runs it once for both.
ARG BASE=docker.io/library/debian:12
ARG NITRO_CLI=public.ecr.aws/s2t1d4c6/enclaver-io/nitro-cli:latest
ARG TARGETARCH

FROM $BASE AS build
COPY . /src
WORKDIR /build
RUN /src/scripts/install-deps build && \
    { test -e /src/configure || /src/scripts/autogen.sh; } && \
    /src/configure -q && make -s -j"$(nproc)"

FROM build AS runner
RUN mkdir -p /sleeve/run/enclaver /sleeve/run/nitro_enclaves \
        /sleeve/var/log/nitro_enclaves && \
    install -d -m 1777 /sleeve/tmp && \
    install -D bin/enc-run /sleeve/usr/local/bin/enc-run && \
    ln -s enc-run /sleeve/usr/local/bin/enclaver-run

FROM $NITRO_CLI AS nitro-cli

FROM scratch AS loader-amd64
COPY --from=nitro-cli /lib64/ld-linux-x86-64.so.2 /lib64/

FROM scratch AS loader-arm64
COPY --from=nitro-cli /lib/ld-linux-aarch64.so.1 /lib/

FROM loader-$TARGETARCH
COPY --from=nitro-cli /lib64/libssl.so.3 /lib64/libcrypto.so.3 \
    /lib64/libgcc_s.so.1 /lib64/libm.so.6 /lib64/libc.so.6 /lib64/libz.so.1 \
    /lib64/
COPY --from=nitro-cli /usr/bin/nitro-cli /bin/nitro-cli
COPY --from=runner /sleeve/ /
ENTRYPOINT ["/usr/local/bin/enclaver-run"]
