# codecov-port and the certificates that it trusts, and nothing else; not run as root.
#   docker build --tag codecov-port .
#   docker run --rm --env-file .env codecov-port sync --dry-run
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
ARG VERSION=devel COMMIT= DATE=
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X main.released=$VERSION -X main.commit=$COMMIT -X main.date=$DATE" \
      -o /codecov-port ./cmd/codecov-port

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /codecov-port /
USER 65532:65532
ENTRYPOINT ["/codecov-port"]
