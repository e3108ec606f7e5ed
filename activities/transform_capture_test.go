package activities

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/dataset"
)

// captureDoc is a transform that captures below s3://seen/d.
func captureDoc(contentType string, ids bool, n int) object {
	doc := transformDoc(contentType, shards(n))
	doc["DataCaptureConfig"] = object{"DestinationS3Uri": "s3://seen/d", "GenerateInferenceId": ids, "KmsKeyId": "alias/key"}
	return doc
}

// capturing is a shop at a fixed time with two objects of rows.
func capturing(t *testing.T, in []byte, artifact []byte) *shop {
	s := newShop(t, newStore())
	s.now = func() time.Time { return time.Date(2022, 8, 26, 13, 49, 15, 0, time.FixedZone("", 3600)) }
	s.units = 1 << 10
	s.register("m", artifact)
	s.put("s3://b/in/d/a", in)
	s.put("s3://b/in/e/b", in)
	return s
}

// TestCapture: lists of what was read and written lie below the destination, under the hour the job started, once it is committed.
func TestCapture(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	in := toCSV(t, columns(californiaTest(t), 8)[1:101])
	var first map[string]string
	for _, n := range []int{1, 17} {
		s := capturing(t, in, artifact)
		done, err := s.transform(captureDoc("text/csv", false, n))
		require.NoError(t, err)
		s.verify(done)
		seen := s.read("s3://seen/")
		require.Equal(t, map[string]string{
			"d/input/2022/08/26/12/score.jsonl":  `[{"prefix":"s3://b/in/"},"d/a","e/b"]` + "\n",
			"d/output/2022/08/26/12/score.jsonl": `[{"prefix":"s3://b/out/"},"d/a.out","e/b.out"]` + "\n",
		}, seen)
		got := s.read("s3://b/out/")
		if first == nil {
			first = got
		}
		sameObjects(t, first, got)
	}
	// Nothing of it is there when the job fails, however late.
	s := capturing(t, append(in, "1,2,3\n"...), artifact)
	doc := captureDoc("text/csv", false, 17)
	doc["Environment"].(object)["BATCHMILL_MAX_REJECTED_RECORDS"] = "0.1%"
	_, err := s.transform(doc)
	require.ErrorContains(t, err, "2 of 202 records were rejected")
	require.Empty(t, s.read("s3://seen/"))
	require.Empty(t, s.read("s3://b/out/"))
	// The list of objects is a manifest file that a job can read.
	s = capturing(t, in, artifact)
	_, err = s.transform(captureDoc("text/csv", false, 1))
	require.NoError(t, err)
	again := transformDoc("text/csv", object{})
	again["TransformJobName"] = "again"
	again["TransformInput"].(object)["DataSource"] = object{"S3DataSource": object{"S3DataType": "ManifestFile", "S3Uri": "s3://seen/d/input/2022/08/26/12/score.jsonl"}}
	done, err := s.transform(again)
	require.NoError(t, err)
	require.EqualValues(t, 200, done.Rows)
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// TestInferenceIDs: every record of the output ends with an ID of its own and the job's start, whatever its format, joined or not.
func TestInferenceIDs(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	house := columns(californiaTest(t), 8)[:101]
	type row struct{ score, id, time string }
	fromJSON := func(t *testing.T, text string) row {
		var o struct {
			Score           json.Number
			SageMakerOutput struct{ Score json.Number }
			ID              string `json:"SageMakerInferenceId"`
			Time            string `json:"SageMakerInferenceTime"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &o), text)
		return row{string(o.Score) + string(o.SageMakerOutput.Score), o.ID, o.Time}
	}
	fromCSV := func(t *testing.T, text string) (rows []row) {
		all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		require.NoError(t, err)
		for _, r := range all {
			n := len(r)
			rows = append(rows, row{r[n-3], r[n-2], r[n-1]})
		}
		return rows
	}
	fromLines := func(t *testing.T, text string) (rows []row) {
		for _, l := range lines(text) {
			rows = append(rows, fromJSON(t, l))
		}
		return rows
	}
	for _, c := range []struct {
		contentType, accept string
		in                  []byte
		processing          object
		read                func(t *testing.T, text string) []row
	}{
		{"text/csv", "text/csv", toCSV(t, house[1:]), object{}, fromCSV},
		{"text/csv", "text/csv", toCSV(t, house[1:]), object{"JoinSource": "Input", "OutputFilter": "$[0,-1]"}, fromCSV},
		{"application/jsonlines", "application/jsonlines", jsonLines(house), object{}, fromLines},
		{"application/jsonlines", "application/jsonlines", jsonLines(house), object{"JoinSource": "Input"}, fromLines},
		{"application/jsonlines", "application/jsonlines", jsonLines(house), object{"JoinSource": "Input", "OutputFilter": "$['SageMakerOutput']"}, fromLines},
		{"text/csv", "application/json", toCSV(t, house[1:]), object{}, func(t *testing.T, text string) (rows []row) {
			var o struct{ Predictions []json.RawMessage }
			require.NoError(t, json.Unmarshal([]byte(text), &o))
			for _, p := range o.Predictions {
				rows = append(rows, fromJSON(t, string(p)))
			}
			return rows
		}},
		{"text/csv", "application/x-parquet", toCSV(t, house[1:]), object{}, nil},
	} {
		if c.processing["OutputFilter"] == "$['SageMakerOutput']" {
			c.processing["OutputFilter"] = "$.SageMakerOutput"
		}
		t.Run(fmt.Sprintf("%s to %s, %v", c.contentType, c.accept, c.processing), func(t *testing.T) {
			t.Parallel()
			var first map[string]string
			for _, n := range []int{1, 17} {
				s := capturing(t, c.in, artifact)
				doc := with(captureDoc(c.contentType, true, n), "DataProcessing", c.processing)
				doc["TransformOutput"].(object)["Accept"] = c.accept
				done, err := s.transform(doc)
				require.NoError(t, err)
				s.verify(done)
				got := s.read("s3://b/out/")
				if first != nil {
					sameObjects(t, first, got)
					continue
				}
				first = got
				ids := map[string]bool{}
				for _, name := range []string{"out/d/a.out", "out/e/b.out"} {
					var rows []row
					if c.read == nil {
						id, at := s.column(name+".parquet", inferenceID), s.column(name+".parquet", inferenceTime)
						for i, score := range s.column(name+".parquet", "SageMakerOutput") {
							rows = append(rows, row{score, id[i], at[i]})
						}
					} else {
						rows = c.read(t, got[name])
					}
					var scores []string
					for _, r := range rows {
						require.Regexp(t, uuid, r.id)
						require.Equal(t, "2022-08-26T12:49:15Z", r.time)
						ids[r.id], scores = true, append(scores, r.score)
					}
					near(t, want[:100], scores)
				}
				require.Len(t, ids, 200)
			}
		})
	}
	s := capturing(t, toCSV(t, house[1:]), artifact)
	doc := captureDoc("text/csv", true, 1)
	doc["TransformOutput"].(object)["Accept"] = string(dataset.RecordIO)
	_, err := s.transform(doc)
	require.ErrorContains(t, err, "dataCaptureConfig.generateInferenceId")
}
