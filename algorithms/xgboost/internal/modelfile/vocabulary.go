package modelfile

import (
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
			words = arrowTexts(c)
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

// arrowTexts returns no texts where one is not ASCII: XGBoost 3.2 then counts characters in the offsets and cuts the bytes
// short, so what the codes stand for is lost. Such a feature takes codes only.
func arrowTexts(c cursor) []string {
	offsets, values := c.member("offsets").numbers(), c.member("values").numbers()
	if len(offsets) == 0 {
		return nil
	}
	raw := make([]byte, len(values))
	for i, v := range values {
		if v < 0 || v >= utf8.RuneSelf {
			return nil
		}
		raw[i] = byte(v)
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
