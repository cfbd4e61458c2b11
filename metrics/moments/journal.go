package moments

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// ErrRefused is the error of OpenJournal for a file that it will not add to.
var ErrRefused = errors.New("refused")

// A Journal keeps what replicates showed as it comes, a line of JSON for each
// after one that says what was measured, by which version. A line that a kill
// has cut short is dropped when the journal is opened again. A nil Journal
// keeps nothing.
type Journal struct {
	mu   sync.Mutex
	file *os.File
	rows map[key]entry
}

// key tells runs apart: a scenario by its hash, and the replicate.
type key struct {
	Scenario  string
	Replicate int
}

// entry is what became of a run: its row, or why the scenario cannot be run.
type entry struct {
	Row  [][]float64
	Fail string
}

const journalFormat = 1

type header struct {
	Program string `json:"program"`
	Journal int    `json:"journal"`
	Version string `json:"version"`
	Suite   string `json:"suite"`
}

type line struct {
	Scenario  string       `json:"scenario"`
	Replicate int          `json:"replicate"`
	Row       [][]*float64 `json:"row,omitempty"` // null is not a number
	Fail      string       `json:"fail,omitempty"`
}

// OpenJournal opens the journal of the suite at path, or makes it. One of
// another suite or version is an ErrRefused, unless overwrite empties it.
func OpenJournal(path, version string, s *Suite, overwrite bool) (*Journal, error) {
	own := header{"idleshift", journalFormat, version, s.id()}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	first, rest, whole := bytes.Cut(text, []byte("\n"))
	var found header
	switch {
	case len(text) == 0:
	case !whole || json.Unmarshal(first, &found) != nil || found.Program != own.Program:
		return nil, fmt.Errorf("%w: %s is no journal of this program: choose another folder with --out", ErrRefused, path)
	case overwrite || found == own || len(rest) == 0:
	default:
		return nil, fmt.Errorf("%w: %s holds what other targets or another version of the program measured: --overwrite starts anew, --out chooses another folder", ErrRefused, path)
	}
	j := &Journal{rows: map[key]entry{}}
	keep := int64(0)
	if found == own && !overwrite {
		keep = int64(len(first) + 1)
		for {
			one, after, whole := bytes.Cut(rest, []byte("\n"))
			var l line
			if !whole || json.Unmarshal(one, &l) != nil {
				break
			}
			j.rows[key{l.Scenario, l.Replicate}] = l.entry()
			keep += int64(len(one) + 1)
			rest = after
		}
	}
	if j.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return nil, err
	}
	err = j.file.Truncate(keep)
	if err == nil {
		_, err = j.file.Seek(keep, io.SeekStart)
	}
	if err == nil && keep == 0 {
		err = j.write(own)
	}
	if err != nil {
		j.file.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) write(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(j.file, len(text)+1) // one call of the system a line
	w.Write(append(text, '\n'))
	return w.Flush()
}

// get is what is known of a run.
func (j *Journal) get(k key) (entry, bool) {
	if j == nil {
		return entry{}, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	e, ok := j.rows[k]
	return e, ok
}

// put keeps what is known of a run.
func (j *Journal) put(k key, e entry) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rows[k] = e
	return j.write(lineOf(k, e))
}

// Close puts the journal on disk.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	return errors.Join(j.file.Sync(), j.file.Close())
}

func lineOf(k key, e entry) line {
	l := line{Scenario: k.Scenario, Replicate: k.Replicate, Fail: e.Fail}
	for _, parts := range e.Row {
		out := make([]*float64, len(parts))
		for i := range parts {
			if !math.IsNaN(parts[i]) && !math.IsInf(parts[i], 0) {
				out[i] = &parts[i]
			}
		}
		l.Row = append(l.Row, out)
	}
	return l
}

func (l *line) entry() entry {
	e := entry{Fail: l.Fail}
	for _, parts := range l.Row {
		in := make([]float64, len(parts))
		for i, x := range parts {
			if in[i] = math.NaN(); x != nil {
				in[i] = *x
			}
		}
		e.Row = append(e.Row, in)
	}
	return e
}
