# SPDX-License-Identifier: Apache-2.0
# nitro-cli - AWS's nitro-cli and the kernels that it makes EIFs of
#
# Whoever starts it gives nitro-cli's arguments alone, and mounts a folder upon
# /build, where its output goes.
FROM public.ecr.aws/amazonlinux/amazonlinux:2023
RUN dnf install -y aws-nitro-enclaves-cli aws-nitro-enclaves-cli-devel && \
    dnf clean all
WORKDIR /build
ENTRYPOINT ["/usr/bin/nitro-cli"]
