package scenarios

import (
	"cmp"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// A Shelf is the texts of one kind that come with the program, by name.
type Shelf struct {
	Kind   string // of what: "scenario"
	Names  func() []string
	Source func(name string) (string, error)
}

// The shipped scenarios; what is known of their regions, what is assumed of
// them, and what can be fitted to what.
var (
	ours         = NewShelf("scenario", files, ".")
	Facts        = NewShelf("set of facts", files, "facts")
	Assumptions  = NewShelf("list of assumptions", files, "assumptions")
	Calibrations = NewShelf("calibration", files, "calibrations")
)

// NewShelf is the texts NAME.toml in a folder of an embedded tree.
func NewShelf(kind string, tree fs.FS, dir string) Shelf {
	names := func() (names []string) {
		entries, _ := fs.ReadDir(tree, dir) // what is embedded is always there
		for _, e := range entries {
			if name, ok := strings.CutSuffix(e.Name(), ".toml"); ok {
				names = append(names, name)
			}
		}
		return names
	}
	return Shelf{kind, names, func(name string) (string, error) {
		if !slices.Contains(names(), name) {
			return "", fmt.Errorf("no shipped %s %q (allowed: %s)%s", kind, name, strings.Join(names(), ", "), Meant(Nearest(name, names())))
		}
		text, err := fs.ReadFile(tree, strings.TrimPrefix(dir+"/", "./")+name+".toml")
		return string(text), err
	}}
}

// ReadFrom reads a document of the shelf by its name, otherwise a file, and what
// it extends, into the struct that into points to. The error is about a text
// that is not there; what is wrong with its contents is in the document's Err.
func ReadFrom(shelf Shelf, name string, into any) (*Document, error) {
	r := newReader(nil)
	r.shelf = shelf
	if err := r.open(name); err != nil {
		return nil, err
	}
	r.d.own = true
	s, v := &spec{}, reflect.ValueOf(into).Elem()
	s.shape(v.Type())
	r.decode(s, v)
	return &Document{r.d, r.layers}, nil
}

// Text is the document as it was written, without what it extends.
func (doc *Document) Text() []byte { return doc.layers[len(doc.layers)-1].text }

// Order sorts names of the table at the path as they stand in the text, those
// of a base first.
func (doc *Document) Order(names []string, path ...string) {
	slices.SortStableFunc(names, func(a, b string) int {
		x, y := doc.key(within(path, a)), doc.key(within(path, b))
		return cmp.Or(x.layer-y.layer, x.line-y.line, x.column-y.column)
	})
}

// key is where the key at the path stands.
func (doc *Document) key(path []string) spot {
	n := doc.d.root
	for _, p := range path {
		if n.table[p] == nil {
			break
		}
		n = n.table[p]
	}
	return n.key
}

// Scenario is the name that the document gives to a scenario, at the path, as
// Load takes it: a path is relative to the file that the name stands in.
func (doc *Document) Scenario(name string, path ...string) string {
	if slices.Contains(shipped(), name) || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(doc.layers[doc.d.spot(path).layer].dir, filepath.FromSlash(name))
}
