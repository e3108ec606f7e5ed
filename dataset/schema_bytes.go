package dataset

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow/ipc"
)

// MarshalSchema writes a schema as an Arrow IPC stream without batches.
func MarshalSchema(s *Schema) ([]byte, error) {
	var buf bytes.Buffer
	if err := ipc.NewWriter(&buf, ipc.WithSchema(s)).Close(); err != nil {
		return nil, fmt.Errorf("dataset: encode schema: %w", err)
	}
	return buf.Bytes(), nil
}

// UnmarshalSchema reads what MarshalSchema wrote.
func UnmarshalSchema(data []byte) (*Schema, error) {
	r, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("dataset: decode schema: %w", err)
	}
	defer r.Release()
	return r.Schema(), nil
}
