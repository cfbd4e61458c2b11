package scenarios

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/pelletier/go-toml/v2/unstable"
)

// A spot is where something stands in the text of a layer.
type spot struct {
	layer        int // position in the reader's layers
	line, column int // from 1, columns in characters
}

// A node is a value of the merged tree with the spots of its key and itself.
// It is a table, a list, or a plain value.
type node struct {
	key, at spot
	table   map[string]*node // nil unless a table
	list    []*node
	isList  bool
	value   any // string, int64, float64, bool, or a date or time
}

// absent reports that the node takes away what its base has: an optional value
// or an entry of named values that is false is as good as none.
func (n *node) absent() bool { return n == nil || n.value == false }

// merge lays over upon n and returns the result, n being left as it was:
// tables merge, anything else is replaced. A table whose keys are all numbers,
// laid upon a list, merges into the list's elements, counted from 1; beyond
// gets those that the list does not have.
func (n *node) merge(over *node, path []string, beyond func(over *node, path []string, length int)) *node {
	switch {
	case n.table != nil && over.table != nil:
		merged := *n
		merged.table = maps.Clone(n.table)
		for name, child := range over.table {
			if old := n.table[name]; old != nil {
				child = old.merge(child, within(path, name), beyond)
			}
			merged.table[name] = child
		}
		return &merged
	case n.isList && over.numbered():
		merged := *n
		merged.list = slices.Clone(n.list)
		for name, child := range over.table {
			i, err := strconv.Atoi(name)
			if err != nil || i < 1 || i > len(n.list) {
				beyond(child, within(path, name), len(n.list))
				continue
			}
			merged.list[i-1] = merged.list[i-1].merge(child, within(path, name), beyond)
		}
		return &merged
	}
	return over
}

// numbered reports a table whose keys are made of digits.
func (n *node) numbered() bool {
	for name := range n.table {
		if strings.Trim(name, "0123456789") != "" || name == "" {
			return false
		}
	}
	return len(n.table) > 0
}

// A place is the syntax tree of a text reduced to where things stand.
type place struct {
	key, at spot
	names   map[string]*place
	items   []*place
}

func (p *place) child(name string, key spot) *place {
	if p.names == nil {
		p.names = map[string]*place{}
	}
	c := p.names[name]
	if c == nil {
		c = &place{key: key, at: key}
		p.names[name] = c
	}
	return c
}

// A span is the lines of one expression of a text, from 0, both included.
type span struct {
	first, last int
	header      bool
}

// A text is the source of one layer while it is parsed.
type text struct {
	layer int
	data  []byte
	lines []int // offset of the start of each line
}

