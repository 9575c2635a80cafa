package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

const caFileFlag = "ca-file"

// trusted gives a network that trusts the certificates of a PEM file, in addition to the system's.
func trusted(name string) (http.RoundTripper, error) {
	data, err := readSmall(name)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's certificates: %w", err)
	}
	count := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", name, count+1, err)
		}
		roots.AddCert(certificate)
		count++
	}
	if count == 0 {
		return nil, fmt.Errorf("%s: no certificate in it", name)
	}
	return httpclient.NewNetwork(roots)
}

// certificateHint adds what can be done about a server whose certificate is not trusted.
func certificateHint(err error) error {
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
		return withHint(err, "where the server's certificate is from a CA of your own, name it: --"+caFileFlag+" FILE, or SSL_CERT_FILE for all certificates")
	}
	return err
}
