package activities

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/jobs"
)

// TestLongLines: a record of many megabytes is scored like any other, and one beyond the bound fails the job before any shard runs, by
// object and line.
func TestLongLines(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	house := columns(californiaTest(t), 8)[:4]
	const long = 2 // which record
	rows := map[string][]string{
		"text/csv;header=present": lines(string(toCSV(t, house))),
		"application/jsonlines":   append([]string{""}, lines(string(jsonLines(house)))...),
	}
	table := func(contentType string, bytes int) []byte {
		pad := strings.Repeat("long ", bytes/5)
		var b strings.Builder
		for i, r := range rows[contentType] {
			note := "short"
			switch {
			case i == 0:
				note = "note"
			case i == long:
				note = pad
			}
			if contentType == "application/jsonlines" {
				if i > 0 {
					b.WriteString(`{"note":"` + note + `",` + r[1:] + "\n")
				}
				continue
			}
			b.WriteString(note + "," + r + "\n")
		}
		return []byte(b.String())
	}
	for contentType, line := range map[string]string{"text/csv;header=present": "line 3", "application/jsonlines": "line 2"} {
		s := newShop(t, newStore())
		s.register("m", artifact)
		s.put("s3://b/in/a", table(contentType, 40<<20))
		doc := transformDoc(contentType+";ignore=note", object{})
		doc["TransformOutput"].(object)["Accept"] = "text/csv"
		_, err := s.transform(doc)
		require.NoError(t, err)
		near(t, want[:3], lines(s.read("s3://b/out/a")["out/a.out"]))

		s.put("s3://b/in/a", table(contentType, 100_000_000))
		doc["TransformJobName"], doc["TransformOutput"].(object)["S3OutputPath"] = "again", "s3://b/later/"
		_, err = s.PlanTransform(t.Context(), jobOf(s, doc))
		require.ErrorContains(t, err, "s3://b/in/a, "+line+": the record is longer than 64 MiB, the bound; ")
		require.Equal(t, jobs.ClientError, classify(err))
	}
}
