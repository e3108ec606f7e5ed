package activities

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// archive is a tar.gz of files, at a level of compression.
func archive(t testing.TB, level int, files map[string][]byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	gz, err := gzip.NewWriterLevel(&buf, level)
	require.NoError(t, err)
	w := tar.NewWriter(gz)
	for name, data := range files {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}))
		_, err := w.Write(data)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, gz.Close())
	return buf.Bytes()
}

// sparse is a tar.gz whose only member says that it is a sparse file of size bytes, all of it a hole (GNU tar manual, "Storing
// Sparse Files", version 1.0: the map of the file's data stands before it).
func sparse(t testing.TB, size string) []byte {
	t.Helper()
	sparseMap := make([]byte, 512)
	copy(sparseMap, "1\n"+size+"\n0\n")
	var records string
	for _, kv := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=xgboost-model", "GNU.sparse.realsize=" + size} {
		n := len(kv) + 4 // two digits, a space and a line end
		records += string([]byte{'0' + byte(n/10), '0' + byte(n%10)}) + " " + kv + "\n"
	}
	var plain bytes.Buffer
	for _, m := range []struct {
		name string
		kind byte
		data []byte
	}{{"pax", tar.TypeXHeader, []byte(records)}, {"xgboost-model", tar.TypeReg, sparseMap}} {
		plain.Write(header(m.name, m.kind, len(m.data)))
		plain.Write(m.data)
		plain.Write(make([]byte, (512-len(m.data)%512)%512))
	}
	plain.Write(make([]byte, 1024))
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	_, err := gz.Write(plain.Bytes())
	require.NoError(t, err)
	require.NoError(t, gz.Close())
	return buf.Bytes()
}

// header is a USTAR header block.
func header(name string, kind byte, size int) []byte {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], "0000644\x000000000\x000000000\x00")
	copy(b[124:], octal(size, 11))
	copy(b[136:], octal(0, 11))
	b[156] = kind
	copy(b[257:], "ustar\x0000")
	copy(b[148:], "        ")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], octal(sum, 6)+"\x00 ")
	return b
}

func octal(n, digits int) string {
	s := ""
	for range digits {
		s = string(rune('0'+n&7)) + s
		n >>= 3
	}
	return s
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	model := []byte(strings.Repeat("model ", 1000))
	whole := archive(t, gzip.BestCompression, map[string][]byte{"./xgboost-model": model})
	stored := archive(t, gzip.NoCompression, map[string][]byte{"xgboost-model": model})
	flipped := bytes.Clone(stored)
	flipped[bytes.Index(flipped, model)+100] ^= 1
	for _, c := range []struct {
		name string
		data []byte
		want string // error, or empty
	}{
		{"archive", whole, ""},
		{"packed by us", must(pack(map[string][]byte{"xgboost-model": model})), ""},
		{"a flipped bit", flipped, "not a sound gzip file: gzip: invalid checksum"},
		{"cut off", whole[:len(whole)/2], "not a tar archive: unexpected EOF"},
		{"without its end", stored[:len(stored)-6], "not a sound gzip file: unexpected EOF"},
		{"only a magic number", []byte{0x1f, 0x8b}, "not a gzip file: unexpected EOF"},
		{"gzip, but no tar", gzipped(t, []byte("just a text that is no archive at all")), "not a tar archive: unexpected EOF"},
		{"gzip of many zeros", gzipped(t, make([]byte, 70<<20)), ""},
		{"bomb", archive(t, gzip.BestSpeed, map[string][]byte{"xgboost-model": make([]byte, 110<<20)}), "unpacks to more than "},
		{"bomb beside the model", archive(t, gzip.BestSpeed, map[string][]byte{"a": make([]byte, 110<<20), "xgboost-model": model}), "unpacks to more than "},
		{"sparse bomb", sparse(t, "99999999999"), "unpacks to more than 67"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, err := unpack("model.tar.gz", c.data)
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				return
			}
			require.NoError(t, err)
			if len(files) > 0 {
				require.Equal(t, model, files["xgboost-model"].Data)
			}
		})
	}
	files, err := unpack("model.json", []byte(`{"learner":{}}`))
	require.NoError(t, err)
	require.Equal(t, `{"learner":{}}`, string(files["model.json"].Data))
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	_, err := io.Copy(gz, bytes.NewReader(data))
	require.NoError(t, err)
	require.NoError(t, gz.Close())
	return buf.Bytes()
}

// FuzzUnpack: whatever an artifact holds, it is unpacked within its bound or refused.
func FuzzUnpack(f *testing.F) {
	f.Add(archive(f, gzip.BestCompression, map[string][]byte{"xgboost-model": []byte("model")}), false)
	f.Add(archive(f, gzip.NoCompression, map[string][]byte{"../../etc/passwd": []byte("x")}), false)
	f.Add(sparse(f, "99999999999"), false)
	f.Add([]byte{0x1f, 0x8b, 8, 0}, false)
	f.Add([]byte("{}"), false)
	f.Add(header("xgboost-model", tar.TypeReg, 1<<30), true)
	f.Fuzz(func(t *testing.T, data []byte, zip bool) {
		if zip { // so that the archive's own bytes are varied, too
			data = gzipped(t, data)
		}
		files, err := unpack("model.tar.gz", data)
		if err != nil {
			return
		}
		total := 0
		for _, m := range files {
			total += len(m.Data)
		}
		if total > unpackedFloor+unpackedRatio*len(data) {
			t.Fatalf("%d bytes out of %d", total, len(data))
		}
	})
}

// FuzzManifestFile: whatever a SageMaker manifest file holds, it yields objects that exist or an error that names it.
func FuzzManifestFile(f *testing.F) {
	f.Add([]byte(`[{"prefix": "s3://b/in/"}, "a.csv", "d/b.csv"]`))
	f.Add([]byte(`[{"prefix": "s3://b/in/"}, "none.csv"]`))
	f.Add([]byte(`[{"prefix": "s3://b/in/"}, 7]`))
	f.Add([]byte(`[{"prefix": "s3://"}, "a.csv"]`))
	f.Add([]byte(`["a.csv"]`))
	f.Add([]byte(`{}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newShop(t, newStore())
		s.put("s3://b/in/a.csv", []byte("1\n"))
		s.put("s3://b/in/d/b.csv", []byte("1\n"))
		s.put("s3://b/m.manifest", data)
		found, err := s.listInputs(t.Context(), "ManifestFile", "s3://b/m.manifest")
		if err == nil {
			for _, in := range found {
				if in.Size != 2 || in.Rel == "" {
					t.Fatalf("%+v", in)
				}
			}
		} else if !strings.Contains(err.Error(), "s3://b/m.manifest") {
			t.Fatal(err)
		}
	})
}
