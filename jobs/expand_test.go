package jobs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("Europe/Berlin", 3600)
	at := time.Date(2026, 11, 15, 23, 30, 5, 0, time.UTC) // a Sunday; in Berlin it is Monday
	for _, c := range []struct {
		name, doc string
		loc       *time.Location
		want, err string
	}{
		{"time", `{"TrainingJobName": "weekly-{{.ScheduledTime}}"}`, berlin, `{"TrainingJobName":"weekly-2026-11-15T23-30-05Z"}`, ""},
		{"date", `{"TrainingJobName": "d-{{.ScheduledDate}}"}`, berlin, `{"TrainingJobName":"d-2026-11-16"}`, ""},
		{"date in UTC", `{"TrainingJobName": "d-{{.ScheduledDate}}"}`, nil, `{"TrainingJobName":"d-2026-11-15"}`, ""},
		{"week", `{"TrainingJobName": "{{.ISOWeek}}"}`, nil, `{"TrainingJobName":"2026-W46"}`, ""},
		{"week in Berlin", `{"TrainingJobName": "{{ .ISOWeek }}"}`, berlin, `{"TrainingJobName":"2026-W47"}`, ""},
		{"layout", `{"a": ["s3://b/{{.ScheduledTime.Format \"2006/01\"}}/{{.ISOWeek}}/x"]}`, nil, `{"a":["s3://b/2026/11/2026-W46/x"]}`, ""},
		{"layout in back quotes", "{\"a\": \"{{.ScheduledTime.Format `20060102`}}\"}", nil, `{"a":"20261115"}`, ""},
		{"YAML", "TrainingJobName: 'w-{{.ISOWeek}}' # {{.NoPlaceholder}}\nHyperParameters: {eta: 1e-3}\n", nil, `{"TrainingJobName":"w-2026-W46","HyperParameters":{"eta":"1e-3"}}`, ""},
		{"nothing to do", "a: 1 # as it is\n", nil, "a: 1 # as it is\n", ""},
		{"unknown", `{"OutputDataConfig": {"S3OutputPath": "s3://b/{{.Week}}"}}`, nil, "", `jobs: placeholder in 's3://b/{{.Week}}' at 'outputDataConfig.s3OutputPath': {{.Week}} is unknown; there are {{.ScheduledTime}}, {{.ScheduledTime.Format "20060102"}}, {{.ScheduledDate}} and {{.ISOWeek}}`},
		{"unknown in list", `{"InputDataConfig": [{"ChannelName": "{{.Name}}"}]}`, nil, "", `jobs: placeholder in '{{.Name}}' at 'inputDataConfig.1.member.channelName': {{.Name}} is unknown; there are {{.ScheduledTime}}, {{.ScheduledTime.Format "20060102"}}, {{.ScheduledDate}} and {{.ISOWeek}}`},
		{"function", `{"a": "{{printf \"%999999999d\" 1}}"}`, nil, "", `jobs: placeholder in '{{printf "%999999999d" 1}}' at 'a': {{printf "%999999999d" 1}} is unknown; there are {{.ScheduledTime}}, {{.ScheduledTime.Format "20060102"}}, {{.ScheduledDate}} and {{.ISOWeek}}`},
		{"loop", `{"a": "{{range 1000000000}}x{{end}}"}`, nil, "", `jobs: placeholder in '{{range 1000000000}}x{{end}}' at 'a': {{range 1000000000}}x{{end}} is not allowed; there are {{.ScheduledTime}}, {{.ScheduledTime.Format "20060102"}}, {{.ScheduledDate}} and {{.ISOWeek}}`},
		{"open", `{"a": "{{.ISOWeek"}`, nil, "", `jobs: placeholder in '{{.ISOWeek' at 'a': is no placeholder: 1: unclosed action; there are {{.ScheduledTime}}, {{.ScheduledTime.Format "20060102"}}, {{.ScheduledDate}} and {{.ISOWeek}}`},
	} {
		got, err := Expand([]byte(c.doc), at, c.loc)
		if c.err != "" {
			assert.EqualError(t, err, c.err, c.name)
			var named *PlaceholderError
			assert.ErrorAs(t, err, &named, c.name)
			continue
		}
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, string(got), c.name)
	}
}

func TestHasPlaceholders(t *testing.T) {
	t.Parallel()
	assert.True(t, HasPlaceholders([]byte(`{"a": "{{.ISOWeek}}"}`)))
	assert.False(t, HasPlaceholders([]byte(`{"a": {"b": "c"}}`)))
}

// A name made of a scheduled time is a legal job name.
func TestExpandedNameIsLegal(t *testing.T) {
	t.Parallel()
	doc := change(t, trainingJSON, "TrainingJobName", `"score-{{.ScheduledTime}}-{{.ScheduledDate}}-{{.ISOWeek}}"`)
	doc, err := Expand(doc, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), nil)
	require.NoError(t, err)
	job, err := ParseTrainingJob(doc)
	require.NoError(t, err)
	assert.Equal(t, "score-2026-01-01T00-00-00Z-2026-01-01-2026-W01", job.TrainingJobName)
}
