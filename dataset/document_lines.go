package dataset

// documentLines takes the records out of JSON documents that stand one on a line.
type documentLines struct {
	*recordScanner
	path  *Path // what of a document its records are taken from
	cut   []byte
	line  record // the document
	queue [][]byte

	several bool  // records are in the document
	place   int64 // of the last one that was taken, from 1
}

func (d *documentLines) next() (record, error) {
	for len(d.queue) == 0 {
		rec, err := d.recordScanner.next()
		if err != nil {
			return record{}, err
		}
		text, reason := validJSON(rec.text)
		if reason == "" {
			text, reason = d.path.record(&d.cut, text)
		}
		if reason != "" {
			rec.reason = reason
			return rec, nil
		}
		d.line, d.queue, d.place = rec, instancesOf(text), 0
		d.several = len(d.queue) > 1
	}
	rec := d.line
	if d.several {
		d.place++
		rec.place = d.place
	}
	rec.text, d.queue = d.queue[0], d.queue[1:]
	return rec, nil
}
