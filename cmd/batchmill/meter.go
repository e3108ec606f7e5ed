package main

import (
	"io"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// barDelay is how long something may take before a bar is worth drawing.
const barDelay = 500 * time.Millisecond

// byteMeter shows how many bytes, or rows, of something are done, on terminals only and only if it takes a while.
type byteMeter struct {
	progress *mpb.Progress
	bar      *mpb.Bar
}

func newByteMeter(w io.Writer, total int64) *byteMeter {
	return newMeter(w, total, decor.CountersKibiByte("% .1f / % .1f"), decor.AverageSpeed(decor.SizeB1024(0), "  % .1f"))
}

// newRowMeter counts rows instead.
func newRowMeter(w io.Writer, total int64) *byteMeter {
	return newMeter(w, total, decor.CountersNoUnit("%d / %d rows"), decor.AverageSpeed(0, "  %.0f/s"))
}

func newMeter(w io.Writer, total int64, counters, speed decor.Decorator) *byteMeter {
	if !isTerminal(w) || total == 0 {
		return &byteMeter{}
	}
	shown := make(chan any)
	time.AfterFunc(barDelay, func() { close(shown) })
	p := mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRenderDelay(shown))
	return &byteMeter{p, p.AddBar(total,
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Percentage()),
		mpb.AppendDecorators(counters, speed, decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8})))}
}

func (m *byteMeter) add(n int64) {
	if m.bar != nil {
		m.bar.IncrInt64(n)
	}
}

func (m *byteMeter) reader(r io.Reader) io.Reader { return &meteredReader{r, m} }

// readSeeker keeps a file seekable, so that an upload can be repeated; what is read twice is counted once.
func (m *byteMeter) readSeeker(f io.ReadSeeker) io.Reader { return &meteredFile{f: f, m: m} }

// stop removes the bar. It may be called twice.
func (m *byteMeter) stop() {
	if m.bar == nil {
		return
	}
	m.bar.Abort(true)
	m.progress.Wait()
	m.bar = nil
}

type meteredReader struct {
	r io.Reader
	m *byteMeter
}

func (r *meteredReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.m.add(int64(n))
	return n, err
}

type meteredFile struct {
	f         io.ReadSeeker
	m         *byteMeter
	at, shown int64
}

func (f *meteredFile) Read(p []byte) (int, error) {
	n, err := f.f.Read(p)
	if f.at += int64(n); f.at > f.shown {
		f.m.add(f.at - f.shown)
		f.shown = f.at
	}
	return n, err
}

func (f *meteredFile) Seek(offset int64, whence int) (int64, error) {
	at, err := f.f.Seek(offset, whence)
	f.at = at
	return at, err
}
