package jobs

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

// FuzzParse: any text gives a document that validates and survives the way to JSON and back, or a named error. Whatever
// Normalize accepts means the same to the parsers as the text it came from.
func FuzzParse(f *testing.F) {
	for _, text := range goodDocuments {
		f.Add([]byte(text))
	}
	f.Add([]byte("TrainingJobName: a\nHyperParameters: {eta: 1e-3, x: .inf, y: !!str 1, z: ~}\nTags: [~, {Key: 1}]"))
	f.Add([]byte("SplitJobName: s\nOutputs: [{Fraction: .5}, {Fraction: .nan}, {Fraction: 0x1}]\nSplitStrategy: {Seed: 0o17}"))
	f.Add([]byte(`{"ModelName": "\ud83d\ude00", "PrimaryContainer": {"Environment": {"\u0000": ""}}}`))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("ModelName: {{.X}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		normal, normalErr := Normalize(text)
		for kind, parse := range parsers {
			doc, err := parse(text)
			if err != nil {
				checkNamed(t, err)
				continue
			}
			if normalErr != nil {
				t.Fatalf("%s: parsed, yet not normalized: %v", kind, normalErr)
			}
			if err := doc.(interface{ Validate() error }).Validate(); err != nil {
				t.Fatalf("%s: parsed, yet not valid: %v", kind, err)
			}
			first, err := json.Marshal(doc)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			for _, again := range [][]byte{first, normal} {
				doc, err := parse(again)
				if err != nil {
					t.Fatalf("%s: %s: %v", kind, again, err)
				}
				if second, _ := json.Marshal(doc); string(second) != string(first) {
					t.Fatalf("%s: %s became %s", kind, first, second)
				}
			}
		}
		if out, err := Expand(text, time.Unix(1795248000, 0), nil); err == nil && HasPlaceholders(text) && !json.Valid(out) {
			t.Fatalf("expanded to %q", out)
		}
	})
}

func checkNamed(t *testing.T, err error) {
	var syntax *SyntaxError
	var invalid *ValidationError
	if !errors.As(err, &syntax) && !errors.As(err, &invalid) {
		t.Fatalf("unnamed error %T: %v", err, err)
	}
}
