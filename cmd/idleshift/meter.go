package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8/decor"
)

// A meter shows how far a sweep is: a bar to who watches, a line now and then
// to a log.
type meter struct {
	say  func(format string, args ...any)
	all  int
	bar  *bar
	stop chan struct{}
	told int // failures

	mu    sync.Mutex
	done  int
	began time.Time
}

// every is how often a log is told.
const every = 30 * time.Second

// newMeter starts a meter over the given number of runs.
func newMeter(p *program, f *workFlags, runs int) *meter {
	m := &meter{
		say: func(format string, args ...any) { p.say(f.quiet, format, args...) },
		all: runs, began: time.Now(), stop: make(chan struct{}),
	}
	switch {
	case f.progress || !f.quiet && isTerminal(p.err):
		m.bar = newBar(p.err, true, int64(runs), "runs", decor.AverageSpeed(0, "  %.3g/s"))
	case !f.quiet:
		go m.log()
	}
	return m
}

// log tells now and then how far it is.
func (m *meter) log() {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-m.stop:
			return
		case <-tick.C:
			m.mu.Lock()
			done := m.done
			m.mu.Unlock()
			if done > 0 {
				m.say("%s", pace(done, m.all, time.Since(m.began)))
			}
		}
	}
}

// pace is how far it is, how fast it goes and how long it will take.
func pace(done, all int, took time.Duration) string {
	rate := float64(done) / took.Seconds()
	left := time.Duration(float64(all-done) / rate * float64(time.Second))
	return fmt.Sprintf("%s of %s, %.3g runs/s, %v left", thousands(done), count(all, "run", "runs"), rate, left.Round(time.Second))
}

// add counts a run.
func (m *meter) add() {
	m.mu.Lock()
	m.done++
	m.mu.Unlock()
	m.bar.add(1)
}

// tell says that a run failed; after some it is silent.
func (m *meter) tell(failure string) {
	const most = 5
	m.told++
	say := m.say
	if m.bar != nil { // above it
		say = func(format string, args ...any) { fmt.Fprintf(m.bar.pool, "idleshift: "+format+"\n", args...) }
	}
	switch {
	case m.told <= most:
		say("%s", failure)
	case m.told == most+1:
		say("more runs fail")
	}
}

func (m *meter) close() {
	close(m.stop)
	m.bar.close()
}
