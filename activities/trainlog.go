package activities

import (
	"context"
	"fmt"
	"strings"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/storage"
)

// trainLog keeps a training's log lines in the store, in pieces named by the first round they hold. A resumed attempt goes
// on behind the checkpoint and writes the pieces after it anew, with the same lines.
type trainLog struct {
	store storage.Store
	base  storage.URI
	from  int // round the next piece begins with
	next  int
	lines []string
}

func (l *trainLog) add(round int, line string) {
	if len(l.lines) == 0 {
		l.from = round
	}
	l.lines = append(l.lines, line)
	l.next = round + 1
}

func (l *trainLog) flush(ctx context.Context) error {
	if len(l.lines) == 0 {
		return nil
	}
	uri := l.base.Join(protocol.LogFolder, fmt.Sprintf("%08d.log", l.from))
	text := strings.Join(l.lines, "\n") + "\n"
	if _, err := storage.WriteAll(ctx, l.store, uri, []byte(text), storage.PutOptions{ContentType: "text/plain"}); err != nil {
		return fmt.Errorf("activities: log: %w", err)
	}
	l.lines = l.lines[:0]
	return nil
}
