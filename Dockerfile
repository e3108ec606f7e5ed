# syntax=docker/dockerfile:1
#
# One image for every role: `batchmill worker`, the client verbs, and `batchmill s3`, the store of docker-compose.yml.
# That takes the full binary, because the build tag "slim" leaves the S3 server out together with the embedded Temporal;
# what is not started costs disk only. Where the store is a real S3, build the small worker-only image instead:
#
#   docker build --build-arg TAGS=slim -t batchmill:slim .
#
# The binary is static (no cgo) and brings its own time zones and no data; the container runs as user 10001 and writes
# below /data only. The base is Alpine, not scratch, for the health checks' wget.

ARG GO_VERSION=1.26

FROM golang:${GO_VERSION}-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TAGS=""
ARG VERSION=""
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -tags "${TAGS}" -ldflags "-s -w -X main.version=${VERSION}" \
    -o /out/batchmill ./cmd/batchmill

FROM alpine:3.22
RUN apk add --no-cache ca-certificates \
 && addgroup -g 10001 batchmill \
 && adduser -D -H -u 10001 -G batchmill -h /data batchmill \
 && install -d -o 10001 -g 10001 -m 0750 /data
COPY --from=build /out/batchmill /usr/local/bin/batchmill
USER 10001:10001
WORKDIR /data
VOLUME /data
ENTRYPOINT ["batchmill"]
CMD ["--help"]
