package dataset

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHalve cuts units down to single records: put one behind the other they are the unit, and each reads as the record it is.
func TestHalve(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		media   Media
		text    string
		records []string
	}{
		"header":       {Media{Format: CSV, Header: true}, "a,b\n1,2\n3,4\n5,6\n", []string{"1,2", "3,4", "5,6"}},
		"quoted":       {Media{Format: CSV}, "1,\"x\ny\nz\"\n2,b\n\n3,\"c\nd\"", []string{"1,\"x\ny\nz\"", "2,b", "3,\"c\nd\""}},
		"long last":    {Media{Format: CSV}, "1\n2\n" + strings.Repeat("3", 100) + "\n", []string{"1", "2", strings.Repeat("3", 100)}},
		"long first":   {Media{Format: CSV}, strings.Repeat("3", 100) + "\r\n1\r\n2\r\n", []string{strings.Repeat("3", 100), "1", "2"}},
		"json":         {Media{Format: JSONLines}, "\xef\xbb\xbf{\"a\":1}\n\n{\"a\":2}\n", []string{`{"a":1}`, `{"a":2}`}},
		"libsvm":       {Media{Format: LibSVM}, "# comment\n1 1:1\n# more\n0 2:2\n", []string{"1 1:1", "0 2:2"}},
		"one":          {Media{Format: CSV}, "7\n", []string{"7"}},
		"none":         {Media{Format: CSV, Header: true}, "a,b\n", nil},
		"blank at end": {Media{Format: JSONLines}, "{}\n[]\n\n\n", []string{"{}", "[]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			obj := newObject(name, []byte(c.text))
			whole := Unit{Length: obj.Size(), Rows: -1, Bytes: obj.Size(), FirstLine: 1}
			offset := int64(0)
			var found []string
			var walk func(u Unit)
			walk = func(u Unit) {
				h, ok, err := Halve(t.Context(), obj, c.media, u)
				require.NoError(t, err)
				require.True(t, ok)
				if h.Front != nil {
					walk(*h.Front)
					walk(*h.Back)
					return
				}
				require.Equal(t, offset, u.Offset)
				offset += u.Length
				if h.First == nil {
					return
				}
				require.EqualValues(t, len(found), h.First.FirstRow)
				line := 1 + strings.Count(c.text[:h.First.Offset], "\n")
				require.EqualValues(t, line, h.First.FirstLine)
				text := c.text[h.First.Offset : h.First.Offset+h.First.Length]
				found = append(found, strings.TrimRight(text, "\r\n"))
			}
			walk(whole)
			require.Equal(t, obj.Size(), offset)
			require.Equal(t, c.records, found)
		})
	}
}

// TestHalveOfOthers: what cannot be addressed by bytes is not cut.
func TestHalveOfOthers(t *testing.T) {
	t.Parallel()
	for _, m := range []Media{{Format: Parquet}, {Format: RecordIO}, {Format: CSV, Compression: Gzip}} {
		_, ok, err := Halve(t.Context(), newObject("x", []byte("1\n2\n")), m, Unit{Length: 4, FirstLine: 1})
		require.NoError(t, err)
		require.False(t, ok, fmt.Sprint(m))
	}
	_, ok, err := Halve(t.Context(), newObject("x", []byte("\x1f\x8b\x08\x00more")), Media{Format: CSV}, Unit{Length: 8, FirstLine: 1})
	require.NoError(t, err)
	require.False(t, ok, "compressed, as its first bytes say")
}
