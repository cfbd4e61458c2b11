package main

import (
	"io"
	"os"
	"slices"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// A bar shows how far a run is; nil shows nothing.
type bar struct {
	pool *mpb.Progress
	line *mpb.Bar
}

// newBar starts a bar over so many things; what else it tells stands behind
// their count.
func newBar(to io.Writer, show bool, n int64, things string, more ...decor.Decorator) *bar {
	if !show {
		return nil
	}
	pool := mpb.New(mpb.WithOutput(to), mpb.WithWidth(80), mpb.WithAutoRefresh())
	said := slices.Concat([]decor.Decorator{decor.CountersNoUnit("%d of %d "+things, decor.WCSyncSpace)}, more,
		[]decor.Decorator{decor.Name("  time left"), decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8})})
	line := pool.AddBar(n,
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Percentage(decor.WC{W: 5})),
		mpb.AppendDecorators(said...),
	)
	return &bar{pool, line}
}

func (b *bar) add(n int) {
	if b != nil {
		b.line.IncrBy(n)
	}
}

// close takes the bar away.
func (b *bar) close() {
	if b != nil {
		b.line.Abort(true)
		b.pool.Wait()
	}
}

// isTerminal reports whether somebody watches.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
