package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

const (
	configFlag    = "config"
	configDefault = "codecov-port.yaml" // read where it is in the working directory
)

// forNamedFiles are the flags that only a config file may set that was named by --config. Another may have come with a
// cloned repository: it must not send the credentials elsewhere, agree in somebody's place, or write files.
var forNamedFiles = []string{
	"port-base-url", "codecov-url", "codecov-app-url", insecureFlag, caFileFlag, envFileFlag,
	"yes", "force", "update", "failures", reportFlag,
}

// configFile is what a config file says, by flag.
type configFile struct {
	name    string
	entries map[string]configEntry
}

// configEntry is a key of the file with its value, or the values of a list.
type configEntry struct {
	key    string
	line   int
	kind   string // the value's YAML tag
	list   bool
	values []string
}

func (f configFile) refuse(entry configEntry, err error, hint string) error {
	return usage(fmt.Errorf("%s:%d: %s: %w", f.name, entry.line, entry.key, err), hint)
}

// findConfigFile reads the file that --config names, or else codecov-port.yaml where there is one.
func findConfigFile(cmd *cobra.Command) (configFile, error) {
	flag := cmd.Flags().Lookup(configFlag)
	named, name := flag.Changed, flag.Value.String()
	if named && name == "" {
		return configFile{}, usage(errorf("--%s: the name of a file is missing", configFlag), "without --config, "+configDefault+" is read where there is one")
	}
	if !named {
		name = configDefault
	}
	data, err := readSmall(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return configFile{}, nil
	case err != nil:
		return configFile{}, usage(fmt.Errorf("read the config file: %w", err), "'codecov-port config --help' tells what it holds")
	}
	file, err := parseConfig(name, data)
	if err != nil {
		return configFile{}, err
	}
	return file, file.check(cmd, named)
}

// parseConfig reads the keys and values of a YAML document, whatever they are.
func parseConfig(name string, data []byte) (configFile, error) {
	const hint = "it holds a line 'flag: value' a flag, for example 'since: 1y'"
	file := configFile{name: name, entries: make(map[string]configEntry)}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return file, nil
	case err != nil:
		return file, usage(fmt.Errorf("%s: %w", name, err), hint)
	case !errors.Is(decoder.Decode(new(yaml.Node)), io.EOF):
		return file, usage(errorf("%s: more than one document", name), hint)
	}
	root := document.Content[0]
	if root.ShortTag() == "!!null" {
		return file, nil
	}
	if root.Kind != yaml.MappingNode {
		return file, usage(errorf("%s:%d: expected keys with values", name, root.Line), hint)
	}
	for pair := range slices.Chunk(root.Content, 2) {
		entry := configEntry{key: pair[0].Value, line: pair[0].Line}
		if other, taken := file.entries[entry.key]; taken {
			return file, file.refuse(entry, errorf("said on line %d already", other.line), "one of the two is too many")
		}
		entry.read(pair[1])
		file.entries[entry.key] = entry
	}
	return file, nil
}

// read takes the text of a plain value, or of each of a list's; anything else has the kind of what it is.
func (e *configEntry) read(node *yaml.Node) {
	node = target(node)
	e.kind = node.ShortTag()
	if node.Kind == yaml.ScalarNode {
		e.values = []string{node.Value}
		return
	}
	if e.list = node.Kind == yaml.SequenceNode; !e.list {
		return
	}
	e.values, e.kind = []string{}, "!!str"
	for _, item := range node.Content {
		item = target(item)
		if !isText(item.ShortTag()) {
			e.kind = item.ShortTag()
		}
		e.values = append(e.values, item.Value)
	}
}

func target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// isText tells whether a plain value of this kind is as good as its text.
func isText(kind string) bool {
	return slices.Contains([]string{"!!str", "!!int", "!!float", "!!timestamp"}, kind)
}

// check refuses keys that are no flags, secrets, values of another type than the flag's, and from a file that was not
// named what it may not say.
func (f configFile) check(cmd *cobra.Command, named bool) error {
	known := configKeys(cmd.Root())
	for _, entry := range f.inOrder() {
		secret, hint := secretKey(entry.key)
		switch {
		case secret:
			return f.refuse(entry, errorf("a secret does not belong into this file"), "export "+hint+", or name a file that holds it with --env-file")
		case !slices.Contains(known, entry.key):
			return f.refuseKey(entry, known)
		case !named && slices.Contains(forNamedFiles, entry.key):
			return f.refuse(entry, errorf("not from a file that was only found here: whoever wrote it could turn the run elsewhere"),
				"where it is yours, name it: --config "+f.name)
		}
		flag := cmd.Flags().Lookup(entry.key)
		if flag == nil || oneOff(cmd, flag) {
			continue
		}
		if err := entry.fits(flag); err != nil {
			return f.refuse(entry, err, "'codecov-port "+cmd.Name()+" --help' tells what it takes")
		}
	}
	return nil
}

func (f configFile) inOrder() []configEntry {
	var entries []configEntry
	for _, entry := range f.entries {
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b configEntry) int { return a.line - b.line })
	return entries
}

func (f configFile) refuseKey(entry configEntry, known []string) error {
	hint := "'codecov-port config' lists the keys"
	for _, v := range variables {
		if v.env == entry.key && v.flag != "" {
			hint = "did you mean " + v.flag + "?"
		}
	}
	if near := nearest(entry.key, known); near != "" {
		hint = "did you mean " + near + "?"
	}
	return usage(errorf("%s:%d: unknown key %q", f.name, entry.line, entry.key), hint)
}

// secretKey tells whether a key is meant to be a secret, and which variable holds that.
func secretKey(key string) (secret bool, env string) {
	name := strings.ToUpper(strings.NewReplacer("-", "_", ".", "_", " ", "_").Replace(key))
	for _, v := range variables {
		if v.flag == "" && (name == v.env || strings.HasSuffix(v.env, "_"+name)) {
			return true, v.env
		}
	}
	return false, ""
}

// configKeys are the names of all flags of all commands that a file may set.
func configKeys(root *cobra.Command) []string {
	var keys []string
	for _, cmd := range root.Commands() {
		if !readsFiles(cmd) {
			continue
		}
		add := func(flag *pflag.Flag) {
			if !oneOff(cmd, flag) && !slices.Contains(keys, flag.Name) {
				keys = append(keys, flag.Name)
			}
		}
		cmd.Flags().VisitAll(add)
		cmd.InheritedFlags().VisitAll(add)
	}
	return keys
}

// oneOff tells whether a flag says what is wanted this once: a file does not set it.
func oneOff(cmd *cobra.Command, flag *pflag.Flag) bool {
	switch cmd.Name() {
	case "demo":
		return cmd.LocalNonPersistentFlags().Lookup(flag.Name) != nil
	case "check": // the file's output is meant for sync, which has more of them
		return flag.Name == "output"
	case "map":
		return flag.Name == "repo" || flag.Name == "commit"
	}
	return slices.Contains([]string{"help", "version", configFlag}, flag.Name)
}

// fits tells why the value cannot be the flag's; nil where it can.
func (e configEntry) fits(flag *pflag.Flag) error {
	_, takesList := flag.Value.(pflag.SliceValue)
	kind := flag.Value.Type()
	switch {
	case e.list && !takesList:
		return errorf("a list, expected one value")
	case kind == "bool" && e.kind != "!!bool":
		return errorf("expected true or false")
	case (kind == "int" || kind == "count") && e.kind != "!!int":
		return errorf("expected a number")
	case kind != "bool" && !isText(e.kind):
		return errorf("expected text")
	}
	return nil
}
