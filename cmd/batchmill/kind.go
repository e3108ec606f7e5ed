package main

import (
	"strings"

	"github.com/batchmill/batchmill/jobs"
)

// kindWord is how the command line calls a kind of job.
type kindWord struct {
	word string
	kind jobs.Kind
}

func kindWords() []kindWord {
	return []kindWord{{"split", jobs.SplitKind}, {"train", jobs.TrainingKind}, {"transform", jobs.TransformKind}, {"tune", jobs.TuningKind}}
}

// parseKind reads a KIND argument: "train", "training", "training-job" and "TrainingJob" are the same.
func parseKind(s string) (jobs.Kind, error) {
	low := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s))
	low = strings.TrimSuffix(strings.TrimSuffix(low, "s"), "job")
	if low == "tuning" {
		return jobs.TuningKind, nil
	}
	for _, k := range kindWords() {
		if low == k.word || low == strings.ToLower(strings.TrimSuffix(k.kind.Name, "Job")) {
			return k.kind, nil
		}
	}
	return jobs.Kind{}, usagef("%q is no kind of job; it is one of split, train, transform, tune, model", s)
}

func isModel(s string) bool { return s == "model" || s == "models" }

// word is how the command line calls the kind.
func word(k jobs.Kind) string {
	for _, w := range kindWords() {
		if w.kind == k {
			return w.word
		}
	}
	return k.Name
}

// kindOf tells the kind of a document by its name member.
func kindOf(doc jobs.Document) (jobs.Kind, error) {
	for _, k := range jobs.Kinds() {
		if doc.Name(k) != "" {
			return k, nil
		}
	}
	return jobs.Kind{}, usagef("the document names no job: it has none of SplitJobName, TrainingJobName, TransformJobName, HyperParameterTuningJobName")
}
