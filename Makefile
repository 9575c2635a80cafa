.PHONY: build test lint demo bench cover fuzz faults soak

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

faults:
	go test -C cmd/codecov-port -run '^TestFault(Matrix|sInMidRun)$$' -table

soak:
	go test -run '^TestSoak$$' -v ./internal/backfill -soak 100000
