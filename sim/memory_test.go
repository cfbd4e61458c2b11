package sim

import (
	"context"
	"runtime"
	"testing"

	"idleshift/scenarios"
)

// An estimate that is far too low lets a machine run out of memory after
// hours, one that is far too high refuses what could be run.
func TestMemory(t *testing.T) {
	for _, regimes := range [][]string{{"autarky"}, {"autarky", "cooperative"}} {
		sc := alone(t, "pocket", regimes[0])
		sc.Compare, sc.Time.Days = regimes, 2*ahead
		estimate, firms := Memory(sc)
		if firms != sc.Region.Firms {
			t.Fatalf("%d firms of %d", firms, sc.Region.Firms)
		}
		before := inUse()
		r, err := Build(sc, 0)
		if err != nil {
			t.Fatal(err)
		}
		c, n, days := newCourse(r, Options{}), newNature(r), make([]today, ahead)
		for range 2 {
			for d := range days {
				n.next().copyTo(&days[d])
			}
			if err := c.live(context.Background(), days, nil); err != nil {
				t.Fatal(err)
			}
		}
		took := inUse() - before
		runtime.KeepAlive(c)
		runtime.KeepAlive(n)
		t.Logf("%v: %d MB estimated, %d MB in use", regimes, estimate>>20, took>>20)
		if ratio := float64(estimate) / float64(took); ratio < 1 || ratio > 2 {
			t.Errorf("%v: %d bytes estimated, %d in use: a ratio of %.2f, want 1 to 2 (garbage is on top of what is in use)", regimes, estimate, took, ratio)
		}
	}
}

// A table of firms is sampled, partners that are not in the sample with it.
func TestMemoryOfTable(t *testing.T) {
	sc := alone(t, "pocket", "autarky")
	one := scenarios.FirmRow{Sector: "machinery", Employees: 20, Latitude: 43, Longitude: -80}
	for i := range 3 * sampled {
		one.Partners = []int{(i + 2*sampled) % (3 * sampled)}
		sc.Firms = append(sc.Firms, one)
	}
	estimate, firms := Memory(sc)
	if firms != 3*sampled || estimate < 1<<20 {
		t.Errorf("%d bytes for %d firms", estimate, firms)
	}
	if sc.Firms[0].Partners == nil {
		t.Error("the scenario was changed")
	}
}

func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
