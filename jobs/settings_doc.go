package jobs

import (
	"fmt"
	"strings"
)

// SettingsMarkdown renders the settings as the page docs/settings.md.
func SettingsMarkdown() string {
	var b strings.Builder
	b.WriteString(`# Settings of a job

<!-- Generated from the table in jobs/settings.go: go test ./jobs -run TestSettingsPage -update -->

Job documents are SageMaker's own, and its clients refuse members they do not know. What SageMaker has no member for is set
by these names in the document's ` + "`Environment`" + `. A name that begins with ` + "`BATCHMILL_`" + ` and is not listed for that
kind of job is refused when the job is submitted; other names are left alone.

| name | jobs | values | default | meaning |
|---|---|---|---|---|
`)
	for _, s := range settings {
		kinds := make([]string, len(s.kinds))
		for i, k := range s.kinds {
			kinds[i] = k.Name
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.name, strings.Join(kinds, ", "), s.form, s.initial, s.meaning)
	}
	b.WriteString("\nExample:\n\n```json\n\"Environment\": {\"BATCHMILL_SHARDS\": \"17\", \"BATCHMILL_MAX_REJECTED_RECORDS\": \"0.1%\"}\n```\n")
	return b.String()
}
