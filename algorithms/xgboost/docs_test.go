package xgboost

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
)

var update = flag.Bool("update", false, "write the table of hyperparameters to docs/xgboost.md")

const (
	page       = "../../docs/xgboost.md"
	tableStart = "<!-- Generated from algorithms/xgboost/hyperparameters.go: go test ./algorithms/xgboost -run TestPage -update -->\n"
	tableEnd   = "<!-- End of the generated table -->\n"
)

// TestPage compares the table of hyperparameters in the documentation with the declarations.
func TestPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), tableStart)
	require.True(t, ok)
	_, after, ok := strings.Cut(rest, tableEnd)
	require.True(t, ok)
	want := before + tableStart + hyperParameterTable() + tableEnd + after
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(text), "run go test ./algorithms/xgboost -run TestPage -update")
}

func hyperParameterTable() string {
	var b strings.Builder
	b.WriteString("\n| name | values | default | meaning |\n|---|---|---|---|\n")
	for _, p := range declared {
		name := "`" + p.Name + "`"
		for _, a := range p.Aliases {
			name += " (`" + a + "`)"
		}
		values := p.Allowed()
		switch p.Type {
		case algorithms.Integer:
			values = "integer in " + values
		case algorithms.Continuous:
			values = "number in " + values
		case algorithms.Categorical:
			values = strings.Join(p.Values, ", ")
		}
		def := p.Default
		if p.Required {
			def = "required"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, values, def, strings.ReplaceAll(p.Description, "|", "\\|"))
	}
	return b.String() + "\n"
}
