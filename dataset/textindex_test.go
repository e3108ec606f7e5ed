package dataset

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/stretchr/testify/require"
)

// someTexts are of all lengths up to 40, many alike but for one byte or their length, zeros included.
func someTexts() []string {
	rng := rand.New(rand.NewPCG(3, 4))
	seen := map[string]bool{}
	var texts []string
	for n := range 41 {
		for range 40 {
			b := []byte(strings.Repeat("abcdefgh", 6)[:n])
			if n > 0 {
				b[rng.IntN(n)] = byte(rng.IntN(256))
			}
			for _, t := range []string{string(b), string(b) + "\x00"} {
				if !seen[t] {
					seen[t] = true
					texts = append(texts, t)
				}
			}
		}
	}
	return texts
}

// Numbers agrees with a Go map, over every kind of column of text.
func TestTextIndexNumbers(t *testing.T) {
	t.Parallel()
	texts := someTexts()
	known := map[string]int{}
	for i, s := range texts[:len(texts)/2] {
		known[s] = i
	}
	x := NewTextIndex(texts[:len(texts)/2])
	rng := rand.New(rand.NewPCG(5, 6))
	for name, kind := range map[string]DataType{
		"string":       arrow.BinaryTypes.String,
		"large string": arrow.BinaryTypes.LargeString,
		"dictionary":   &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.String},
	} {
		for _, missing := range []int{0, 10} {
			b := array.NewBuilder(memory.DefaultAllocator, kind)
			var want []string
			for range 5000 {
				want = append(want, texts[rng.IntN(len(texts))])
				if missing > 0 && rng.IntN(missing) == 0 {
					want[len(want)-1] = ""
					b.AppendNull()
					continue
				}
				require.NoError(t, b.AppendValueFromString(want[len(want)-1]))
			}
			whole := b.NewArray()
			for _, cut := range [][2]int{{0, 5000}, {0, 0}, {17, 4990}, {4999, 5000}} {
				col := array.NewSlice(whole, int64(cut[0]), int64(cut[1]))
				dst := make([]float32, col.Len())
				require.NoError(t, x.Numbers(col, dst, nil))
				for i, got := range dst {
					n, ok := known[want[cut[0]+i]]
					if ok = ok && !col.IsNull(i); ok != (got == got) || ok && float32(n) != got {
						require.Failf(t, name, "row %d, %q: %v instead of %d, %v", i, want[cut[0]+i], got, n, ok)
					}
				}
			}
		}
	}
}

func TestTextIndexLearns(t *testing.T) {
	t.Parallel()
	x := NewTextIndex(nil)
	col := NewStrings([]string{"b", "a", "b", "a text longer than both words", "", "a"})
	dst := make([]float32, col.Len())
	require.NoError(t, x.Numbers(col, dst, func(_ int, text string) (int, error) { return x.Add(text), nil }))
	require.Equal(t, []float32{0, 1, 0, 2, 3, 1}, dst)
	require.Equal(t, []string{"b", "a", "a text longer than both words", ""}, x.Texts())
	n, ok := x.Find("a text longer than both words")
	require.True(t, ok)
	require.Equal(t, 2, n)
	_, ok = x.Find("a text longer thaN both words")
	require.False(t, ok)
	full := errors.New("full")
	require.ErrorIs(t, x.Numbers(NewStrings([]string{"a", "c"}), dst, func(row int, text string) (int, error) {
		require.Equal(t, 1, row)
		require.Equal(t, "c", text)
		return 0, full
	}), full)
	n, _ = NewTextIndex([]string{"x", "y", "x"}).Find("x")
	require.Equal(t, 2, n, "of equal texts the last counts")
}

// What is no text is taken as Strings takes it.
func TestTextIndexOtherTypes(t *testing.T) {
	t.Parallel()
	x := NewTextIndex([]string{"true", "7"})
	dst := make([]float32, 2)
	require.NoError(t, x.Numbers(NewBools([]bool{true, false}), dst, nil))
	require.Equal(t, float32(0), dst[0])
	require.True(t, dst[1] != dst[1])
	require.NoError(t, x.Numbers(NewInt64([]int64{7, 7}), dst, nil))
	require.Equal(t, []float32{1, 1}, dst)
	var schema *SchemaError
	require.ErrorAs(t, x.Numbers(NewFloat32List([]float32{1, 2}, 1), dst, nil), &schema)
}

func TestTextIndexOfMany(t *testing.T) {
	t.Parallel()
	x := NewTextIndex(nil)
	for i := range 70000 {
		require.Equal(t, i, x.Add(fmt.Sprintf("category number %d", i)))
	}
	for i := range 70000 {
		if n, ok := x.Find(fmt.Sprintf("category number %d", i)); !ok || n != i {
			require.Failf(t, "Find", "%d: %d, %v", i, n, ok)
		}
	}
}
