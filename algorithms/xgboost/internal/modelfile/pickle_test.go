package modelfile

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/internal/testdata"
)

// pickled puts bytes under a name, in the layout of protocol 3.
func pickled(name string, value []byte) []byte {
	b := []byte("\x80\x03cxgboost.core\nBooster\nq\x00)\x81q\x01}q\x02(X")
	b = binary.LittleEndian.AppendUint32(b, uint32(len(name)))
	b = append(b, name...)
	b = append(b, "q\x03cbuiltins\nbytearray\nq\x04B"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	b = append(b, value...)
	return append(b, "q\x05\x85Rub."...)
}

// TestPickle checks SageMaker's artifacts against the same boosters without the pickle.
func TestPickle(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"model1", "model2"} {
		m, err := Read(member(t, testdata.Path(t, "sagemaker_churn", name+".pickled.tar.gz")))
		require.NoError(t, err)
		plain, err := Read(read(t, testdata.Path(t, "sagemaker_churn", name+".bin")))
		require.NoError(t, err)
		require.Equal(t, plain.Trees, m.Trees)
		require.Len(t, m.FeatureNames, 69)
		require.Equal(t, "f68", m.FeatureNames[68])
		require.NotEmpty(t, m.Attributes["best_iteration"])
	}
}

// member unpacks the only file of an archive.
func member(t testing.TB, path string) []byte {
	z, err := gzip.NewReader(bytes.NewReader(read(t, path)))
	require.NoError(t, err)
	r := tar.NewReader(z)
	_, err = r.Next()
	require.NoError(t, err)
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	return data
}

// TestHostilePickles checks that whatever is no Booster is refused by name.
func TestHostilePickles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ data, want string }{
		{"\x80\x02cos\nsystem\nq\x00X\x02\x00\x00\x00lsq\x01\x85R.", `names "os system"`},
		{"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02ls\x94\x85R.", `names "posix system"`},
		{"\x80\x04\x8c\x06handle\x94\x8c\x05posix\x94\x8c\x06system\x94\x93.", "names"},
		{"\x80\x03}q\x00.", "without a Booster's handle"},
		{"\x80\x03Q.", "opcode 0x51"},
		{"\x80\x03B\xff\xff\xff\xff.", "ends too early"},
		{"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", "ends too early"},
		{string(pickled("handle", []byte("\x80\x03."))), "within a Python pickle"},
		{string(pickled("handle", []byte("hello"))), "neither JSON"},
	} {
		_, err := Read([]byte(test.data))
		var fault *Error
		require.ErrorAs(t, err, &fault, test.data)
		require.ErrorContains(t, err, test.want)
	}
}
