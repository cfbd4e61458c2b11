package scenarios

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"
)

// LoadOptions change what Load reads.
type LoadOptions struct {
	// Set lists overrides, each "key=value": a dotted key and a value in TOML's
	// syntax; quotes may be left off where the key takes text. A number stands
	// for an element of a list, from 1: orders.milling.operations.1.setup_hours=2.
	Set []string
	// Read reads the files that are asked for, in place of os.ReadFile.
	Read func(path string) ([]byte, error)
}

// An Error is one thing that is wrong with a scenario, and where.
type Error struct {
	File         string // path of the layer that set the key: a file, a shipped scenario, a --set argument, a flag
	Line, Column int    // from 1, columns in characters; line 0 for a flag, which has none
	Key          string // dotted; empty for an error of syntax
	Problem      string
	Allowed      string // what the key may be; empty if the problem says it
	Near         string // what was probably meant; empty if nothing is near

	layer int
}

// Error is the error on one line: where, which key, what is wrong, what is
// allowed, what was probably meant.
func (e Error) Error() string {
	var b strings.Builder
	if e.Line == 0 {
		b.WriteString(e.File + ": ")
	} else {
		fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Problem)
	if e.Allowed != "" {
		b.WriteString(" (allowed: " + e.Allowed + ")")
	}
	b.WriteString(Meant(e.Near))
	return b.String()
}

// Meant is the end of a message that asks whether a near name was meant; empty
// if none is near.
func Meant(near string) string {
	if near == "" {
		return ""
	}
	return "; did you mean " + near + "?"
}

// Errors are all that is wrong with a scenario, base layers first, then by
// line and column.
type Errors []Error

