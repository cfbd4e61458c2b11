package design

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"idleshift/scenarios"
)

// The ways in which points may lie.
const (
	Grid       = "grid"
	LHS        = "lhs"
	Halton     = "halton"
	Sobol      = "sobol"
	Morris     = "morris"
	Saltelli   = "saltelli"
	OneAtATime = "one-at-a-time"
	Matrix     = "matrix"
)

// A Design is an experiment: which points of which scenario to run, and what to
// ask of them.
type Design struct {
	Name        string `json:"name"` // of the file or the shipped design, without folder and extension
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Base        string `json:"base"`   // name of a shipped scenario or path of a file
	Method      string `json:"design"` // Grid and so on
	Samples     int    `json:"samples,omitempty"`
	SecondOrder bool   `json:"second_order,omitempty"`
	Seed        int64  `json:"seed"`       // of the design; that of the runs is the scenario's
	Replicates  int    `json:"replicates"` // 0: those of the base scenario
	CRN         bool   `json:"crn"`        // points share their random numbers
	// Regimes to run as --regimes takes them; nil: those of the scenario.
	Regimes []string `json:"regimes,omitempty"`
	Tables  []string `json:"tables"` // to keep
	// Outcomes and Conditions are what sensitivity and summarize are about if
	// they are asked for nothing else.
	Outcomes   []string `json:"outcomes,omitempty"`
	Conditions []string `json:"conditions,omitempty"`
	Set        []string `json:"set,omitempty"` // overrides that all points share
	Factors    []Factor `json:"factors"`
	Points     []Point  `json:"points"`

	// Rows is the point of each row of the design; nil if every row is a point
	// of its own.
	Rows []int `json:"rows,omitempty"`
}

// A Point is one scenario of the experiment.
type Point struct {
	Set []string  `json:"set"` // overrides "key=value", as for --set, those that all points share first
	At  []float64 `json:"at"`  // by factor: its value, or the position of its level
}

// Block is how many rows of the design belong together, one after another: a
// trajectory of Morris, with a factor moved from each row to the next, or a row
// of each of Saltelli's matrices (A, A with each column of B in turn, B with
// each column of A in turn if SecondOrder, B); 1 otherwise.
func (d *Design) Block() int {
	k := len(d.Factors)
	switch {
	case d.Method == Morris:
		return k + 1
	case d.Method == Saltelli && d.SecondOrder:
		return 2*k + 2
	case d.Method == Saltelli:
		return k + 2
	}
	return 1
}

//go:embed *.toml
var files embed.FS

var shelf = scenarios.NewShelf("design", files, ".")

// Names lists the shipped designs, sorted.
func Names() []string {
	return shelf.Names()
}

// Source is the text of a shipped design.
func Source(name string) (string, error) {
	return shelf.Source(name)
}

// Load reads a design: a shipped one by its name, otherwise a file. What is
// wrong with its contents is told as scenarios.Errors, all of it at once.
func Load(path string) (*Design, error) {
	if text, err := Source(path); err == nil {
		return parse(path+".toml (shipped)", path, "", []byte(text))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("no design %q: neither shipped (%s) nor a file that can be read: %s%s",
			path, strings.Join(Names(), ", "), reason(err), scenarios.Meant(scenarios.Nearest(path, Names())))
	}
	return Parse(path, text)
}

// Parse is Load for a text at hand. Errors call it by the name of the file, and
// paths in it are relative to that file's folder.
func Parse(file string, text []byte) (*Design, error) {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	return parse(file, name, filepath.Dir(file), text)
}

// reason is why a file cannot be read, without its path.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
