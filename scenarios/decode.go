package scenarios

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A decoder turns the merged tree into a Scenario and collects what is wrong.
type decoder struct {
	layers  []string // what each layer is called in errors
	root    *node
	lost    string // text that could not be read
	partial bool   // a base could not be read: what is missing may be there
	own     bool   // a language of its own, not that of scenarios
	errs    Errors
	wrong   map[string]bool // keys that could not be read right
	below   map[string]bool // and the tables that they are in
}

// misread reports an error because of which the key at the path has no value
// that other rules could build on.
func (d *decoder) misread(at spot, path []string, problem, allowed, near string) {
	if d.wrong == nil {
		d.wrong, d.below = map[string]bool{}, map[string]bool{}
	}
	for i := range path {
		d.below[strings.Join(path[:i+1], ".")] = true
	}
	d.wrong[strings.Join(path, ".")] = true
	d.report(at, path, problem, allowed, near)
}

// sound reports whether the key at the path, all that it holds and the tables
// that it is in were read right.
func (d *decoder) sound(path []string) bool {
	for i := range path {
		if d.wrong[strings.Join(path[:i+1], ".")] {
			return false
		}
	}
	return !d.below[strings.Join(path, ".")] && (len(path) == 0 || !d.lostWord(path[len(path)-1]))
}

// report notes an error about the key at the path.
func (d *decoder) report(at spot, path []string, problem, allowed, near string) {
	d.errs = append(d.errs, Error{
		File: d.layers[at.layer], Line: at.line, Column: at.column, Key: dotted(path),
		Problem: problem, Allowed: allowed, Near: near, layer: at.layer,
	})
}

// unsure reports that what is missing may stand in text that could not be read,
// lostWord that a word may.
func (d *decoder) unsure() bool { return d.partial || d.lost != "" }

func (d *decoder) lostWord(word string) bool {
	return d.partial || d.lost != "" && strings.Contains(d.lost, word)
}

