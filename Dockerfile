# The service as an image: built from source in one stage, and nothing of that but the program and its plugins in the
# other. For x86-64-v2 and later, like every build of this tree (cmake/compiler.cmake says why).
#   docker build -t rebalancer --build-arg COMMIT="$(git describe --always --dirty --tags)" .
# script/prove-image follows this file without a container engine. It knows the instructions that are used here; one
# that it does not know ends it.

FROM debian:bookworm-slim AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /source

# First what changes least: a change of the sources does not install the packages again.
COPY script/lib.sh script/packages.txt script/
RUN source script/lib.sh && need_packages build && rm -rf /var/lib/apt/lists/*

COPY CMakeLists.txt CMakePresets.json README.md CHANGELOG.md config.yaml ./
COPY cmake cmake
COPY docs docs
COPY src src
# There is no .git here to ask; "version" and every sealed decision name this instead.
ARG COMMIT=unknown
RUN source script/lib.sh && \
    cmake --preset release -DREBALANCER_TESTS=OFF -DREBALANCER_BENCH=OFF -DREBALANCER_COMMIT="$COMMIT" \
      -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib && \
    build release "$(jobs 1)" && \
    DESTDIR=/image cmake --install build/release --strip


FROM debian:bookworm-slim
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
LABEL org.opencontainers.image.title="rebalancer" \
      org.opencontainers.image.description="Automated portfolio rebalancer" \
      org.opencontainers.image.base.name="debian:bookworm-slim"

# The libraries that the program and its plugins are linked with, by the names that carry their version, and what they
# read: certificate authorities and time zones. tests/deploy compares the list with what the linker says. Which build of
# each is Debian's choice, on purpose: security updates come with the next build of the image.
RUN apt-get update && \
    apt-get install -y --no-install-recommends \
      ca-certificates \
      libboost-atomic1.81.0 \
      libboost-container1.81.0 \
      libboost-filesystem1.81.0 \
      libboost-json1.81.0 \
      libboost-url1.81.0 \
      libc6 \
      libdate-tz3 \
      libfmt9 \
      libgcc-s1 \
      libprometheus-cpp-core1.0 \
      libspdlog1.10 \
      libsqlite3-0 \
      libssl3 \
      libstdc++6 \
      libyaml-cpp0.7 \
      tzdata \
      zlib1g && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* && \
    install -d -m 0700 -o 65532 -g 65532 /var/lib/rebalancer

COPY --from=build /image/usr/bin/rebalancer /usr/bin/rebalancer
COPY --from=build /image/usr/lib/rebalancer /usr/lib/rebalancer
COPY --from=build /image/usr/share/rebalancer /usr/share/rebalancer
COPY deploy/config/config.yaml /etc/rebalancer/config.yaml

# A number, so that whoever starts it can see that it is not root. It has no entry in /etc/passwd and needs none.
USER 65532:65532
# "docker exec ... rebalancer status" finds config.yaml here, as every command does in the folder it is called in.
WORKDIR /etc/rebalancer
# All that it writes. The rest of the file system may be read-only.
VOLUME ["/var/lib/rebalancer"]
# It listens on loopback inside, so publishing these reaches nothing until whoever runs it says otherwise: see
# deploy/docker-compose.yml.
EXPOSE 8080 8081 8082 8083 8084 8085
HEALTHCHECK --interval=30s --timeout=3s --retries=3 CMD ["rebalancer", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["rebalancer"]
CMD ["serve"]
