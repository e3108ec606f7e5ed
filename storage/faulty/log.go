package faulty

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/batchmill/batchmill/storage"
)

// Entry is one operation that ended.
type Entry struct {
	Op      Op
	URI     storage.URI
	Outcome string // "ok", an error's short name, or that behind "before" or "after" where a rule made it
}

// String reads "put s3://b/k: ok".
func (e Entry) String() string { return fmt.Sprintf("%s %s: %s", e.Op, e.URI, e.Outcome) }

// Log is the record of a store's operations in the order in which they ended. Safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	entries []Entry
}

func (l *Log) add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
}

// Entries is a copy of the record.
func (l *Log) Entries() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// Reset forgets what was recorded.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}

// Writes counts the mutating operations that took effect: the steps a protocol can be killed between.
func (l *Log) Writes() int {
	n := 0
	for _, e := range l.Entries() {
		if e.Op.Mutates() && (e.Outcome == "ok" || strings.HasPrefix(e.Outcome, "after ")) {
			n++
		}
	}
	return n
}

// String is the record as golden text, one operation per line.
func (l *Log) String() string {
	var b strings.Builder
	for _, e := range l.Entries() {
		b.WriteString(e.String())
		b.WriteByte('\n')
	}
	return b.String()
}