// decode stores n, the value of the key at path, in v. An absent value is nil
// and near is then the spot of the table that lacks it.
func (d *decoder) decode(s *spec, n *node, v reflect.Value, path []string, near spot) {
	if s.optional {
		if n.absent() {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if n == nil && s.form < list {
		d.initial(s, v, path, near)
		return
	}
	switch s.form {
	case words:
		d.words(s, n, v, path)
	case truth:
		b, ok := n.value.(bool)
		if !ok {
			d.misread(n.at, path, "must be true or false, is "+n.shown(), "true, false", "")
		}
		v.SetBool(b)
	case whole, number:
		d.number(s, n, v, path)
	case list:
		d.list(s, n, v, path)
	case table:
		d.table(s, n, v, path, near)
	case named:
		d.named(s, n, v, path)
	case free:
		if n != nil {
			v.Set(reflect.ValueOf(n.whole()))
		}
	}
}

// initial gives a key that is absent its default.
func (d *decoder) initial(s *spec, v reflect.Value, path []string, near spot) {
	if s.required {
		if !d.unsure() {
			d.misread(near, path, "is missing: "+lowerFirst(strings.TrimSuffix(s.doc, ".")), d.choice(s), "")
		}
		return
	}
	switch s.form {
	case words:
		v.SetString(s.initial)
	case truth:
		v.SetBool(s.initial == "true")
	case whole:
		i, _ := strconv.ParseInt(s.initial, 10, 64)
		v.SetInt(i)
	case number:
		x, _ := strconv.ParseFloat(s.initial, 64)
		v.SetFloat(x)
	}
}

func (d *decoder) words(s *spec, n *node, v reflect.Value, path []string) {
	text, ok := n.value.(string)
	if !ok {
		d.misread(n.at, path, "must be text in quotes, is "+n.shown(), d.choice(s), "")
		return
	}
	v.SetString(text)
	switch {
	case s.enum != nil:
		if !slices.Contains(s.enum, text) {
			d.misread(n.at, path, strconv.Quote(text)+" is not one of the words for it", d.choice(s), Nearest(text, s.enum))
		}
	case s.ref != "" && (text != "" || s.required):
		d.refer(s.ref, text, n.at, path)
	}
}

// refer checks that the name is in the table.
func (d *decoder) refer(ref, name string, at spot, path []string) {
	names := d.names(ref)
	if slices.Contains(names, name) || d.lostWord(name) {
		return
	}
	allowed := some(names)
	if len(names) == 0 {
		allowed = "none is defined; write a table [" + ref + ".NAME]"
	}
	d.misread(at, path, fmt.Sprintf("there is no %q in %s", name, ref), allowed, Nearest(name, names))
}

// names lists what a table of the scenario defines, sorted.
func (d *decoder) names(table string) []string {
	t := d.root.table[table]
	if t == nil {
		return nil
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(t.table)) {
		if !t.table[name].absent() {
			names = append(names, name)
		}
	}
	return names
}

func (d *decoder) number(s *spec, n *node, v reflect.Value, path []string) {
	var x float64
	what := "a number"
	if s.form == whole {
		what = "a whole number"
	}
	switch value := n.value.(type) {
	case int64:
		x = float64(value)
		if s.form == whole {
			v.SetInt(value)
		} else {
			v.SetFloat(x)
		}
	case float64:
		x = value
		if s.form == whole || math.IsNaN(x) || math.IsInf(x, 0) {
			d.misread(n.at, path, "must be "+what+", is "+n.shown(), d.choice(s), "")
			return
		}
		v.SetFloat(x)
	default:
		d.misread(n.at, path, "must be "+what+", is "+n.shown(), d.choice(s), "")
		return
	}
	if !s.allowed.holds(x) {
		d.misread(n.at, path, strings.TrimPrefix(n.shown(), "the number ")+" is out of range", d.choice(s), "")
	}
}

func (d *decoder) list(s *spec, n *node, v reflect.Value, path []string) {
	if n == nil {
		return
	}
	if !n.isList {
		allowed := d.choice(s)
		if s.elem.form == table {
			allowed = "tables [[" + strings.Join(path, ".") + "]]"
		}
		d.misread(n.at, path, "must be a list, is "+n.shown(), allowed, "")
		return
	}
	if len(n.list) == 0 {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.list), len(n.list)))
	for i, child := range n.list {
		d.decode(s.elem, child, v.Index(i), within(path, strconv.Itoa(i+1)), n.at)
	}
}

func (d *decoder) table(s *spec, n *node, v reflect.Value, path []string, near spot) {
	if n != nil {
		if n.table == nil {
			d.misread(n.at, path, "must be a table, is "+n.shown(), "", "")
			return
		}
		near = n.key
		for _, key := range slices.Sorted(maps.Keys(n.table)) {
			if s.child(key) == nil {
				d.unknown(s, key, n.table[key].key, path)
			}
		}
	}
	for _, f := range s.fields {
		var child *node
		if n != nil {
			child = n.table[f.name]
		}
		d.decode(f, child, v.Field(f.field), within(path, f.name), near)
	}
}

// unknown reports a key that a table does not have, with the key that was
// probably meant: in the same table, or by the same word elsewhere.
func (d *decoder) unknown(s *spec, key string, at spot, path []string) {
	keys := s.keys()
	allowed := strings.Join(keys, ", ")
	if len(keys) > 12 && !d.own {
		allowed = "what `idleshift explain " + pattern(path) + "` lists"
		if len(path) == 0 {
			allowed = "what `idleshift explain` lists"
		}
	}
	near := Nearest(key, keys)
	if !d.own && (near == "" || distance(key, near) > 1) {
		if elsewhere := whereIs(key, path); elsewhere != "" {
			near = elsewhere
		}
	}
	d.report(at, within(path, key), "unknown key", allowed, near)
}

