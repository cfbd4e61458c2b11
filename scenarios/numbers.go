package scenarios

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A Quantity is a key of a scenario that takes a number, with its value there.
type Quantity struct {
	Path    string // dotted
	Value   float64
	Whole   bool // takes whole numbers only
	Unit    string
	Allowed string // in words, empty for any
	allowed interval
}

// Holds reports whether the key may have the value.
func (n *Quantity) Holds(x float64) bool { return n.allowed.holds(x) }

// Numbers finds the keys of the scenario with numbers that fit a dotted
// pattern, in which * stands for any name and any element of a list. The error
// says why there are none.
func (sc *Scenario) Numbers(pattern string) ([]Quantity, error) {
	words := strings.Split(pattern, ".")
	s := language()
	for _, w := range words {
		if w == "*" && s.form >= list && s.elem != nil {
			s = s.elem
			continue
		}
		next := s.child(w)
		if next == nil {
			return nil, fmt.Errorf("%s: unknown key%s", pattern, Meant(likely(words)))
		}
		s = next
	}
	if s.form != whole && s.form != number {
		return nil, fmt.Errorf("%s is no number but %s", pattern, s.kind())
	}
	var found []Quantity
	language().numbers(reflect.ValueOf(sc).Elem(), nil, words, &found)
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: the scenario has no such key", pattern)
	}
	return found, nil
}

// numbers walks the value of s along the words.
func (s *spec) numbers(v reflect.Value, path, words []string, found *[]Quantity) {
	if s.optional {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if len(words) == 0 {
		n := Quantity{Path: dotted(path), Whole: s.form == whole, Unit: s.unit, allowed: s.allowed}
		if s.allowed.text != "" {
			n.Allowed = s.allowed.String()
		}
		if s.form == whole {
			n.Value = float64(v.Int())
		} else {
			n.Value = v.Float()
		}
		*found = append(*found, n)
		return
	}
	word, rest := words[0], words[1:]
	switch s.form {
	case table:
		f := s.child(word)
		f.numbers(v.Field(f.field), within(path, word), rest, found)
	case named:
		names := []string{word}
		if word == "*" {
			names = names[:0]
			for _, key := range v.MapKeys() {
				names = append(names, key.String())
			}
			slices.Sort(names)
		}
		for _, name := range names {
			if e := v.MapIndex(reflect.ValueOf(name)); e.IsValid() {
				s.elem.numbers(e, within(path, name), rest, found)
			}
		}
	case list:
		for i := range v.Len() {
			if n := strconv.Itoa(i + 1); word == "*" || word == n {
				s.elem.numbers(v.Index(i), within(path, n), rest, found)
			}
		}
	}
}
