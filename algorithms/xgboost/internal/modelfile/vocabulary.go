package modelfile

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// decodeVocabulary reads which texts (or numbers) the codes of categorical features stand for. XGBoost 3.1 and later store
// them when training came from a data frame: texts as one run of bytes with offsets, as Arrow has them.
func decodeVocabulary(cats cursor, m *Model) {
	if !cats.has("enc") {
		return
	}
	enc := cats.member("enc")
	out, some := [][]string(nil), false
	for i, e := range enc.elements() {
		c := enc.at(e, "["+strconv.Itoa(i)+"]")
		var words []string
		if c.has("offsets") {
			words = arrowTexts(c, m.Version)
		} else if c.has("values") {
			for _, v := range c.member("values").numbers() {
				words = append(words, strconv.FormatFloat(v, 'g', -1, 64))
			}
		}
		some = some || len(words) > 0
		out = append(out, words)
	}
	if some {
		m.Categories = out
	}
}

// firstWithTexts is the first release of XGBoost whose files say what codes stand for.
var firstWithTexts = [3]int{3, 1, 0}

// arrowTexts returns no texts where one is not ASCII: XGBoost 3.2 then counts characters in the offsets and cuts the bytes
// short, so what the codes stand for is lost. Such a feature takes codes only. Files that claim to be of an earlier release
// than the first with texts are written here and whole.
func arrowTexts(c cursor, version [3]int) []string {
	whole := slices.Compare(version[:], firstWithTexts[:]) < 0
	offsets, values := c.member("offsets").numbers(), c.member("values").numbers()
	if len(offsets) == 0 {
		return nil
	}
	raw := make([]byte, len(values))
	for i, v := range values {
		if !whole && (v < 0 || v >= utf8.RuneSelf) || v < math.MinInt8 || v > math.MaxInt8 {
			return nil
		}
		raw[i] = byte(int8(v))
	}
	from := 0
	var words []string
	for _, o := range offsets[1:] {
		to := index(o)
		if int(to) < from || int(to) > len(raw) {
			c.fail("offset %g is out of range", o)
			return nil
		}
		words = append(words, string(raw[from:to]))
		from = int(to)
	}
	return words
}

// vocabulary writes what the codes of each feature stand for, so that XGBoost 3.1 and later match the categories of a data
// frame with them by text. Earlier releases pass the member over. Every feature has a place, those of numbers an empty one.
func (w *writer) vocabulary(features [][]string) {
	segments, sorted := []int{0}, []int(nil)
	w.open('{')
	w.key("enc")
	w.list(len(features), func(f int) {
		offsets, values := arrowRun(features[f])
		w.open('{')
		w.key("offsets")
		w.ints('l', offsets)
		w.key("values")
		w.ints('i', values)
		w.close('}')
		segments, sorted = append(segments, segments[f]+len(features[f])), append(sorted, signedOrder(features[f])...)
	})
	w.key("feature_segments")
	w.ints('l', segments)
	w.key("sorted_idx")
	w.ints('l', sorted)
	w.close('}')
}

// arrowRun lays texts out as one run of bytes, which are signed in XGBoost's files, and the offsets between them.
func arrowRun(texts []string) (offsets, values []int) {
	if len(texts) == 0 {
		return nil, nil
	}
	offsets = []int{0}
	for _, t := range texts {
		for i := range len(t) {
			values = append(values, int(int8(t[i])))
		}
		offsets = append(offsets, len(values))
	}
	return offsets, values
}

// signedOrder numbers texts in the order of their bytes as signed numbers: XGBoost looks them up so.
func signedOrder(texts []string) []int {
	order := make([]int, len(texts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := texts[a], texts[b]
		for i := range min(len(x), len(y)) {
			if x[i] != y[i] {
				return int(int8(x[i])) - int(int8(y[i]))
			}
		}
		return len(x) - len(y)
	})
	return order
}
