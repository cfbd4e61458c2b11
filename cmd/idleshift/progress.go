package main

import (
	"io"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// A bar shows how far a run is; nil shows nothing.
type bar struct {
	pool *mpb.Progress
	line *mpb.Bar
}

// newBar starts a bar over the given days.
func newBar(to io.Writer, show bool, days int64) *bar {
	return newBarOf(to, show, days, "regime-days")
}

// newBarOf starts a bar over so many things.
func newBarOf(to io.Writer, show bool, n int64, things string) *bar {
	if !show {
		return nil
	}
	pool := mpb.New(mpb.WithOutput(to), mpb.WithWidth(80), mpb.WithAutoRefresh())
	line := pool.AddBar(n,
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Percentage(decor.WC{W: 5})),
		mpb.AppendDecorators(
			decor.CountersNoUnit("%d of %d "+things, decor.WCSyncSpace),
			decor.Name("  time left"),
			decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8}),
		),
	)
	return &bar{pool, line}
}

func (b *bar) add(days int) {
	if b != nil {
		b.line.IncrBy(days)
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
