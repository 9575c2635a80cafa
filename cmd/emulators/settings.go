package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// settings are the flags.
type settings struct {
	codecovAddress, portAddress          string
	accountFiles                         list
	repositories, commits                int
	seed                                 uint64
	latency                              latency
	rateLimit                            int
	ratePeriod                           time.Duration
	clientID, clientSecret, codecovToken string
}

func parse(arguments []string, output io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("emulators", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&s.codecovAddress, "codecov", "127.0.0.1:0", "`address` to serve Codecov on; port 0 is any")
	flags.StringVar(&s.portAddress, "port", "127.0.0.1:0", "`address` to serve Port on; port 0 is any")
	flags.Var(&s.accountFiles, "account", "recorded account to serve, a JSON `file`; repeatable, the first is the one that is exported")
	flags.IntVar(&s.repositories, "synthetic-repositories", 0, "repositories of a made-up account; 0 makes none up")
	flags.IntVar(&s.commits, "synthetic-commits", 100, "commits of each of its repositories")
	flags.Uint64Var(&s.seed, "seed", 1, "what the made-up account is made from")
	flags.Var(&s.latency, "latency", "time before each answer, 50ms, or evenly spread over a `range`, 60ms-80ms")
	flags.IntVar(&s.rateLimit, "rate-limit", 0, "requests that Port allows in each period; 0 is any number")
	flags.DurationVar(&s.ratePeriod, "rate-period", time.Minute, "the period of -rate-limit")
	flags.StringVar(&s.clientID, "client-id", fakeport.DefaultClientID, "client id that Port takes")
	flags.StringVar(&s.clientSecret, "client-secret", fakeport.DefaultClientSecret, "client secret that Port takes")
	flags.StringVar(&s.codecovToken, "codecov-token", "emulators-codecov-token", "token that Codecov takes; it sees everything")
	if err := flags.Parse(arguments); err != nil {
		return settings{}, err
	}
	return s, s.check(flags.Args())
}

func (s settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case s.repositories < 0 || s.commits < 1 || s.rateLimit < 0 || s.ratePeriod <= 0:
		return errors.New("numbers and times must not be negative, nor -synthetic-commits and -rate-period 0")
	case len(s.accountFiles) == 0 && s.repositories == 0:
		return errors.New("nothing to serve: name -account or -synthetic-repositories")
	}
	return nil
}

// loadAccounts returns the recorded accounts, then the made-up one.
func (s settings) loadAccounts() ([]fakecodecov.Account, error) {
	var accounts []fakecodecov.Account
	for _, path := range s.accountFiles {
		account, err := loadAccount(path)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, account)
	}
	if s.repositories > 0 {
		accounts = append(accounts, fakecodecov.Synthetic(fakecodecov.SyntheticOptions{
			Seed: s.seed, Repositories: s.repositories, CommitsPerRepository: s.commits,
		}))
	}
	return accounts, nil
}

func loadAccount(path string) (fakecodecov.Account, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	account, err := fakecodecov.LoadAccount(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return account, nil
}

// list is a flag that may be repeated.
type list []string

// String returns the values as one text.
func (l *list) String() string { return strings.Join(*l, ",") }

// Set adds a value.
func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
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
