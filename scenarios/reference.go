package scenarios

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"idleshift/agents/brokers"
)

// A form is what kind of value a key takes.
type form int

const (
	unreadable form = iota // a type that the scenario language does not have
	words                  // a string
	truth                  // a bool
	whole                  // an int
	number                 // a float64
	list                   // a slice
	table                  // a struct
	named                  // a map of names
	free                   // a Value: anything
)

// A spec is what the tags of a field say of its key.
type spec struct {
	name     string
	form     form
	optional bool // a pointer: may be absent
	field    int  // position in the struct
	elem     *spec
	fields   []*spec // of a table, in order
	unit     string
	doc      string
	allowed  interval
	enum     []string
	lister   string // command that lists enum, if it is not part of the language
	ref      string // table whose names are allowed
	initial  string // default
	required bool   // has none
}

// language is the spec of a whole scenario, not to be changed.
var language = sync.OnceValue(func() *spec {
	s := &spec{}
	s.shape(reflect.TypeFor[Scenario]())
	return s
})

func (s *spec) shape(t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		s.optional = true
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		s.form = words
	case reflect.Bool:
		s.form = truth
	case reflect.Int, reflect.Int64:
		s.form = whole
	case reflect.Float64:
		s.form = number
	case reflect.Slice:
		s.form = list
		s.element(t.Elem())
	case reflect.Map:
		s.form = named
		s.element(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[Value]() {
			s.form = free
			break
		}
		s.form = table
		for i := range t.NumField() {
			f := t.Field(i)
			if key := f.Tag.Get("toml"); key != "-" && f.IsExported() {
				s.fields = append(s.fields, newSpec(key, i, f))
			}
		}
	}
	s.required = s.required && s.form < list && !s.optional
}

// element shapes the elements of a list or of named values: they obey the tags
// of the whole.
func (s *spec) element(t reflect.Type) {
	s.elem = &spec{unit: s.unit, allowed: s.allowed, enum: s.enum, doc: s.doc, required: true}
	if s.form == list {
		s.elem.ref = s.ref
	}
	s.elem.shape(t)
}

func newSpec(key string, i int, f reflect.StructField) *spec {
	initial, has := f.Tag.Lookup("default")
	s := &spec{
		name: key, field: i, unit: f.Tag.Get("unit"), doc: f.Tag.Get("doc"), ref: f.Tag.Get("ref"),
		initial: initial, required: !has, allowed: newInterval(f.Tag.Get("range")),
	}
	switch enum := f.Tag.Get("enum"); enum {
	case "":
	case "@brokers":
		s.enum, s.lister = brokers.Names(), "brokers"
	default:
		s.enum = strings.Split(enum, ",")
	}
	s.shape(f.Type)
	return s
}

// child is the spec of a key below s, or nil: a key of a table, a name, or an
// element of a list by its number from 1.
func (s *spec) child(key string) *spec {
	switch s.form {
	case table:
		for _, f := range s.fields {
			if f.name == key {
				return f
			}
		}
	case named:
		return s.elem
	case list:
		if _, err := strconv.Atoi(key); err == nil || key == element {
			return s.elem
		}
	}
	return nil
}

// element and anyName stand for a number and a name in the path of a key.
const (
	element = "N"
	anyName = "NAME"
)

// keys lists the keys of a table.
func (s *spec) keys() []string {
	var names []string
	for _, f := range s.fields {
		names = append(names, f.name)
	}
	return names
}

// An interval is the numbers that a key may have.
type interval struct {
	low, high         float64
	lowWord, highWord string // as the tag has them
	lowOpen, highOpen bool
	text              string // the tag; empty means any
}

// newInterval reads "[0,1]", "(0,24]" and the like; what it cannot read allows
// nothing but its own low end, which a test of the tags brings to light.
func newInterval(text string) interval {
	if len(text) < 2 {
		return interval{}
	}
	i := interval{text: text, lowOpen: text[0] == '(', highOpen: text[len(text)-1] == ')'}
	i.lowWord, i.highWord, _ = strings.Cut(text[1:len(text)-1], ",")
	i.low, _ = strconv.ParseFloat(i.lowWord, 64)
	i.high, _ = strconv.ParseFloat(i.highWord, 64)
	return i
}

