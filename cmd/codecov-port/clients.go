package main

import (
	"errors"

	"github.com/codecov-port/codecov-port/internal/httpclient"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func newCodecov(s settings) (*codecov.Client, error) {
	client, err := codecov.NewClient(codecov.Options{
		BaseURL:      s.codecovAPI,
		Token:        s.codecovToken,
		Service:      s.service,
		UserAgent:    userAgent(),
		InsecureHTTP: s.insecureHTTP,
		Concurrency:  s.codecovConcurrency,
		Logger:       logFor(s.log, "codecov"),
		Transport:    s.network,
	})
	return client, addressHint(err)
}

func newPort(s settings) (*port.Client, error) {
	client, err := port.NewClient(port.Options{
		BaseURL:      s.portURL,
		ClientID:     s.clientID,
		ClientSecret: s.clientSecret,
		UserAgent:    userAgent(),
		InsecureHTTP: s.insecureHTTP,
		Concurrency:  s.portConcurrency,
		Share:        s.portShare,
		Logger:       logFor(s.log, "port"),
		Transport:    s.network,
	})
	return client, addressHint(err)
}

func addressHint(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, httpclient.ErrInsecure):
		return usage(err, "use https, or --"+insecureFlag+" where the network is trusted")
	}
	return usage(err, "an address looks like https://codecov.example.com")
}
