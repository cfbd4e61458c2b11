package experiment

import (
	"errors"
	"io/fs"
	"math"
	"strings"
	"testing"

	"idleshift/scenarios"
)

// A region that does not fit is refused before it is built: a machine that
// runs out of memory takes other people's work with it.
func TestTooLarge(t *testing.T) {
	sc, err := scenarios.Load("ontario", scenarios.LoadOptions{Set: []string{"region.firms=10000000"}})
	if err != nil {
		t.Fatal(err)
	}
	var large *TooLarge
	if err := fits(sc, 2, 16e9); !errors.As(err, &large) {
		t.Fatalf("ten million firms in 16 GB: %v", err)
	}
	said := large.Error()
	for _, part := range []string{"region.firms: 10000000 firms in 8 regimes take about ", " GB, 2 replicates at a time; there are 16.0 GB of memory (allowed: about ", " firms, or fewer --regimes)"} {
		if !strings.Contains(said, part) {
			t.Errorf("%q does not say %q", said, part)
		}
	}
	sc.Region.Firms = large.most() * 95 / 100
	if err := fits(sc, 2, 16e9); err != nil {
		t.Errorf("%d firms are said to be allowed: %v", large.most(), err)
	}
	if err := fits(sc, 4, 16e9); err == nil || !strings.Contains(err.Error(), ", or --workers 2, or fewer --regimes)") {
		t.Errorf("four at a time where two fit: %v", err)
	}
}

// The least of the limits counts: a container may have a tenth of its machine.
func TestMemoryLimits(t *testing.T) {
	files := map[string]string{}
	read := func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}
	for _, step := range []struct {
		file, text string
		want       int64
	}{
		{"", "", math.MaxInt64}, // another system
		{"/proc/meminfo", "MemFree:  7 kB\nMemTotal:       1000000 kB\n", 1024e6},
		{"/proc/self/cgroup", "0::/jobs/17\n", 1024e6},
		{"/sys/fs/cgroup/jobs/17/memory.max", "max\n", 1024e6},
		{"/sys/fs/cgroup/jobs/memory.max", "900000000\n", 900e6},
		{"/proc/self/cgroup", "5:cpu:/x\n4:memory:/job\n", 1024e6},
		{"/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "800000000\n", 800e6},
	} {
		files[step.file] = step.text
		if got := memoryOf(read); got != step.want {
			t.Errorf("after %s: %d bytes, want %d", step.file, got, step.want)
		}
	}
}
