# docker build -t premix . && docker run --rm -u "$(id -u):$(id -g)" -v "$PWD:/data" premix mix --in synth:2000 --out /data/demo --cache /data/peaks
FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN go run ./internal/dist -platforms "linux/$(go env GOARCH)" && mkdir /premix && tar -xzf dist/premix-*.tar.gz --strip-components=1 -C /premix

FROM gcr.io/distroless/static-debian12
COPY --from=build /premix /premix
# The user's cache, for peaks: mount a volume there to keep them.
ENV XDG_CACHE_HOME=/cache
ENTRYPOINT ["/premix/premix"]
