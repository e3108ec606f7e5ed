package jobs

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, doc, want string }{
		{"JSON keeps its order", `{"b": 1.50, "a": [true, null, "x<y"]}`, `{"b":1.50,"a":[true,null,"x<y"]}`},
		{"string maps keep spelling", "TrainingJobName: j\nHyperParameters:\n  eta: 1e-3\n  on: true\nEnvironment: {N: 017}", `{"TrainingJobName":"j","HyperParameters":{"eta":"1e-3","on":"true"},"Environment":{"N":"017"}}`},
		{"strings keep spelling", "SplitJobName: 7\nSplitStrategy: {Column: 3, Seed: 7}", `{"SplitJobName":"7","SplitStrategy":{"Column":"3","Seed":7}}`},
		{"integers and fractions", "SplitJobName: s\nOutputs: [{Fraction: .5}, {Fraction: 0.50}, {Fraction: +1}]\nSplitStrategy: {Seed: 0x10}", `{"SplitJobName":"s","Outputs":[{"Fraction":0.5},{"Fraction":0.50},{"Fraction":1}],"SplitStrategy":{"Seed":16}}`},
		{"transform, though it names a model", "ModelName: m\nTransformJobName: 1\nMaxPayloadInMB: 6", `{"ModelName":"m","TransformJobName":"1","MaxPayloadInMB":6}`},
		{"anchors", "a: &x {b: 1}\nc: *x", `{"a":{"b":1},"c":{"b":1}}`},
		{"no number", "a: .nan", `{"a":".nan"}`},
	} {
		got, err := Normalize([]byte(c.doc))
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, string(got), c.name)
		again, err := Normalize(got)
		require.NoError(t, err, c.name)
		assert.Equal(t, got, again, c.name)
	}
	_, err := Normalize([]byte("- a"))
	assert.EqualError(t, err, "jobs: document: must be an object of members")
}

func TestDocumentTravelsUnparsed(t *testing.T) {
	t.Parallel()
	text := `{"TransformJobName":"t","ModelName":"m","Unknown":[1.50,1e400],"HyperParameters":{"eta":0.3}}`
	var d Document
	require.NoError(t, json.Unmarshal([]byte(text), &d))
	assert.Equal(t, "t", d.Name(TransformKind))
	assert.Equal(t, "m", d.ModelName())
	assert.Empty(t, d.Name(TrainingKind))
	out, err := json.Marshal(d)
	require.NoError(t, err)
	assert.Equal(t, text, string(out))

	for _, bad := range []string{`[]`, `"x"`, `null`, `7`} {
		assert.Error(t, json.Unmarshal([]byte(bad), &d), bad)
	}
	_, err = json.Marshal(Document(nil))
	assert.Error(t, err)
}