func (i interval) holds(x float64) bool {
	if i.text == "" {
		return true
	}
	return (x > i.low || x == i.low && !i.lowOpen) && (x < i.high || x == i.high && !i.highOpen)
}

// String is the interval in words.
func (i interval) String() string {
	low, high := i.lowWord, i.highWord
	if i.lowOpen {
		low = "above " + low
	}
	if i.highOpen {
		high = "below " + high
	}
	return low + " to " + high
}

// pattern is the path of a key with numbers and names replaced by N and NAME.
func pattern(path []string) string {
	s := language()
	out := make([]string, 0, len(path))
	for _, p := range path {
		switch {
		case s == nil:
		case s.form == named:
			p = anyName
		case s.form == list:
			p = element
		}
		out = append(out, p)
		if s != nil {
			s = s.child(p)
		}
	}
	return strings.Join(out, ".")
}

// whereIs is the first key whose last word is the given one: below path if
// there is one there, otherwise anywhere. Empty if there is none.
func whereIs(word string, path []string) string {
	below, anywhere := "", ""
	prefix := pattern(path) + "."
	for _, k := range Keys() {
		if k.Path != word && !strings.HasSuffix(k.Path, "."+word) {
			continue
		}
		if anywhere == "" {
			anywhere = k.Path
		}
		if below == "" && strings.HasPrefix(k.Path, prefix) {
			below = k.Path
		}
	}
	return cmp.Or(below, anywhere)
}

// A Key is what there is to know about one key of the scenario language.
type Key struct {
	Path     string   // dotted, NAME for any name and N for any element of a list
	Type     string   // in words
	Unit     string   // "1" for a pure number, empty for what is no number
	Range    string   // in interval notation, empty for any
	Enum     []string // words allowed, nil for any
	Lister   string   // command of the program that lists Enum, empty if the words are fixed
	Ref      string   // table whose names are allowed, empty if none
	Default  string   // in TOML's syntax, empty if there is none
	Required bool
	Doc      string
}

// extends is not part of a Scenario: the reader acts on it.
const extends = "Scenario that this one is laid over: the name of a shipped one, or a path relative to this file."

// Keys lists all keys in the order of the language.
func Keys() []Key {
	all := []Key{{Path: "extends", Type: "text", Doc: extends}}
	language().list("", &all)
	return all
}

// key is what there is to know about the key at a path.
func (s *spec) key(path string) Key {
	return Key{
		Path: path, Type: s.kind(), Unit: s.unit, Range: s.allowed.text, Enum: s.enum, Lister: s.lister, Ref: s.ref,
		Default: s.toml(), Required: s.required, Doc: s.doc,
	}
}

func (s *spec) list(path string, all *[]Key) {
	if path != "" {
		*all = append(*all, s.key(path))
		path += "."
	}
	switch {
	case s.form == table:
		for _, f := range s.fields {
			f.list(path+f.name, all)
		}
	case s.form == named && s.elem.form == table:
		for _, f := range s.elem.fields {
			f.list(path+anyName+"."+f.name, all)
		}
	case s.form == list && s.elem.form == table:
		for _, f := range s.elem.fields {
			f.list(path+element+"."+f.name, all)
		}
	}
}

// toml is the default in TOML's syntax.
func (s *spec) toml() string {
	if s.required || s.optional || s.form >= list {
		return ""
	}
	if s.form == words {
		return strconv.Quote(s.initial)
	}
	return s.initial
}

// kind is the type in words.
func (s *spec) kind() string {
	word := ""
	switch s.form {
	case words:
		word = "text"
	case truth:
		word = "true or false"
	case whole:
		word = "whole number"
	case number:
		word = "number"
	case list:
		return "list of " + plural(s.elem.kind())
	case table:
		word = "table"
	case named:
		if s.elem.form == table {
			return "tables by name"
		}
		return plural(s.elem.kind()) + " by name"
	case free:
		word = "any value"
	}
	if s.optional {
		word += ", may be absent"
	}
	return word
}

func plural(word string) string {
	switch {
	case word == "text":
		return "texts"
	case strings.HasPrefix(word, "list of "):
		return "lists of " + strings.TrimPrefix(word, "list of ")
	}
	return word + "s"
}

// parent is the path without its last word, and without the name or number
// that leads to it.
func (k Key) parent() string {
	path, _, _ := cutLast(k.Path)
	if up, last, ok := cutLast(path); ok && (last == anyName || last == element) {
		return up
	}
	return path
}

