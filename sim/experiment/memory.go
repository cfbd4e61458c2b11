package experiment

import (
	"fmt"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"

	"idleshift/scenarios"
	"idleshift/sim"
)

// TooLarge is a region that would not fit into the memory. It is found before
// the region is built.
type TooLarge struct {
	Firms   int
	Regimes int
	Workers int   // replicates at a time
	Needs   int64 // bytes, estimated, of all of them
	Has     int64 // bytes
}

func (e *TooLarge) Error() string {
	at, has := "", fmt.Sprintf("there are %s of memory (allowed: about %d firms", gigabytes(e.Has), e.most())
	if e.Workers > 1 {
		at = fmt.Sprintf(", %d replicates at a time", e.Workers)
		if fit := int(float64(e.Workers) * float64(e.Has) / float64(e.Needs)); fit > 0 {
			has += fmt.Sprintf(", or --workers %d", fit)
		}
	}
	if e.Regimes > 1 {
		has += ", or fewer --regimes"
	}
	return fmt.Sprintf("region.firms: %d firms in %s take about %s%s; %s)", e.Firms, count(e.Regimes, "regime"), gigabytes(e.Needs), at, has)
}

// most is about how many firms would fit.
func (e *TooLarge) most() int { return int(float64(e.Firms) * float64(e.Has) / float64(e.Needs)) }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func gigabytes(n int64) string { return fmt.Sprintf("%.1f GB", float64(n)/1e9) }

// Fits is a *TooLarge if so many replicates of the scenario at a time would
// not fit into the memory: that of the machine, of its control group or of
// GOMEMLIMIT, whichever is least, as far as the system tells.
func Fits(sc *scenarios.Scenario, workers int) error { return fits(sc, workers, memoryOf(os.ReadFile)) }

func fits(sc *scenarios.Scenario, workers int, has int64) error {
	needs, firms := sim.Memory(sc)
	if needs *= int64(workers); needs > has {
		return &TooLarge{Firms: firms, Regimes: len(sc.Compare), Workers: workers, Needs: needs, Has: has}
	}
	return nil
}

// memoryOf is how many bytes the program may use, the largest number there is
// where nothing tells.
func memoryOf(read func(string) ([]byte, error)) int64 {
	least := debug.SetMemoryLimit(-1) // GOMEMLIMIT; nothing is changed
	limit := func(file string) {
		if text, err := read(file); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
				least = min(least, n)
			}
		}
	}
	if text, err := read("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			var kB int64
			if n, _ := fmt.Sscanf(line, "MemTotal: %d kB", &kB); n == 1 && kB < math.MaxInt64/1024 {
				least = min(least, 1024*kB)
			}
		}
	}
	if text, err := read("/proc/self/cgroup"); err == nil {
		for line := range strings.Lines(string(text)) {
			switch _, of, _ := strings.Cut(strings.TrimSpace(line), ":"); {
			case strings.HasPrefix(of, ":"): // version 2: every group above has a limit too
				for group := of[1:]; ; group = path.Dir(group) {
					limit(path.Join("/sys/fs/cgroup", group, "memory.max"))
					if group == "/" || group == "." {
						break
					}
				}
			case strings.HasPrefix(of, "memory:"):
				limit(path.Join("/sys/fs/cgroup/memory", of[len("memory:"):], "memory.limit_in_bytes"))
				limit("/sys/fs/cgroup/memory/memory.limit_in_bytes")
			}
		}
	}
	return least
}
