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

// A Probe tells of single keys what they are in a scenario and what they may
// be, without loading it anew.
type Probe struct {
	root *node
	lang *spec
}

// NewProbe is the Probe of a scenario.
func NewProbe(sc *Scenario) (*Probe, error) {
	text, err := Canonical(sc)
	if err != nil {
		return nil, err
	}
	root, _, broken := parse(0, text)
	if broken != nil {
		return nil, fmt.Errorf("the canonical scenario, line %d: %s", broken.spot.line, broken.problem)
	}
	if sc.Region.Firms == 0 && len(sc.Firms) == 0 {
		root.below("region").below("firms").value = int64(sc.classed()) // 0 stands for that
	}
	return &Probe{root, language()}, nil
}

// Key tells what the dotted key takes. The error, without a position, is that
// no such key is in the language or that the scenario has no such name or
// element; Near is what was probably meant.
func (p *Probe) Key(key string) (Key, *Error) {
	words := strings.Split(key, ".")
	s, n := p.lang, p.root
	wrong := func(problem, allowed, near string) (Key, *Error) {
		return Key{}, &Error{Key: key, Problem: problem, Allowed: allowed, Near: near}
	}
	for i, w := range words {
		next := s.child(w)
		if next == nil {
			return wrong("there is no such key", "", likely(words))
		}
		switch {
		case s.form == named && (next.form == table || s.ref != ""): // what has keys of its own, or refers, must be there
			in := n
			if s.ref != "" {
				in = p.root.table[s.ref]
			}
			if in == nil || in.table[w].absent() {
				var names []string
				if in != nil {
					names = slices.Sorted(maps.Keys(in.table))
				}
				near := Nearest(w, names)
				if near != "" {
					near = strings.Join(append(within(words[:i], near), words[i+1:]...), ".")
				}
				return wrong(fmt.Sprintf("the scenario has no %q in %s", w, cmp.Or(s.ref, strings.Join(words[:i], "."))), some(names), near)
			}
		case s.form == list:
			if j, err := strconv.Atoi(w); err != nil || n == nil || j < 1 || j > len(n.list) {
				length := 0
				if n != nil {
					length = len(n.list)
				}
				return wrong(fmt.Sprintf("the list %s has %d elements", strings.Join(words[:i], "."), length), "", "")
			}
		}
		n, s = n.below(w), next
	}
	return s.key(pattern(words)), nil
}

// below is the child of a table or list, nil if there is none.
func (n *node) below(key string) *node {
	switch {
	case n == nil:
	case n.table != nil:
		return n.table[key]
	case n.isList:
		if i, err := strconv.Atoi(key); err == nil && i >= 1 && i <= len(n.list) {
			return n.list[i-1]
		}
	}
	return nil
}

// Value is what the scenario has at the dotted key; absent if nothing.
func (p *Probe) Value(key string) Value {
	n := p.root
	for w := range strings.SplitSeq(key, ".") {
		if n = n.below(w); n == nil {
			return Value{}
		}
	}
	return n.whole()
}

// Match lists the keys of the scenario that a dotted key with * for any name or
// element stands for, in the order of the names.
func (p *Probe) Match(key string) []string {
	var found []string
	var walk func(n *node, done, left []string)
	walk = func(n *node, done, left []string) {
		switch {
		case n == nil:
		case len(left) == 0:
			found = append(found, strings.Join(done, "."))
		case left[0] != "*":
			walk(n.below(left[0]), within(done, left[0]), left[1:])
		case n.isList:
			for i := range n.list {
				walk(n.list[i], within(done, strconv.Itoa(i+1)), left[1:])
			}
		default:
			for _, name := range slices.Sorted(maps.Keys(n.table)) {
				walk(n.table[name], within(done, name), left[1:])
			}
		}
	}
	walk(p.root, nil, strings.Split(key, "."))
	return found
}

// Check tells what is wrong with an override "key=value" by itself: an unknown
// key or name, a value of another type or out of range. Rules between keys are
// checked when a scenario is loaded. Positions are within the override.
func (p *Probe) Check(arg string) []Error {
	root, bad := parseOverride(p.lang, 0, arg)
	if bad != nil {
		return []Error{{Line: 1, Column: bad.spot.column, Problem: bad.problem}}
	}
	path, leaf := only(root)
	if _, err := p.Key(strings.Join(path, ".")); err != nil {
		return []Error{*err}
	}
	s, t := p.lang, reflect.TypeFor[Scenario]()
	for _, w := range path {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		next := s.child(w)
		if s.form == table {
			t = t.Field(next.field).Type
		} else {
			t = t.Elem()
		}
		s = next
	}
	d := decoder{layers: []string{"--set " + arg}, root: p.root}
	d.decode(s, leaf, reflect.New(t).Elem(), path, leaf.at)
	return d.errs
}
