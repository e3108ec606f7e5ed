package sharding

import (
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzManifest: whatever a manifest object holds, reading it gives a manifest that survives being written, or an error.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"Version":1,"Kind":"TransformJob","Job":"j","Inputs":[{"URI":"s3://b/i","ETag":"e","Size":3,"Rows":1}],` +
		`"Outputs":[{"URI":"s3://b/o","Rows":1,"Bytes":2,"CRC64NVME":"AAAAAAAAAAA="}],"Rows":1,"Bytes":2,"Details":{"Rows":{"train":1}}}`))
	f.Add([]byte(`{"Version":2}`))
	f.Add([]byte(`{"Version":1,"Outputs":[{"CRC64NVME":"AA"}]}`))
	f.Add([]byte(`{"Version":1,"Outputs":[{"CRC64NVME":7}]}`))
	f.Add([]byte(`null`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			return
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseManifest(text)
		if err != nil {
			t.Fatal(err)
		}
		more, err := json.Marshal(again)
		if err != nil || !reflect.DeepEqual(text, more) {
			t.Fatalf("%s became %s (%v)", text, more, err)
		}
	})
}
