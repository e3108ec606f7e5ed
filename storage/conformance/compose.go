package conformance

import (
	"context"
	"fmt"
	"testing"

	"github.com/batchmill/batchmill/storage"
	"github.com/stretchr/testify/require"
)

// sources are the objects the compositions below take pieces of.
type sources map[string][]byte

func (f fixture) sources(t *testing.T) (sources, func(key string, offset, length int64) storage.Part) {
	s, etags := sources{}, map[string]string{}
	for i, n := range []int{0, 10, 100_000, 5*mib - 1, 5 * mib, 12 * mib, 21 * mib} {
		key := fmt.Sprintf("src/%d", n)
		s[key] = content(n, uint64(100+i))
		etags[key] = f.put(t, key, s[key]).ETag
	}
	return s, func(key string, offset, length int64) storage.Part {
		return storage.Part{Source: f.uri(key), ETag: etags[key], Offset: offset, Length: length}
	}
}

func (s sources) concat(parts []storage.Part) []byte {
	var out []byte
	for _, p := range parts {
		if p.Source.IsZero() {
			out = append(out, p.Bytes...)
			continue
		}
		out = append(out, s[p.Source.Key][p.Offset:p.Offset+p.Length]...)
	}
	return out
}

func testComposeMixes(t *testing.T, f fixture) {
	src, part := f.sources(t)
	lit := func(n int) storage.Part { return storage.Part{Bytes: content(n, uint64(n)+7)} }
	all := func(n int64) storage.Part { return part(fmt.Sprintf("src/%d", n), 0, n) }
	var many []storage.Part
	for range 70 {
		many = append(many, all(100_000), lit(3))
	}
	mixes := map[string][]storage.Part{
		"nothing":             {},
		"empty pieces":        {lit(0), all(0), part("src/10", 3, 0)},
		"one literal":         {lit(5)},
		"small ranges":        {part("src/100000", 5, 10), part("src/10", 0, 10), lit(1)},
		"one small":           {all(10)},
		"just under a part":   {all(5*mib - 1)},
		"exactly a part":      {all(5 * mib)},
		"a part from two":     {all(5*mib - 1), lit(1)},
		"one large":           {all(21 * mib)},
		"two large":           {all(12 * mib), all(21 * mib)},
		"header and large":    {lit(4), all(12 * mib)},
		"header, part":        {lit(4), all(5 * mib)},
		"large and footer":    {all(12 * mib), lit(4)},
		"large, small, large": {all(12 * mib), all(10), all(12 * mib), all(100_000), all(5 * mib), lit(2)},
		"inner ranges":        {part("src/22020096", 1, 6*mib), part("src/22020096", 7, 6*mib), part("src/12582912", mib, 5*mib)},
		"large literal":       {lit(18 * mib), all(5 * mib), lit(6 * mib)},
		"repeated":            {all(5 * mib), all(5 * mib), all(5 * mib)},
		"many small":          many,
	}
	for name, parts := range mixes {
		t.Run(name, func(t *testing.T) {
			want := src.concat(parts)
			info, err := f.Compose(f.ctx, f.uri("out/"+name), parts, storage.PutOptions{ContentType: "text/csv"})
			require.NoError(t, err)
			require.Equal(t, int64(len(want)), info.Size)
			f.requireContent(t, "out/"+name, want)
			stat, err := f.Stat(f.ctx, f.uri("out/"+name))
			require.NoError(t, err)
			require.Equal(t, info.ETag, stat.ETag)
		})
	}
}

func testComposeConditions(t *testing.T, f fixture) {
	_, part := f.sources(t)
	for _, n := range []int64{10, 12 * mib} {
		key := fmt.Sprintf("cond/%d", n)
		compose := func(lit string, opt storage.PutOptions) (storage.Info, error) {
			parts := []storage.Part{part(fmt.Sprintf("src/%d", n), 0, n), {Bytes: []byte(lit)}}
			return f.Compose(f.ctx, f.uri(key), parts, opt)
		}
		_, err := compose("0", storage.PutOptions{IfMatch: "0123456789abcdef0123456789abcdef"})
		require.ErrorIs(t, err, storage.ErrPrecondition)
		f.requireAbsent(t, key)
		first, err := compose("1", storage.PutOptions{IfNoneMatch: true})
		require.NoError(t, err)
		_, err = compose("2", storage.PutOptions{IfNoneMatch: true})
		require.ErrorIs(t, err, storage.ErrPrecondition)
		_, err = compose("3", storage.PutOptions{IfMatch: first.ETag})
		require.NoError(t, err)
		_, err = compose("4", storage.PutOptions{IfMatch: first.ETag})
		require.ErrorIs(t, err, storage.ErrPrecondition)
		require.Equal(t, "3", string(f.read(t, key, storage.GetOptions{Offset: -1})))
	}
}

// testComposeRefusals: a source that is gone, changed or shorter than said leaves the destination as it was.
func testComposeRefusals(t *testing.T, f fixture) {
	_, part := f.sources(t)
	f.put(t, "kept", []byte("kept"))
	large, small := part("src/12582912", 0, 12*mib), part("src/10", 0, 10)
	stale := func(p storage.Part) storage.Part { p.ETag = "0123456789abcdef0123456789abcdef"; return p }
	long := func(p storage.Part) storage.Part { p.Length++; return p }
	gone := func(p storage.Part) storage.Part { p.Source.Key += "-gone"; return p }
	for name, c := range map[string]struct {
		parts []storage.Part
		err   error
	}{
		"stale small":             {[]storage.Part{stale(small)}, storage.ErrPrecondition},
		"stale large":             {[]storage.Part{large, stale(large)}, storage.ErrPrecondition},
		"stale small among large": {[]storage.Part{large, stale(small), large}, storage.ErrPrecondition},
		"long small":              {[]storage.Part{long(small)}, storage.ErrRange},
		"long large":              {[]storage.Part{long(large)}, nil},
		"gone small":              {[]storage.Part{gone(small)}, storage.ErrNotFound},
		"gone large":              {[]storage.Part{large, gone(large)}, storage.ErrNotFound},
		"negative":                {[]storage.Part{part("src/10", -1, 2)}, nil},
		"both":                    {[]storage.Part{{Bytes: []byte("x"), Source: f.uri("src/10"), Length: 10}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Compose(f.ctx, f.uri("kept"), c.parts, storage.PutOptions{})
			require.Error(t, err)
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
			}
			require.Equal(t, "kept", string(f.read(t, "kept", storage.GetOptions{})))
		})
	}
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	_, err := f.Compose(ctx, f.uri("kept"), []storage.Part{large, large}, storage.PutOptions{})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "kept", string(f.read(t, "kept", storage.GetOptions{})))
}
