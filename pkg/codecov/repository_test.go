package codecov_test

import (
	"testing"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

func TestHasCoverage(t *testing.T) {
	yes, no := true, false
	for _, test := range []struct {
		name   string
		active *bool
		totals *codecov.Totals
		want   bool
	}{
		{"active", &yes, &codecov.Totals{}, true},
		{"active, nothing measured yet", &yes, nil, true},
		{"archived", &no, &codecov.Totals{}, true},
		{"inactive", &no, nil, false},
		{"never set up", nil, nil, false},
		{"never set up, measured", nil, &codecov.Totals{}, true},
	} {
		if got := (codecov.Repository{Active: test.active, Totals: test.totals}).HasCoverage(); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
