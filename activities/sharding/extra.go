package sharding

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"strings"

	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// jobsFolder is the folder below an output path that holds every job's own folder.
const jobsFolder = "_batchmill"

// outputPath is the output path of the job whose manifest lies there, as a prefix; false if the manifest lies elsewhere.
func outputPath(manifest storage.URI) (storage.URI, bool) {
	root := path.Dir(manifest.Key)
	folder := path.Dir(root)
	if path.Base(folder) != jobsFolder || manifest.Base() != "manifest.json" {
		return storage.URI{}, false
	}
	return storage.URI{Bucket: manifest.Bucket, Key: strings.TrimSuffix(folder, jobsFolder)}, true
}

// findExtra looks for objects that should not be there: what is left of staging in the job's own folder, and objects in the
// places below the output path that the job writes to which neither its manifest nor another job's there lists.
func findExtra(ctx context.Context, store storage.Store, manifest storage.URI, m *Manifest) ([]Problem, error) {
	out, ok := outputPath(manifest)
	if !ok {
		return nil, nil // a manifest that was copied away: nothing is known about its surroundings
	}
	root := strings.TrimSuffix(manifest.Key, manifest.Base())
	mine, listed := places(out, m), outputsOf(m)
	var extra []Problem
	var suspects, others []storage.URI
	err := store.List(ctx, out, func(info storage.Info) error {
		rel := strings.TrimPrefix(info.URI.Key, out.Key)
		own, inRoot := strings.CutPrefix(info.URI.Key, root)
		switch {
		case listed[info.URI.String()] || info.URI == manifest:
		case inRoot && !keptAfterCommit(own):
			extra = append(extra, Problem{info.URI.String(), Extra, "left of the job's staging"})
		case inRoot && strings.HasPrefix(own, "rejects/"):
			extra = append(extra, Problem{info.URI.String(), Extra, "the manifest does not list it"})
		case isManifest(rel):
			others = append(others, info.URI)
		case !inJobsFolder(rel) && mine(rel):
			suspects = append(suspects, info.URI)
		}
		return nil
	})
	if err != nil || len(suspects) == 0 {
		return sortProblems(extra), err
	}
	if err := addOutputs(ctx, store, others, listed); err != nil {
		return nil, err
	}
	for _, uri := range suspects {
		if !listed[uri.String()] {
			extra = append(extra, Problem{uri.String(), Extra, "no manifest below " + out.String() + " lists it"})
		}
	}
	return sortProblems(extra), nil
}

// places tells which paths below the output path are the job's to write.
func places(out storage.URI, m *Manifest) func(rel string) bool {
	if m.Kind == jobs.TransformKind.Name {
		return func(rel string) bool { return strings.HasSuffix(rel, ".out") || strings.HasSuffix(rel, ".out.parquet") }
	}
	// A split has a folder for each side. The manifest's details name all of them, also those that got no row.
	var details struct{ Rows map[string]int64 }
	_ = json.Unmarshal(m.Details, &details) // details of another shape name no folders
	var folders []string
	for side := range details.Rows {
		folders = append(folders, side+"/")
	}
	for _, o := range m.Outputs {
		if rel, ok := strings.CutPrefix(o.URI, out.String()); ok && strings.Contains(rel, "/") && !inJobsFolder(rel) {
			folders = append(folders, path.Dir(rel)+"/")
		}
	}
	return func(rel string) bool {
		for _, f := range folders {
			if strings.HasPrefix(rel, f) && !strings.HasSuffix(rel, "/") {
				return true
			}
		}
		return false
	}
}

func outputsOf(m *Manifest) map[string]bool {
	listed := make(map[string]bool, len(m.Outputs))
	for _, o := range m.Outputs {
		listed[o.URI] = true
	}
	return listed
}

// addOutputs adds what other jobs' manifests list.
func addOutputs(ctx context.Context, store storage.Store, manifests []storage.URI, listed map[string]bool) error {
	for _, uri := range manifests {
		m, err := ReadManifest(ctx, store, uri)
		if err != nil {
			return err
		}
		if m == nil {
			continue // removed meanwhile
		}
		for _, o := range m.Outputs {
			listed[o.URI] = true
		}
	}
	return nil
}

func inJobsFolder(rel string) bool { return strings.Contains("/"+rel, "/"+jobsFolder+"/") }

// isManifest tells whether a path below an output path is some job's manifest, also that of a deeper output path.
func isManifest(rel string) bool {
	return path.Base(rel) == "manifest.json" && path.Base(path.Dir(path.Dir(rel))) == jobsFolder
}

// keptAfterCommit tells what stays in a committed job's own folder, by its path there.
func keptAfterCommit(rel string) bool {
	return rel == "manifest.json" || strings.HasPrefix(rel, "rejects/") || strings.HasPrefix(rel, "logs/")
}

func isAbsent(err error) bool {
	return errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrNoBucket)
}
