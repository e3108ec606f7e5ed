// Package examples holds a small real table and the job documents that work on it, for `batchmill quickstart`, the tests
// and readers. It does nothing.
package examples

import "embed"

// Housing is the California housing table as CSV with a header; see california_housing/README.md for its origin.
//
//go:embed california_housing/housing.csv
var Housing []byte

// Documents holds the job documents, JSON and YAML, by file name below "documents".
//
//go:embed documents
var Documents embed.FS

// Document returns one of them, e.g. "split.json". It panics if there is none of that name.
func Document(name string) []byte {
	text, err := Documents.ReadFile("documents/" + name)
	if err != nil {
		panic(err)
	}
	return text
}
