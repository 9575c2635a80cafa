package httpclient

import (
	"strings"
	"testing"
)

func TestInvalidProxy(t *testing.T) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		for address, valid := range map[string]bool{
			"": true, "http://proxy.example.com:3128": true, "proxy.example.com:3128": true, "proxy": true,
			"https://user:s3cret@proxy.example.com": true, "socks5://[::1]:1080": true,
			"http://user:s3cret@proxy.example.com:port": false, "http://": false, "ftp://s3cret@proxy.example.com": false,
			"http://proxy.example.com:%zz": false, "user:s3cret@:3128": false,
		} {
			for _, other := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
				t.Setenv(other, "")
			}
			t.Setenv(name, address)
			_, errNetwork := NewNetwork(nil)
			_, errClient := New(Options{Origin: mustParse(t, "https://api.example.com")})
			for _, err := range []error{errNetwork, errClient} {
				if (err == nil) != valid {
					t.Errorf("%s=%s: error %v, want an error: %v", name, address, err, !valid)
				}
				if err != nil && (!strings.HasPrefix(err.Error(), name) || strings.Contains(err.Error(), "s3cret")) {
					t.Errorf("%s=%s: error %q, want the name of the variable and no password", name, address, err)
				}
			}
		}
	}
}
