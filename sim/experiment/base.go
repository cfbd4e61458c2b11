package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"idleshift/scenarios"
)

// A Base makes the scenarios of a sweep's points: one scenario with overrides
// on top. It remembers the files that it reads, so that a sweep can be gone on
// with where they are not, or are others by now.
type Base struct {
	name       string // of a file without its folder
	dir        string
	replicates int
	regimes    []string
	frozen     bool // reads no files but those it has
	text       func() (*scenarios.Base, error)

	mu    sync.Mutex
	files map[string]string // by path relative to dir
}

// NewBase is the shipped scenario of the name, or that of a file. Replicates
// above 0 and regimes that are named stand in place of the scenario's.
func NewBase(name string, replicates int, regimes []string) *Base {
	b := &Base{name: name, replicates: replicates, regimes: regimes, files: map[string]string{}}
	b.text = sync.OnceValues(func() (*scenarios.Base, error) { return scenarios.Open(b.name, b.read) })
	if _, err := scenarios.Source(name); err != nil {
		b.dir, b.name = filepath.Dir(name), filepath.Base(name)
	}
	return b
}

// Thaw is a Base with the name and files of another.
func Thaw(name string, files map[string]string, replicates int, regimes []string) *Base {
	b := NewBase(name, replicates, regimes)
	b.files, b.frozen = files, true
	return b
}

// Name is that of the scenario, of a file without its folder.
func (b *Base) Name() string { return b.name }

// Files are those read so far, by their paths relative to the scenario's file.
func (b *Base) Files() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.files)
}

func (b *Base) read(path string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := filepath.ToSlash(path)
	if text, ok := b.files[key]; ok {
		return []byte(text), nil
	}
	if b.frozen {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(b.dir, path)
	}
	text, err := os.ReadFile(path)
	if err == nil {
		b.files[key] = string(text)
	}
	return text, err
}

// Scenario is the base with the overrides.
func (b *Base) Scenario(set []string) (*scenarios.Scenario, error) {
	text, err := b.text()
	if err != nil {
		return nil, err
	}
	if b.replicates > 0 {
		set = append(slices.Clone(set), fmt.Sprintf("replicates=%d", b.replicates))
	}
	sc, err := text.With(set)
	if err != nil || len(b.regimes) == 0 {
		return sc, err
	}
	return sc, sc.Restrict(b.regimes)
}

// PointSeed is the seed of a point that does not share its random numbers with
// other points: it depends on the scenario's seed and on the keys that the
// point sets, in whatever order, and on nothing else.
func PointSeed(seed int64, set []string) int64 {
	sorted := slices.Sorted(slices.Values(set))
	sum := sha256.Sum256([]byte(fmt.Sprintf("%d\n%s", seed, strings.Join(sorted, "\n"))))
	const most = 9_000_000_000_000_000 // as the key seed has it
	return int64(binary.BigEndian.Uint64(sum[:8]) % (most + 1))
}
