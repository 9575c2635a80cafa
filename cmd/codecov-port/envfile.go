package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/joho/godotenv"
	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

const envFileFlag = "env-file"

// envFile holds variables that the environment itself may lack.
type envFile struct {
	name   string
	values map[string]string
}

// findEnvFile reads the file that --env-file names, on the command line or in the config file.
func findEnvFile(cmd *cobra.Command, config configFile, streams *terminal.Streams) (envFile, error) {
	flag := cmd.Flags().Lookup(envFileFlag)
	name := flag.Value.String()
	if entry, ok := config.entries[envFileFlag]; ok && !flag.Changed {
		if err := checkValues(cmd, flag, entry.values); err != nil {
			return envFile{}, config.refuse(entry, err, "for example env-file: .env")
		}
		name = entry.values[0]
	} else if !flag.Changed {
		return envFile{}, nil
	}
	if name == "" {
		return envFile{}, usage(errorf("--%s: the name of a file is missing", envFileFlag), "for example --env-file .env")
	}
	data, err := readSmall(name)
	if err != nil {
		return envFile{}, usage(fmt.Errorf("--%s: %w", envFileFlag, err), "name a file with lines like PORT_CLIENT_ID=…")
	}
	warnAboutReaders(streams, name)
	values, err := parseEnv(name, data)
	return envFile{name, values}, err
}

// parseEnv reads lines of NAME=VALUE. The parser's own error would quote the value: it is not told.
func parseEnv(name string, data []byte) (map[string]string, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	values, err := godotenv.UnmarshalBytes(data)
	if err != nil {
		return nil, usage(errorf("%s:%d: expected NAME=VALUE", name, brokenLine(data)), "a value with blanks, quotes, # or $ stands in single quotes")
	}
	return values, nil
}

// longestValue is how many lines a value has at the most; beyond them a quote that is not closed is no longer looked for.
const longestValue = 100

// brokenLine is the line on which the first statement begins that cannot be parsed.
func brokenLine(data []byte) int {
	lines := bytes.SplitAfter(data, []byte("\n"))
	begin := 0
	for end := 1; end <= len(lines) && end-begin <= longestValue; end++ {
		if _, err := godotenv.UnmarshalBytes(bytes.Join(lines[begin:end], nil)); err == nil {
			begin = end
		}
	}
	return begin + 1
}

// warnAboutReaders tells of a file with secrets that others may read.
func warnAboutReaders(streams *terminal.Streams, name string) {
	info, err := os.Stat(name)
	if err != nil || runtime.GOOS == "windows" || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
		return
	}
	warn(streams, "%q can be read by others: chmod 600 makes it yours alone", name)
}

const mostSettings = 1 << 20 // bytes of a file with settings

// readSmall reads a file that somebody has written by hand.
func readSmall(name string) (data []byte, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	data, err = io.ReadAll(io.LimitReader(file, mostSettings+1))
	if err == nil && len(data) > mostSettings {
		err = errorf("%s: longer than 1 MiB", name)
	}
	return data, err
}
