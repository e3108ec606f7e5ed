package lanes

import "iter"

// walkRows is the number of rows from which on a block, which takes the same time however many of its rows are used, takes
// less than a walk of these rows.
const walkRows = 24

// Span is the rows From..To of a table.
type Span struct{ From, To int }

// Len is the number of rows.
func (s Span) Len() int { return s.To - s.From }

// Spans cuts n rows into spans of a batch each. The last rows are in none if they are so few that they had better walk.
func Spans(n int) iter.Seq[Span] {
	if n%Rows < walkRows {
		n -= n % Rows
	}
	return func(yield func(Span) bool) {
		for from := 0; from < n && yield(Span{from, min(n, from+Blocks*Rows)}); from += Blocks * Rows {
		}
	}
}

// Blocks numbers the blocks of a span.
func (s Span) Blocks() iter.Seq2[int, Span] {
	return func(yield func(int, Span) bool) {
		for i, from := 0, s.From; from < s.To && yield(i, Span{from, min(s.To, from+Rows)}); i, from = i+1, from+Rows {
		}
	}
}
