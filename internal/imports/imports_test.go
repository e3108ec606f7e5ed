package imports

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// maxLines is the length from which a reader finds things faster in two files. The aim is 400.
const maxLines = 700

func goFiles(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "vendor") {
			if filepath.Base(filepath.Dir(path)) == "internal" {
				return nil // internal/testdata is a package of ours
			}
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(path, ".go") {
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	files := 0
	goFiles(t, func(path string) {
		files++
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			return
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			t.Error(err)
			return
		}
		folder := filepath.ToSlash(filepath.Dir(rel))
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Error(err)
				continue
			}
			if why := refuse(folder, imported, strings.HasSuffix(path, "_test.go")); why != "" {
				t.Errorf("%s imports %s: %s", filepath.ToSlash(rel), imported, why)
			}
		}
	})
	if files < 20 {
		t.Fatalf("only %d Go files found: is %s the module's root?", files, root)
	}
}

// refuse says why a file of that folder may not import a path; "" if it may.
func refuse(folder, imported string, test bool) string {
	if folder == "internal/deps" {
		return "" // pins modules, is never built
	}
	for _, f := range fences {
		if strings.HasPrefix(imported, f.module) && !inside(folder, f.folders) {
			return fmt.Sprintf("only %s may, because %s", strings.Join(f.folders, ", "), f.why)
		}
	}
	for m, by := range testModules {
		if strings.HasPrefix(imported, m) && !test && !testPackage(folder) && room(folder) != by {
			return "only tests may"
		}
	}
	if imported == module {
		return "there is no package at the root"
	}
	to, ours := strings.CutPrefix(imported, module+"/")
	if !ours || room(to) == room(folder) {
		return ""
	}
	if room(to) == "internal" {
		if test || folder == "bench" || testPackage(folder) {
			return ""
		}
		return "internal is for tests"
	}
	if endToEnd(folder) || (test && testOnly(folder, to)) {
		return ""
	}
	may, known := mayImport[room(folder)]
	if !known {
		return fmt.Sprintf("room %q is not in the table of internal/imports; see ARCHITECTURE.md", room(folder))
	}
	if slices.Contains(may, room(to)) || slices.Contains(exceptions[room(folder)], imported) {
		return ""
	}
	return fmt.Sprintf("room %s may import %s only; see ARCHITECTURE.md", room(folder), strings.Join(may, ", "))
}

// testPackage tells packages that only tests import: the internal ones and conformance suites.
func testPackage(folder string) bool {
	return room(folder) == "internal" || strings.HasSuffix(folder, "/conformance") || strings.HasSuffix(folder, "test")
}

// endToEnd is the one test package that drives the whole.
func endToEnd(folder string) bool { return inside(folder, []string{"internal/e2e"}) }

// testOnly lists what a room's tests may import on top: drivers and the tests' own real servers.
func testOnly(folder, to string) bool {
	switch room(folder) {
	case "storage":
		return room(to) == "devstack"
	case "algorithms":
		return to == "bench/tables" // benchmarks of their insides run on the benchmarks' tables
	case "client", "worker", "workflows":
		return true // they run against an in-process Temporal with the real activities
	}
	return false
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		folder, imported string
		test, refused    bool
	}{
		{"dataset", "github.com/apache/arrow/go/v15/arrow", false, false},
		{"dataset/split", "github.com/batchmill/batchmill/dataset", false, false},
		{"dataset", "github.com/batchmill/batchmill/storage", false, true},
		{"storage", "github.com/batchmill/batchmill/dataset", false, true},
		{"algorithms/xgboost", "github.com/apache/arrow/go/v15/arrow", false, true},
		{"algorithms/xgboost", "github.com/batchmill/batchmill/storage", true, true},
		{"algorithms/xgboost", "go.temporal.io/sdk/workflow", false, true},
		{"algorithms", "github.com/batchmill/batchmill/internal/testdata", false, true},
		{"algorithms", "github.com/batchmill/batchmill/internal/testdata", true, false},
		{"workflows", "github.com/batchmill/batchmill/activities/protocol", false, false},
		{"workflows", "github.com/batchmill/batchmill/activities", false, true},
		{"workflows", "github.com/batchmill/batchmill/dataset", false, true},
		{"jobs", "github.com/batchmill/batchmill/storage", false, true},
		{"worker", "go.temporal.io/server/temporal", false, true},
		{"cmd/batchmill", "github.com/batchmill/batchmill/devstack", false, false},
		{"client", "github.com/batchmill/batchmill/devstack", false, true},
		{"newroom", "github.com/batchmill/batchmill/jobs", false, true},
	} {
		why := refuse(tc.folder, tc.imported, tc.test)
		if (why != "") != tc.refused {
			t.Errorf("%s imports %s: %q", tc.folder, tc.imported, why)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	goFiles(t, func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			return
		}
		switch lines := bytes.Count(text, []byte("\n")); {
		case bytes.Contains(text[:min(len(text), 2000)], []byte("Code generated")):
		case lines > maxLines:
			t.Errorf("%s has %d lines, more than %d: cut it in two", path, lines, maxLines)
		case lines > 400:
			t.Logf("%s has %d lines", path, lines)
		}
	})
}

// TestPackagesSayWhatTheyAreFor: every package has a package comment.
func TestPackagesSayWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	goFiles(t, func(path string) {
		folder := filepath.Dir(path)
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Error(err)
			return
		}
		said[folder] = said[folder] || parsed.Doc != nil
	})
	for folder, ok := range said {
		if !ok {
			t.Errorf("no package comment in %s", folder)
		}
	}
}
