# A local WeChat Pay in an image that has nothing else: no shell, no libraries, one program that is nobody's (65532).
#   docker build -t wxpay .
#   docker run --rm -p 127.0.0.1:9970:9970 -p 127.0.0.1:9971:9971 wxpay
# Whoever reaches the admin, 9971, can do everything there: publish both to this machine alone.
# Keys, env file and database are in /data. script/packages runs the program with what the image has, but for Docker itself.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
# Where Go's modules come from, if not from where Go's image says: docker build --build-arg GOPROXY=…
ARG GOPROXY
# What docker build --platform asks for; Go builds for it on this machine.
ARG TARGETOS TARGETARCH
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags='-s -w' -o /image/wxpay ./cmd/wxpay \
	&& go run ./internal/release -notices /image/wxpay >/image/THIRD-PARTY-LICENSES.txt \
	&& cp LICENSE /image/ \
	&& mkdir -p /image/etc/ssl/certs /data \
	&& cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/

FROM scratch
COPY --from=build /image/ /
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
# Temporary files go to the one folder that can be written to.
ENV WXPAY_SANDBOX_LISTEN=0.0.0.0:9970 \
	WXPAY_SANDBOX_ADMIN=0.0.0.0:9971 \
	WXPAY_SANDBOX_ALLOW_NETWORK=true \
	WXPAY_SANDBOX_DATA=/data \
	TMPDIR=/data
VOLUME /data
WORKDIR /data
EXPOSE 9970 9971
HEALTHCHECK --interval=5s --timeout=6s --start-period=5s --retries=3 CMD ["/wxpay", "health"]
ENTRYPOINT ["/wxpay"]
CMD ["sandbox"]
