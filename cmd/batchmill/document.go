package main

import (
	"encoding/json"
	"io"
	"os"

	"github.com/batchmill/batchmill/jobs"
)

// readFile reads a document from a file, or from standard input if the name is "-".
func (a *app) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(a.in)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, usage(err)
	}
	return b, nil
}

// rename puts another name into a document. An empty name changes nothing.
func rename(doc []byte, member, name string) ([]byte, error) {
	if name == "" {
		return doc, nil
	}
	text, err := jobs.Normalize(doc)
	if err != nil {
		return nil, err
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	if members[member], err = json.Marshal(name); err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

// outputFlag is "-o json".
type outputFlag struct{ json bool }

func (o *outputFlag) String() string {
	if o.json {
		return "json"
	}
	return "text"
}

// Set accepts text and json.
func (o *outputFlag) Set(s string) error {
	if s != "json" && s != "text" {
		return usagef("output is text or json")
	}
	o.json = s == "json"
	return nil
}

// Type names the flag's value in the help.
func (o *outputFlag) Type() string { return "text|json" }