// cutLast divides a path before its last word.
func cutLast(path string) (before, last string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// Allows says in words what the key may be, empty if anything of its type.
func (k Key) Allows() string {
	switch {
	case k.Enum != nil:
		return strings.Join(k.Enum, ", ")
	case k.Ref != "" && k.Range != "":
		return "for a name in " + k.Ref + ", " + newInterval(k.Range).String()
	case k.Ref != "":
		return "a name in " + k.Ref
	case k.Range != "":
		return newInterval(k.Range).String()
	}
	return ""
}

// Explain tells in plain text what a key is, with the keys below it if it is a
// table. Names and numbers may be concrete (kinds.mill.category) or stand for
// any (kinds.NAME.category); an empty key is the whole scenario. Others are names
// beside the keys that an unknown one may have meant.
func Explain(key string, others ...string) (string, error) {
	var b strings.Builder
	words := strings.Split(key, ".")
	path := pattern(words)
	var found *Key
	var below []Key
	all := Keys()
	for _, p := range []string{path, strings.TrimSuffix(strings.TrimSuffix(path, "."+anyName), "."+element)} {
		for i, k := range all {
			if k.Path == p {
				found = &all[i]
			}
		}
	}
	if found == nil && key != "" {
		return "", fmt.Errorf("%s: unknown key%s", key, Meant(cmp.Or(likely(words), Nearest(key, others))))
	}
	if found != nil {
		path = found.Path
		fmt.Fprintf(&b, "%s: %s\n  %s\n", path, found.Type, found.Doc)
		if a := found.Allows(); a != "" {
			fmt.Fprintf(&b, "  allowed: %s\n", a)
		}
		if found.Unit != "" && found.Unit != "1" {
			fmt.Fprintf(&b, "  unit: %s\n", found.Unit)
		}
		switch {
		case found.Required:
			b.WriteString("  required\n")
		case found.Default != "":
			fmt.Fprintf(&b, "  default: %s\n", found.Default)
		}
	}
	width := 0
	for _, k := range all {
		if k.parent() == path {
			below = append(below, k)
			width = max(width, len(k.Path))
		}
	}
	for _, k := range below {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, k.Path, k.Doc)
	}
	return b.String(), nil
}

// likely is the key that was probably meant by one that does not exist.
func likely(words []string) string {
	s := language()
	for i, w := range words {
		next := s.child(w)
		if next == nil {
			if near := Nearest(w, s.keys()); near != "" {
				return strings.Join(append(within(words[:i], near), words[i+1:]...), ".")
			}
			if at := whereIs(words[len(words)-1], words[:i]); at != "" || len(words) > 1 {
				return at
			}
			var last []string // a key without its table, mistyped
			for _, k := range Keys() {
				last = append(last, k.Path[strings.LastIndexByte(k.Path, '.')+1:])
			}
			if near := Nearest(w, last); near != "" {
				return whereIs(near, nil)
			}
			return ""
		}
		s = next
	}
	return ""
}

// Reference is a page in Markdown on every key of the scenario language.
func Reference() string {
	return preface + Tables("##", true)
}