func newText(layer int, source []byte) *text {
	t := &text{layer: layer, data: slices.Clip(source), lines: []int{0}}
	for i, b := range t.data {
		if b == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

// line is the number of the line, from 0, in which the offset lies.
func (t *text) line(offset int) int {
	i, found := slices.BinarySearch(t.lines, offset)
	if found {
		return i
	}
	return i - 1
}

func (t *text) spot(offset int) spot {
	offset = min(max(offset, 0), len(t.data))
	l := t.line(offset)
	for offset > t.lines[l] && offset < len(t.data) && !utf8.RuneStart(t.data[offset]) {
		offset-- // to the start of the character
	}
	return spot{t.layer, l + 1, utf8.RuneCount(t.data[t.lines[l]:offset]) + 1}
}

// A syntaxError is what is wrong with the form of a text.
type syntaxError struct {
	spot    spot
	problem string
}

// parse reads a text to a tree. After an error of syntax it goes on without
// the faulty expression, so that what is wrong beside it can be told too; lost
// is the text passed over, and broken the first error.
func parse(layer int, source []byte) (root *node, lost string, broken *syntaxError) {
	nothing := &node{key: spot{layer, 1, 1}, at: spot{layer, 1, 1}, table: map[string]*node{}}
	if bytes.HasPrefix(source, []byte("\xff\xfe")) || bytes.HasPrefix(source, []byte("\xfe\xff")) { // as some shells redirect
		return nothing, string(source), &syntaxError{nothing.at, "the file is in UTF-16 (allowed: UTF-8; save it anew in that encoding)"}
	}
	source = bytes.TrimPrefix(source, []byte("\ufeff")) // editors put it there
	t := newText(layer, slices.Clone(source))
	var gone strings.Builder
	for range 64 {
		places, spans, bad := t.places()
		var tree map[string]any
		if bad == nil {
			tree, bad = t.values()
		}
		if bad == nil {
			return t.join(tree, places, places.at), gone.String(), broken
		}
		if broken == nil {
			broken = bad
		}
		if !t.blank(bad.spot.line-1, spans, &gone) {
			break
		}
	}
	return nothing, string(source), broken
}

// places finds where everything stands, and the extent of every expression.
func (t *text) places() (*place, []span, *syntaxError) {
	root := &place{key: spot{t.layer, 1, 1}, at: spot{t.layer, 1, 1}}
	here := root
	var spans []span
	var p unstable.Parser
	p.Reset(t.data)
	for p.NextExpression() {
		e := p.Expression()
		it := e.Key()
		var first, last unstable.Range
		at := root
		if e.Kind == unstable.KeyValue {
			at = here
		}
		for it.Next() {
			k := it.Node()
			if last.Length == 0 {
				first = k.Raw
			}
			last = k.Raw
			if e.Kind != unstable.KeyValue && len(at.items) > 0 {
				at = at.items[len(at.items)-1]
			}
			at = at.child(string(k.Data), t.spot(int(k.Raw.Offset)))
		}
		end := last
		switch e.Kind {
		case unstable.KeyValue:
			end = e.Raw
			t.placeValue(at, e.Value(), last)
		case unstable.ArrayTable:
			s := t.spot(int(last.Offset))
			at.items = append(at.items, &place{key: s, at: s})
			here = at.items[len(at.items)-1]
		default:
			if len(at.items) > 0 {
				at = at.items[len(at.items)-1]
			}
			here = at
		}
		spans = append(spans, span{t.line(int(first.Offset)), t.line(int(end.Offset + end.Length)), e.Kind != unstable.KeyValue})
	}
	var bad *unstable.ParserError
	if errors.As(p.Error(), &bad) {
		return root, spans, &syntaxError{t.spot(cap(t.data) - cap(bad.Highlight)), bad.Message}
	}
	return root, spans, nil
}

// placeValue notes where the value of a key stands, and what is in it. The
// value follows the equals sign behind the last part of its key.
func (t *text) placeValue(p *place, v *unstable.Node, key unstable.Range) {
	start := int(key.Offset + key.Length)
	for start < len(t.data) && strings.IndexByte(" \t=", t.data[start]) >= 0 {
		start++
	}
	p.at = t.spot(start)
	t.placeInside(p, v)
}

func (t *text) placeInside(p *place, v *unstable.Node) {
	it := v.Children()
	switch v.Kind {
	case unstable.InlineTable:
		for it.Next() {
			kv := it.Node()
			at := p
			var last unstable.Range
			for key := kv.Key(); key.Next(); {
				last = key.Node().Raw
				at = at.child(string(key.Node().Data), t.spot(int(last.Offset)))
			}
			t.placeValue(at, kv.Value(), last)
		}
	case unstable.Array:
		for it.Next() {
			e := it.Node()
			item := &place{key: p.at, at: p.at}
			if start := t.start(e); start >= 0 {
				item.at = t.spot(start)
				item.key = item.at
			}
			t.placeInside(item, e)
			p.items = append(p.items, item)
		}
	}
}

// start is the offset of an element of an array; an array within carries no
// range of its own and starts at the bracket before its first element. -1 if
// there is nothing to go by.
func (t *text) start(e *unstable.Node) int {
	if e.Kind != unstable.Array {
		return int(e.Raw.Offset)
	}
	c := e.Child()
	if c == nil {
		return -1
	}
	inner := t.start(c)
	if inner < 0 {
		return -1
	}
	return bytes.LastIndexByte(t.data[:inner], '[')
}

// values reads the values of a text.
func (t *text) values() (map[string]any, *syntaxError) {
	tree := map[string]any{}
	_, err := toml.Decode(string(t.data), &tree)
	if err == nil {
		return tree, nil
	}
	var bad toml.ParseError
	if errors.As(err, &bad) {
		s := t.spot(bad.Position.Start)
		if s.line != bad.Position.Line {
			s = spot{t.layer, bad.Position.Line, 1}
		}
		return nil, &syntaxError{s, strings.TrimSuffix(bad.Message, ".")}
	}
	return nil, &syntaxError{spot{t.layer, 1, 1}, err.Error()}
}

// join puts values and places together.
func (t *text) join(value any, p *place, near spot) *node {
	n := &node{key: near, at: near}
	if p == nil {
		p = &place{key: near, at: near}
	}
	n.key, n.at = p.key, p.at
	item := func(i int) *place {
		if i < len(p.items) {
			return p.items[i]
		}
		return nil
	}
	switch v := value.(type) {
	case map[string]any:
		n.table = make(map[string]*node, len(v))
		for name, child := range v {
			n.table[name] = t.join(child, p.names[name], n.at)
		}
	case []map[string]any:
		n.isList = true
		for i, child := range v {
			n.list = append(n.list, t.join(child, item(i), n.at))
		}
	case []any:
		n.isList = true
		for i, child := range v {
			n.list = append(n.list, t.join(child, item(i), n.at))
		}
	default:
		n.value = value
	}
	return n
}

// blank wipes out the expression in which the given line (from 0) lies, and if
// it is a table's header all that belongs to the table. It reports whether
// anything was left to wipe out.
func (t *text) blank(line int, spans []span, gone *strings.Builder) bool {
	line = min(max(line, 0), len(t.lines)-1)
	first, last, header := line, line, false
	for _, s := range spans {
		if s.first <= line && line <= s.last {
			first, last, header = s.first, s.last, s.header
			break
		}
		if s.last < line {
			first = s.last + 1
		}
	}
	for !header && first < last && t.wordless(first) {
		first++
	}
	if header || bytes.HasPrefix(bytes.TrimSpace(t.row(first)), []byte("[")) {
		for last+1 < len(t.lines) && !bytes.HasPrefix(bytes.TrimSpace(t.row(last+1)), []byte("[")) {
			last++
		}
	}
	some := false
	for l := first; l <= last; l++ {
		row := t.row(l)
		gone.Write(row)
		for i, b := range row {
			if b != '\n' && b != ' ' {
				row[i], some = ' ', true
			}
		}
	}
	return some
}

func (t *text) row(line int) []byte {
	end := len(t.data)
	if line+1 < len(t.lines) {
		end = t.lines[line+1]
	}
	return t.data[t.lines[line]:end]
}

// wordless reports a line that is empty or a comment.
func (t *text) wordless(line int) bool {
	row := bytes.TrimSpace(t.row(line))
	return len(row) == 0 || row[0] == '#'
}

// shown is a value as an error message names it.
func (n *node) shown() string {
	switch v := n.value.(type) {
	case string:
		if utf8.RuneCountInString(v) > 40 {
			v = string([]rune(v)[:39]) + "…"
		}
		return "the text " + strconv.Quote(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return "the number " + strconv.FormatInt(v, 10)
	case float64:
		return "the number " + Number(v)
	case nil:
		if n.isList {
			return "a list"
		}
		return "a table"
	default:
		return "a date or time"
	}
}
