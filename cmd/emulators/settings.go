package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/stand"
)

// settings are the flags.
type settings struct {
	stand.Options
	accountFiles []string
	synthetic    fakecodecov.SyntheticOptions // without repositories: none
}

func parse(arguments []string, output io.Writer) (settings, error) {
	var s settings
	var latency latency
	flags := flag.NewFlagSet("emulators", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&s.CodecovAddress, "codecov", "127.0.0.1:0", "`address` to serve Codecov on; port 0 is any")
	flags.StringVar(&s.PortAddress, "port", "127.0.0.1:0", "`address` to serve Port on; port 0 is any")
	flags.Func("account", "recorded account to serve, a JSON `file`; repeatable, the first is the one that is exported", func(path string) error {
		s.accountFiles = append(s.accountFiles, path)
		return nil
	})
	flags.IntVar(&s.synthetic.Repositories, "synthetic-repositories", 0, "repositories of a made-up account; 0 makes none up")
	flags.IntVar(&s.synthetic.CommitsPerRepository, "synthetic-commits", 100, "commits of each of its repositories")
	flags.Uint64Var(&s.synthetic.Seed, "seed", 1, "what the made-up account is made from")
	flags.Var(&latency, "latency", "time before each answer, 50ms, or evenly spread over a `range`, 60ms-80ms")
	flags.IntVar(&s.RateLimit.Requests, "rate-limit", 0, "requests that Port allows in each period; 0 is any number")
	flags.DurationVar(&s.RateLimit.Period, "rate-period", time.Minute, "the period of -rate-limit")
	flags.StringVar(&s.ClientID, "client-id", fakeport.DefaultClientID, "client id that Port takes")
	flags.StringVar(&s.ClientSecret, "client-secret", fakeport.DefaultClientSecret, "client secret that Port takes")
	flags.StringVar(&s.CodecovToken, "codecov-token", "emulators-codecov-token", "token that Codecov takes; it sees everything")
	if err := flags.Parse(arguments); err != nil {
		return settings{}, err
	}
	s.Latency = func(*http.Request) time.Duration { return latency.draw() }
	switch {
	case flags.NArg() > 0:
		return settings{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case s.synthetic.Repositories < 0 || s.synthetic.CommitsPerRepository < 1 || s.RateLimit.Requests < 0 || s.RateLimit.Period <= 0:
		return settings{}, errors.New("numbers and times must not be negative, nor -synthetic-commits and -rate-period 0")
	case len(s.accountFiles) == 0 && s.synthetic.Repositories == 0:
		return settings{}, errors.New("nothing to serve: name -account or -synthetic-repositories")
	}
	return s, nil
}

// latency is a time, or a range that times are drawn from evenly.
type latency struct{ least, most time.Duration }

// String returns the form that Set reads.
func (l *latency) String() string {
	if l.least == l.most {
		return l.least.String()
	}
	return l.least.String() + "-" + l.most.String()
}

// Set reads "50ms" or "60ms-80ms".
func (l *latency) Set(value string) (err error) {
	least, most, isRange := strings.Cut(value, "-")
	if l.least, err = time.ParseDuration(least); err != nil {
		return err
	}
	l.most = l.least
	if isRange {
		if l.most, err = time.ParseDuration(most); err != nil {
			return err
		}
	}
	if l.most < l.least {
		return errors.New("the range ends before it begins")
	}
	return nil
}

// draw returns a time of the range.
func (l *latency) draw() time.Duration { return l.least + rand.N(l.most-l.least+1) }
