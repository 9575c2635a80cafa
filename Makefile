.PHONY: build test lint demo bench cover fuzz

build:
	go build -trimpath -o bin/codecov-port ./cmd/codecov-port

test:
	go test ./...

lint:
	.ci/lint

demo:
	go run ./cmd/codecov-port demo

bench:
	go test -run '^$$' -bench . -benchmem ./...

cover:
	go test -coverprofile=bin/cover.out ./... && go tool cover -func=bin/cover.out

fuzz:
	.ci/fuzz
