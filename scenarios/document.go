package scenarios

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A Document is a TOML text that is no scenario, read as strictly as one: by
// the tags beside the fields of a struct (toml, unit, range, enum, default,
// doc), with everything that is wrong told at once.
type Document struct {
	d      decoder
	layers []source // its own text last, before it what it extends
}

// Read decodes the text into the struct that into points to. Errors call the
// text by the name of the file.
func Read(file string, text []byte, into any) *Document {
	doc := &Document{d: decoder{layers: []string{file}, own: true}}
	root, lost, broken := parse(0, text)
	doc.d.root, doc.d.lost = root, lost
	if broken != nil {
		doc.d.errs = append(doc.d.errs, Error{File: file, Line: broken.spot.line, Column: broken.spot.column, Problem: broken.problem})
	}
	v := reflect.ValueOf(into).Elem()
	s := &spec{}
	s.shape(v.Type())
	doc.d.decode(s, root, v, nil, root.key)
	return doc
}

// KeysOf lists the keys of a language whose struct is v, in its order.
func KeysOf(v any) []Key {
	s := &spec{}
	s.shape(reflect.TypeOf(v))
	var all []Key
	s.list("", &all)
	return all
}

// Wrong reports a rule that the key at the path breaks, unless the key or one
// of those in on, which the rule also rests on, was not read right.
func (doc *Document) Wrong(at []string, problem, allowed, near string, on ...[]string) {
	doc.d.rule(at, problem, allowed, near, on...)
}

// Add takes errors of other files up into those of the document, after its own.
func (doc *Document) Add(errs ...Error) {
	for _, e := range errs {
		e.layer = 1
		doc.d.errs = append(doc.d.errs, e)
	}
}

// WrongAt reports something wrong about a value that stands at a line and
// column below the key at the path.
func (doc *Document) WrongAt(line, column int, at []string, problem, allowed, near string) {
	doc.d.report(spot{0, line, column}, at, problem, allowed, near)
}

// Position is where the key at the path stands, or the table that lacks it.
func (doc *Document) Position(at ...string) (line, column int) {
	s := doc.d.spot(at)
	return s.line, s.column
}

// Err is all that is wrong, as Errors; nil if nothing is.
func (doc *Document) Err() error {
	if len(doc.d.errs) == 0 {
		return nil
	}
	doc.d.errs.sort()
	return doc.d.errs
}

// A Value is a value of any form in a Document, and where it stands. The zero
// Value is absent.
type Value struct {
	Line, Column int
	Text         string  // in TOML's syntax; empty for a table
	Word         string  // of a text
	Number       float64 // of a number
	IsWord       bool
	IsNumber     bool
	Items        []Value // of a list
	Fields       []Field // of a table, in the order of the document
}

// A Field is a key of a table and its value.
type Field struct {
	Key   string
	Value Value
}

// Absent reports that there is no value.
func (v Value) Absent() bool { return v.Line == 0 }

// IsTable reports a table, which has no Text.
func (v Value) IsTable() bool { return !v.Absent() && v.Text == "" }

// whole is the node with all that is below it.
func (n *node) whole() Value {
	v := Value{Line: n.at.line, Column: n.at.column}
	switch x := n.value.(type) {
	case string:
		v.Word, v.IsWord = x, true
	case int64:
		v.Number, v.IsNumber = float64(x), true
	case float64:
		v.Number, v.IsNumber = x, true
	}
	for _, child := range n.list {
		v.Items = append(v.Items, child.whole())
	}
	if n.table == nil {
		v.Text = n.toml()
		return v
	}
	for _, key := range n.inOrder() {
		v.Fields = append(v.Fields, Field{key, n.table[key].whole()})
	}
	return v
}

// inOrder lists the keys of a table in the order of the text.
func (n *node) inOrder() []string {
	keys := slices.Sorted(maps.Keys(n.table))
	slices.SortStableFunc(keys, func(a, b string) int {
		x, y := n.table[a].key, n.table[b].key
		return cmp.Or(x.line-y.line, x.column-y.column)
	})
	return keys
}

// toml is the node in TOML's syntax, on one line.
func (n *node) toml() string {
	switch v := n.value.(type) {
	case string:
		return quoted(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return Number(v)
	case nil:
	default:
		return fmt.Sprint(v)
	}
	var parts []string
	if n.isList {
		for _, child := range n.list {
			parts = append(parts, child.toml())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	for _, key := range n.inOrder() {
		parts = append(parts, dotted([]string{key})+" = "+n.table[key].toml())
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// Number is a number in TOML's syntax: the shortest that reads back the same,
// with a point or an exponent.
func Number(x float64) string {
	s := strconv.FormatFloat(x, 'g', -1, 64)
	if !strings.ContainsAny(s, ".eIN") {
		s += ".0"
	}
	return s
}

// quoted is a text as a basic string of TOML.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
