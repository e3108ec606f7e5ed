package activities

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/storage"
)

// alter changes the last bit, or the last digit, of a prediction where it stands in an output.
func alter(t testing.TB, data []byte, contentType string, value float32) {
	t.Helper()
	var stored []byte
	switch contentType {
	case "application/x-parquet", "application/vnd.apache.arrow.stream", "application/x-recordio-protobuf":
		stored = binary.LittleEndian.AppendUint32(nil, math.Float32bits(value))
		at := bytes.Index(data, stored)
		require.GreaterOrEqual(t, at, 0)
		data[at] ^= 1
		return
	}
	stored, err := json.Marshal(value)
	require.NoError(t, err)
	at := bytes.Index(data, stored)
	require.GreaterOrEqual(t, at, 0)
	data[at+len(stored)-1] ^= 1
}

// TestRescoreNamesTheRow: of an output that holds one other value the record is named, and the row it was made from, whether or not
// rows before it were rejected, in every format.
func TestRescoreNamesTheRow(t *testing.T) {
	t.Parallel()
	const row, bad = 137, 10 // from 0
	artifact, want := reference(t, "california_missing")
	house := columns(californiaTest(t), 8)[:801]
	text := lines(string(toCSV(t, house)))
	text[1+bad] = "no,number,in,it,1,1,1,1"
	in := []byte(strings.Join(text, "\n"))
	for accept := range readers {
		for _, keep := range []string{"drop", "null"} {
			t.Run(accept+", "+keep, func(t *testing.T) {
				t.Parallel()
				s := newShop(t, newStore())
				s.register("m", artifact)
				s.put("s3://b/in/a", in)
				doc := transformDoc("text/csv;header=present", object{"BATCHMILL_MAX_REJECTED_RECORDS": "1", "BATCHMILL_REJECTED_RECORDS": keep})
				doc["TransformOutput"].(object)["Accept"] = accept
				done, err := s.transform(doc)
				require.NoError(t, err)
				s.verify(done)

				key := "out/a.out"
				if accept == "application/x-parquet" {
					key = "out/a.out.parquet"
				}
				data := []byte(s.read("s3://b/out/a")[key])
				alter(t, data, accept, float32(want[row]))
				s.put("s3://b/"+key, data)
				again := s.rescore(done, 1)
				require.Len(t, again.Problems, 1)
				p := again.Problems[0]
				require.Equal(t, sharding.Differs, p.Kind)
				require.Equal(t, "s3://b/"+key, p.URI)
				record := row + 1
				if keep == "drop" {
					record--
				}
				require.Contains(t, p.Detail, fmt.Sprintf("record %d (row %d of s3://b/in/a) ", record, row+1))
				if accept == "application/x-parquet" {
					require.Contains(t, p.Detail, `column "SageMakerOutput" is `)
				}
			})
		}
	}
}

// TestRescoreSample: a share is about that share, always the same rows, and never nothing.
func TestRescoreSample(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	house := columns(california(t), 8)
	s := newShop(t, newStore())
	s.register("m", artifact)
	s.put("s3://b/in/a.csv", toCSV(t, house[1:]))
	s.put("s3://b/in/b.csv", toCSV(t, house[1:301]))
	done, err := s.transform(transformDoc("text/csv", shards(3)))
	require.NoError(t, err)
	for _, c := range []struct {
		share       float64
		least, most int64
	}{{1, done.Rows, done.Rows}, {0.5, 6000, 11000}, {0.1, 512, 4000}, {1e-9, 256, 256}} {
		again := s.rescore(done, c.share)
		require.Empty(t, again.Problems)
		require.GreaterOrEqual(t, again.Rows, c.least, c.share)
		require.LessOrEqual(t, again.Rows, c.most, c.share)
		require.Equal(t, again, s.rescore(done, c.share))
	}
}

// TestRescoreOfWhatChanged: an input, a model or an output that is no longer there, or no longer what it was, is a problem of its own.
func TestRescoreOfWhatChanged(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	other, _ := reference(t, "california_gamma")
	house := columns(californiaTest(t), 8)[1:301]
	for name, c := range map[string]struct {
		change func(s *shop)
		want   string
	}{
		"input replaced": {func(s *shop) { s.put("s3://b/in/a", toCSV(t, house[1:])) }, "s3://b/in/a: input: it, or its output, was removed or replaced since"},
		"model replaced": {func(s *shop) { s.put("s3://b/models/m/model.tar.gz", other) }, "s3://b/models/m/model.tar.gz: model: artifact s3://b/models/m/model.tar.gz is not what it was when the job was planned"},
		"model removed": {func(s *shop) {
			require.NoError(t, s.store.Delete(t.Context(), storage.URI{Bucket: "b", Key: "models/m/model.tar.gz"}))
		}, "s3://b/models/m/model.tar.gz: model: artifact s3://b/models/m/model.tar.gz does not exist"},
		"output cut": {func(s *shop) {
			all := lines(s.read("s3://b/out/a")["out/a.out"])
			s.put("s3://b/out/a.out", []byte(strings.Join(all[:290], "\n")+"\n"))
		}, "s3://b/out/a.out: prediction: ends after 290 records, but row 291 of s3://b/in/a has one"},
		"output empty": {func(s *shop) { s.put("s3://b/out/a.out", nil) }, "s3://b/out/a.out: prediction: ends after 0 records, but row 1 of s3://b/in/a has one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, newStore())
			s.register("m", artifact)
			s.put("s3://b/in/a", toCSV(t, house))
			done, err := s.transform(transformDoc("text/csv", object{}))
			require.NoError(t, err)
			c.change(s)
			later := newShop(t, s.store) // which has no model in memory
			again := later.rescore(done, 1)
			require.Len(t, again.Problems, 1)
			require.Equal(t, c.want, again.Problems[0].String())
		})
	}
}

// TestRescoreOfDocuments: answers of whole documents are compared as they are written.
func TestRescoreOfDocuments(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "iris_softprob")
	in := "{\"instances\":[[5.1,3.5,1.4,0.2],[1,2],[6.3,3.3,6.0,2.5]]}\n{\"instances\":[[5.1,3.5,1.4,0.2]],\"id\":1}\n"
	s := newShop(t, newStore())
	s.register("m", artifact)
	s.put("s3://b/in/a", []byte(in))
	doc := with(transformDoc("application/json;split=line", object{"BATCHMILL_OUTPUT": "predicted_label", "BATCHMILL_MAX_REJECTED_RECORDS": "1"}), "DataProcessing", object{"JoinSource": "Input"})
	done, err := s.transform(doc)
	require.NoError(t, err)
	s.verify(done)
	got := s.read("s3://b/out/a")["out/a.out"]
	s.put("s3://b/out/a.out", []byte(strings.Replace(got, `"id":1`, `"id":2`, 1)))
	again := s.rescore(done, 1)
	require.Len(t, again.Problems, 1)
	require.Equal(t, "s3://b/out/a.out: prediction: line 2 is not the answer that s3://b/in/a has now", again.Problems[0].String())
}

// TestRescoreNeedsATransform: other manifests are refused.
func TestRescoreNeedsATransform(t *testing.T) {
	t.Parallel()
	s := newShop(t, newStore())
	for _, m := range []*sharding.Manifest{{}, {Details: json.RawMessage(`{"Model":{"Name":"m"}}`)}, {Details: json.RawMessage(`[]`)}} {
		_, err := s.Rescore(t.Context(), m, RescoreOptions{Share: 1})
		require.ErrorIs(t, err, ErrNotRescorable)
	}
}
