package imports

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var requirement = regexp.MustCompile(`^(?:require )?\t?([a-z0-9.]+\.[a-z]+/\S+) v\S+$`)

// TestDependenciesAreExplained: docs/design.md says why each direct dependency is there.
func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	design, err := os.ReadFile(filepath.Join(root, "docs", "design.md"))
	if err != nil {
		t.Fatal(err)
	}
	direct := 0
	for line := range strings.Lines(string(module)) {
		match := requirement.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if match == nil {
			continue // of another kind, or marked indirect
		}
		direct++
		if path := match[1]; !strings.Contains(string(design), "`"+path+"`") {
			t.Errorf("docs/design.md does not say why %s is there", path)
		}
	}
	if direct < 10 {
		t.Fatalf("only %d direct dependencies found in go.mod", direct)
	}
}