// Error lists the errors, one on each line.
func (all Errors) Error() string {
	lines := make([]string, len(all))
	for i, e := range all {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

func (all Errors) sort() {
	slices.SortStableFunc(all, func(a, b Error) int {
		if by := cmp.Or(a.layer-b.layer, a.Line-b.Line, a.Column-b.Column); by != 0 {
			return by
		}
		return strings.Compare(a.Error(), b.Error())
	})
}

// Load reads a scenario: a shipped one by its name, otherwise a file. What the
// file extends is read first and the file laid over it, then the overrides.
// What is wrong with the contents is told as Errors, all of it at once.
func Load(name string, opt LoadOptions) (*Scenario, error) {
	b, err := Open(name, opt.Read)
	if err != nil {
		return nil, err
	}
	return b.With(opt.Set)
}

// Parse is Load for a text at hand. Errors call it by the name of the file,
// and paths in it are relative to that file's folder.
func Parse(file string, text []byte, opt LoadOptions) (*Scenario, error) {
	r := newReader(opt.Read)
	r.files(source{name: file, id: identity(file), dir: filepath.Dir(file), text: text})
	return (&Base{r}).With(opt.Set)
}

// A Base is the text of a scenario, read and parsed, that many scenarios are
// made of. It may be used from several goroutines at once if its read may.
type Base struct{ r *reader }

// Open reads the text of a scenario, a shipped one by its name, otherwise a
// file, and of what it extends. Files are read by read, os.ReadFile if it is
// nil; tables of firms later, too. What is wrong with the contents With tells.
func Open(name string, read func(path string) ([]byte, error)) (*Base, error) {
	r := newReader(read)
	if err := r.open(name); err != nil {
		return nil, err
	}
	return &Base{r}, nil
}

// open reads the text of that name, one of the shelf, otherwise a file, and
// what it extends.
func (r *reader) open(name string) error {
	top, shipped := r.shipped(name)
	if !shipped {
		text, err := r.read(name)
		if err != nil {
			names := r.shelf.Names()
			return fmt.Errorf("no %s %q: neither shipped (%s) nor a file that can be read: %w%s",
				r.shelf.Kind, name, strings.Join(names, ", "), err, Meant(Nearest(name, names)))
		}
		top = source{name: name, id: identity(name), dir: filepath.Dir(name), text: text}
	}
	r.files(top)
	return nil
}

// With is the scenario with overrides, as LoadOptions has them, on top. What
// is wrong with it is told as Errors, all of it at once.
func (b *Base) With(set []string) (*Scenario, error) {
	r := *b.r
	r.layers, r.roots = slices.Clone(r.layers), slices.Clone(r.roots)
	r.d.layers, r.d.errs = slices.Clone(r.d.layers), slices.Clone(r.d.errs)
	return r.scenario(set)
}

// identity tells whether two paths are one file.
func identity(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return filepath.Clean(path)
}

// A source is the text of one layer.
type source struct {
	name string // in errors
	id   string // to find circles
	dir  string // that its paths are relative to
	text []byte
}

// A reader puts the layers of a scenario together.
type reader struct {
	read   func(path string) ([]byte, error)
	shelf  Shelf
	layers []source
	roots  []*node // of the layers that could be read
	d      decoder
}

func newReader(read func(path string) ([]byte, error)) *reader {
	if read == nil {
		read = os.ReadFile
	}
	return &reader{read: read, shelf: ours}
}

// scenario decodes the layers, with overrides on top of them.
func (r *reader) scenario(set []string) (*Scenario, error) {
	lang := language()
	files := len(r.layers)
	for _, arg := range set {
		r.override(lang, arg)
	}
	sc := &Scenario{}
	r.decode(lang, reflect.ValueOf(sc).Elem())
	r.d.check(sc)
	r.firms(sc)
	r.d.mistyped(lang, files)
	if len(r.d.errs) > 0 {
		r.d.errs.sort()
		return nil, r.d.errs
	}
	return sc, nil
}

// decode lays the layers over each other and stores what comes out in v.
func (r *reader) decode(lang *spec, v reflect.Value) {
	root := r.roots[0]
	for _, over := range r.roots[1:] {
		root = root.merge(over, nil, func(n *node, path []string, length int) {
			r.d.misread(n.key, path, fmt.Sprintf("there is no such element: the list has %d", length), fmt.Sprintf("1 to %d", length), "")
		})
	}
	r.d.root = root
	r.d.decode(lang, root, v, nil, root.key)
}

// files reads the layers that are files, the base of all first.
func (r *reader) files(top source) {
	const deepest = 32
	chain := []source{top}
	var roots []*node
	for {
		here := chain[len(chain)-1]
		// Layers are numbered from the base; until the chain is known, from the top.
		root, lost, broken := parse(-len(roots), here.text)
		r.d.lost += lost
		if broken != nil {
			r.d.errs = append(r.d.errs, Error{File: here.name, Line: broken.spot.line, Column: broken.spot.column,
				Problem: broken.problem, layer: broken.spot.layer})
		}
		roots = append(roots, root)
		base := root.table["extends"]
		delete(root.table, "extends")
		if base == nil {
			break
		}
		next, problem, allowed, near := r.base(here, base)
		if problem == "" {
			for i, c := range chain {
				if c.id == next.id {
					problem = "a circle: " + circle(chain[i:], next)
					break
				}
			}
		}
		if problem == "" && len(chain) == deepest {
			problem = fmt.Sprintf("more than %d scenarios on top of each other", deepest)
		}
		if problem != "" {
			r.d.errs = append(r.d.errs, Error{File: here.name, Line: base.at.line, Column: base.at.column, Key: "extends",
				Problem: problem, Allowed: allowed, Near: near, layer: base.at.layer})
			r.d.partial = true
			break
		}
		chain = append(chain, next)
	}
	n := len(chain) - 1
	for i := range r.d.errs {
		r.d.errs[i].layer += n
	}
	for i, root := range slices.Backward(roots) {
		root.lift(n)
		r.roots = append(r.roots, root)
		r.layers = append(r.layers, chain[i])
		r.d.layers = append(r.d.layers, chain[i].name)
	}
}

// lift adds n to the layer of every spot.
func (n *node) lift(by int) {
	n.key.layer += by
	n.at.layer += by
	for _, c := range n.table {
		c.lift(by)
	}
	for _, c := range n.list {
		c.lift(by)
	}
}

// shipped is the text of the shelf that has the name.
func (r *reader) shipped(name string) (s source, ok bool) {
	text, err := r.shelf.Source(name)
	return source{name: name + ".toml (shipped)", id: "shipped " + name, text: []byte(text)}, err == nil
}

// base reads what a layer extends.
func (r *reader) base(here source, base *node) (next source, problem, allowed, near string) {
	names := r.shelf.Names()
	name, ok := base.value.(string)
	if !ok {
		return source{}, "must be the name of a " + r.shelf.Kind + " or the path of a file, is " + base.shown(), some(names), ""
	}
	if next, shipped := r.shipped(name); shipped {
		return next, "", "", ""
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(here.dir, filepath.FromSlash(name))
	}
	text, err := r.read(path)
	if err != nil {
		return source{}, fmt.Sprintf("%q is neither a shipped %s nor a file that can be read beside this one", name, r.shelf.Kind),
			some(names) + " or a path", Nearest(name, names)
	}
	return source{name: path, id: identity(path), dir: filepath.Dir(path), text: text}, "", "", ""
}

func circle(chain []source, again source) string {
	var names []string
	for _, c := range chain {
		names = append(names, c.name)
	}
	return strings.Join(append(names, again.name), " extends ")
}

// override adds a --set argument as a layer.
func (r *reader) override(lang *spec, arg string) {
	layer := len(r.layers)
	name := "--set " + strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, arg)
	if short := []rune(name); len(short) > 80 {
		name = string(short[:79]) + "…"
	}
	r.layers = append(r.layers, source{name: name})
	r.d.layers = append(r.d.layers, name)
	root, bad := parseOverride(lang, layer, arg)
	if bad != nil {
		r.d.lost += arg
		r.d.errs = append(r.d.errs, Error{File: name, Line: 1, Column: bad.spot.column, Problem: bad.problem, layer: layer})
		return
	}
	r.roots = append(r.roots, root)
}

// parseOverride reads "key=value" to a tree of that one key. A value that is
// no TOML is text; where the key takes text or a list of it, so is any value
// without quotes.
func parseOverride(lang *spec, layer int, arg string) (*node, *syntaxError) {
	key, value, found := strings.Cut(arg, "=")
	if !found {
		return nil, &syntaxError{spot{layer, 1, 1}, "an override is written key=value"}
	}
	// The key alone, with a value that is surely right, tells where it leads.
	root, _, bad := parse(layer, []byte(key+"=0"))
	path, leaf := only(root)
	if bad != nil || leaf == nil || strings.ContainsAny(key, "\n\r#{[") {
		return nil, &syntaxError{spot{layer, 1, 1}, "the key before the equals sign is not a dotted key such as time.days"}
	}
	if slices.Equal(path, []string{"extends"}) {
		return nil, &syntaxError{spot{layer, 1, 1}, "extends stands in a file, not in an override"}
	}
	s := lang
	for _, p := range path {
		if s != nil {
			s = s.child(p)
		}
	}
	column := len([]rune(key)) + 2
	bare := strings.TrimSpace(value)
	quoted, nested := strings.IndexAny(bare, `"'`) == 0, strings.IndexAny(bare, "[{") == 0
	asText := func(n *node, value string, column int) {
		n.value = strings.TrimSpace(value)
		n.at = spot{layer, 1, column + len([]rune(value)) - len([]rune(strings.TrimLeft(value, " \t")))}
	}
	if s != nil && s.form == words && !quoted {
		asText(leaf, value, column)
		return root, nil
	}
	if s != nil && s.form == list && s.elem.form == words && !quoted && !nested {
		*leaf = node{key: leaf.key, at: spot{layer, 1, column}, isList: true}
		for word := range strings.SplitSeq(value, ",") {
			n := &node{}
			asText(n, word, column)
			n.key = n.at
			leaf.list = append(leaf.list, n)
			column += len([]rune(word)) + 1
		}
		return root, nil
	}
	full, _, bad := parse(layer, []byte(arg))
	if again, _ := only(full); bad == nil && slices.Equal(again, path) {
		return full, nil
	}
	if quoted || nested {
		if bad == nil {
			bad = &syntaxError{spot{layer, 1, column}, "more than one value"}
		}
		return nil, bad
	}
	asText(leaf, value, column)
	return root, nil
}

// only follows a tree of one key down to its value, nil if there are more.
// It does not enter inline tables, whose braces stand at their own spot.
func only(n *node) (path []string, leaf *node) {
	for {
		if len(n.table) != 1 {
			return path, nil
		}
		for key, child := range n.table {
			path = append(path, key)
			n = child
		}
		if n.table == nil || n.at != n.key {
			return path, n
		}
	}
}

// Canonical is the scenario as a TOML text that depends on nothing but what it
// says: all keys with their values, tables sorted by name. Parse reads it back
// to an equal Scenario; a table of firms must lie beside it.
func Canonical(sc *Scenario) ([]byte, error) {
	var b bytes.Buffer
	e := toml.NewEncoder(&b)
	e.Indent = ""
	if err := e.Encode(sc); err != nil {
		return nil, fmt.Errorf("scenario to TOML: %w", err)
	}
	return b.Bytes(), nil
}

// Hash is the SHA-256 of the canonical scenario, in hexadecimal digits.
func Hash(sc *Scenario) (string, error) {
	text, err := Canonical(sc)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(text)), nil
}
