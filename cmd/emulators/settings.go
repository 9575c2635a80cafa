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
	var least, most time.Duration
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
	flags.Func("latency", "time before each answer, 50ms, or evenly spread over a `range`, 60ms-80ms", func(value string) (err error) {
		least, most, err = parseRange(value)
		return err
	})
	flags.IntVar(&s.RateLimit.Requests, "rate-limit", 0, "requests that Port allows in each period; 0 is any number")
	flags.DurationVar(&s.RateLimit.Period, "rate-period", time.Minute, "the period of -rate-limit")
	flags.StringVar(&s.ClientID, "client-id", fakeport.DefaultClientID, "client id that Port takes")
	flags.StringVar(&s.ClientSecret, "client-secret", fakeport.DefaultClientSecret, "client secret that Port takes")
	flags.StringVar(&s.CodecovToken, "codecov-token", "emulators-codecov-token", "token that Codecov takes; it sees everything")
	if err := flags.Parse(arguments); err != nil {
		return settings{}, err
	}
	s.Latency = func(*http.Request) time.Duration { return least + rand.N(most-least+1) }
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

// parseRange parses "50ms" or "60ms-80ms".
func parseRange(value string) (least, most time.Duration, err error) {
	first, second, isRange := strings.Cut(value, "-")
	if !isRange {
		second = first
	}
	if least, err = time.ParseDuration(first); err == nil {
		most, err = time.ParseDuration(second)
	}
	if err == nil && most < least {
		err = errors.New("the range ends before it begins")
	}
	return least, most, err
}