// Tables are the tables of all keys in Markdown, under headings of the given
// level; types tells what each key is.
func Tables(level string, types bool) string {
	var b strings.Builder
	all := Keys()
	section := func(title, path, doc string) {
		var rows []Key
		for _, k := range all {
			if k.parent() == path {
				rows = append(rows, k)
			}
		}
		if len(rows) == 0 {
			return
		}
		fmt.Fprintf(&b, "\n%s %s\n\n%s\n\n", level, title, doc)
		if types {
			b.WriteString("| key | type | unit | allowed | default | meaning |\n|---|---|---|---|---|---|\n")
		} else {
			b.WriteString("| key | unit | allowed | default | meaning |\n|---|---|---|---|---|\n")
		}
		for _, k := range rows {
			_, word, _ := cutLast(k.Path)
			initial := ""
			switch {
			case k.Required:
				initial = "required"
			case k.Default != "":
				initial = "`" + k.Default + "`"
			}
			allows := k.Allows()
			if k.Lister != "" {
				allows = "what `idleshift " + k.Lister + "` lists"
			}
			cells := []string{"`" + word + "`", k.Type, k.Unit, allows, initial, k.Doc}
			if !types {
				cells = append(cells[:1], cells[2:]...)
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
		}
	}
	section("Top level", "", "Keys of the scenario itself.")
	for _, k := range all {
		title := k.Path
		switch {
		case strings.HasPrefix(k.Type, "tables by name"):
			title += "." + anyName
		case strings.HasPrefix(k.Type, "list of tables"):
			title += "." + element
		}
		section("`"+title+"`", k.Path, k.Doc)
	}
	return b.String()
}

const preface = `# Reference of the scenario language

This page is written by the program from the tags beside its fields. A scenario is a TOML file.

- **extends** names the scenario that a file is laid over: a shipped one, or a path relative to the file. Tables merge key by key, everything else is replaced. What
  may be absent, and any entry by name, is taken away by setting it to ` + "`false`" + `.
- **--set key=value** lays one key over the files. The key is dotted, the value in TOML's syntax; text needs no quotes.
- **N** stands for an element of a list. One element is changed by its number, from 1: ` + "`orders.milling.operations.1.setup_hours = 2`" + `.
- **NAME** stands for a name of your own, made of letters, digits, ` + "`_` and `-`" + `.
- Allowed numbers include their ends unless it says above or below. Shares and probabilities have the unit 1. Hours are kept in whole seconds and money in ten-thousandths.
- A key without default is required, in the file or in what it extends. Lists, tables and what may be absent are empty when they are left out.
- **A table of firms** (region.firms_file) is a CSV file in UTF-8 with one row for each firm and a header: name, latitude, longitude, sector and employees, which every firm
  has; units.KIND for each kind that is counted, blank where the count is not given; certifications and partners, lists divided by semicolons, partners by their names.
`

// Schema is the scenario language as a JSON Schema (draft 2020-12), by which
// editors complete and check TOML files.
func Schema() ([]byte, error) {
	root := language().schema()
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "idleshift scenario"
	root["properties"].(map[string]any)["extends"] = map[string]any{"type": "string", "description": extends}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("schema to JSON: %w", err)
	}
	return append(text, '\n'), nil
}

// schema requires nothing, since the base of a file may say it.
func (s *spec) schema() map[string]any {
	m := map[string]any{}
	switch s.form {
	case words:
		m["type"] = "string"
		if s.enum != nil {
			m["enum"] = s.enum
		}
		m["default"] = s.initial
	case truth:
		m["type"] = "boolean"
		m["default"] = s.initial == "true"
	case whole, number:
		m["type"] = "number"
		if s.form == whole {
			m["type"] = "integer"
		}
		s.allowed.schema(m)
		m["default"] = json.Number(s.initial)
	case list:
		items := s.elem.schema()
		m["anyOf"] = []any{
			map[string]any{"type": "array", "items": items},
			map[string]any{"type": "object", "patternProperties": map[string]any{"^[1-9][0-9]*$": items}, "additionalProperties": false},
		}
	case table:
		m["type"] = "object"
		properties := map[string]any{}
		for _, f := range s.fields {
			properties[f.name] = f.schema()
		}
		m["properties"] = properties
		m["additionalProperties"] = false
	case named:
		m["type"] = "object"
		m["propertyNames"] = map[string]any{"pattern": "^[A-Za-z0-9_-]+$"}
		elem := s.elem.schema()
		if s.elem.form != truth {
			elem = map[string]any{"anyOf": []any{elem, map[string]any{"const": false}}}
		}
		m["additionalProperties"] = elem
	}
	if s.required || s.optional || s.name == "" {
		delete(m, "default")
	}
	if s.optional {
		m = map[string]any{"anyOf": []any{m, map[string]any{"const": false}}}
	}
	if s.doc != "" && s.name != "" {
		m["description"] = s.doc
		if s.unit != "" && s.unit != "1" {
			m["description"] = s.doc + " Unit: " + s.unit + "."
		}
	}
	return m
}

// schema adds the bounds to a number's schema.
func (i interval) schema(m map[string]any) {
	if i.text == "" {
		return
	}
	low, high := "minimum", "maximum"
	if i.lowOpen {
		low = "exclusiveMinimum"
	}
	if i.highOpen {
		high = "exclusiveMaximum"
	}
	m[low], m[high] = json.Number(i.lowWord), json.Number(i.highWord)
}