func (d *decoder) named(s *spec, n *node, v reflect.Value, path []string) {
	if n.absent() {
		return
	}
	if n.table == nil {
		d.misread(n.at, path, "must be a table of names, is "+n.shown(), "", "")
		return
	}
	m := reflect.MakeMap(v.Type())
	for _, name := range slices.Sorted(maps.Keys(n.table)) {
		child := n.table[name]
		if child.absent() && s.elem.form != truth {
			continue
		}
		here := within(path, name)
		if s.ref != "" {
			d.refer(s.ref, name, child.key, here)
		} else if !plain(name) {
			d.misread(child.key, here, "not a name", "letters a to z, A to Z, digits, _ and -", "")
		}
		e := reflect.New(v.Type().Elem()).Elem()
		d.decode(s.elem, child, e, here, n.key)
		m.SetMapIndex(reflect.ValueOf(name), e)
	}
	if m.Len() > 0 {
		v.Set(m)
	}
}

// mistyped tells of a table which overrides alone have made, with errors, and
// whose name is near another's, that this is what was meant, in place of what is
// wrong inside. Layers from so many on are overrides.
func (d *decoder) mistyped(lang *spec, files int) {
	for _, s := range lang.fields {
		all := d.root.table[s.name]
		if s.form != named || s.elem.form != table || all == nil {
			continue
		}
		var known, made []string
		for _, name := range d.names(s.name) {
			if all.table[name].key.layer < files {
				known = append(known, name)
			} else {
				made = append(made, name)
			}
		}
		for _, name := range made {
			key := dotted([]string{s.name, name})
			inside := func(e Error) bool { return e.Key == key || strings.HasPrefix(e.Key, key+".") }
			near := Nearest(name, known)
			if near == "" || !slices.ContainsFunc(d.errs, inside) {
				continue
			}
			d.errs = slices.DeleteFunc(d.errs, inside)
			d.report(all.table[name].key, []string{s.name, name}, fmt.Sprintf("the scenario has no %q in %s", name, s.name), some(known), near)
		}
	}
}

// plain reports whether a name needs no quotes.
func plain(name string) bool {
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return name != ""
}

// dotted is a path as TOML writes it, with quotes where they are needed.
func dotted(path []string) string {
	words := make([]string, len(path))
	for i, p := range path {
		if words[i] = p; !plain(p) {
			words[i] = strconv.Quote(p)
		}
	}
	return strings.Join(words, ".")
}

// choice says in words what a key may be.
func (d *decoder) choice(s *spec) string {
	switch {
	case s.enum != nil:
		return strings.Join(s.enum, ", ")
	case s.ref != "" && (s.form == words || s.form == list):
		return some(d.names(s.ref))
	case s.form == list:
		if c := d.choice(s.elem); c != "" {
			return "a list of " + c
		}
	case s.allowed.text != "":
		c := s.allowed.String()
		if s.unit != "" && s.unit != "1" {
			c += " " + s.unit
		}
		return c
	case s.form == truth:
		return "true, false"
	}
	return ""
}

// within is the path of a key below another; it shares no memory with path.
func within(path []string, key string) []string {
	return append(slices.Clone(path), key)
}

// some shows a list of names, the first dozen of a long one.
func some(names []string) string {
	if len(names) > 12 {
		return fmt.Sprintf("%s, … %d in all", strings.Join(names[:12], ", "), len(names))
	}
	return strings.Join(names, ", ")
}

// Nearest is the name that was probably meant, or none.
func Nearest(word string, names []string) string {
	best, least := "", max(2, len(word)/3)+1
	for _, name := range names {
		dist := distance(strings.ToLower(word), strings.ToLower(name))
		if len(word) >= 3 && len(name) >= 3 && (strings.HasPrefix(name, word) || strings.HasPrefix(word, name)) {
			dist = min(dist, 2)
		}
		if dist < least && dist < len(name) {
			best, least = name, dist
		}
	}
	return best
}

// distance counts the letters to insert, drop, change or swap between a and b
// (Damerau's optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return max(len(x), len(y))
	}
	var before, last []int
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		before, last, row = last, row, make([]int, len(y)+1)
		row[0] = i + 1
		for j := range y {
			change := last[j]
			if x[i] != y[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(y)]
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
