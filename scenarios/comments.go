package scenarios

import "strings"

// Written is what the text of the scenario has at a dotted key, what it extends
// included and overrides left out, and the comment at the end of the line where
// it stands: its source, by the custom of the shipped scenarios. The value is
// absent if no text has the key; the comment is empty if there is none.
func (b *Base) Written(key string) (value Value, comment string) {
	path := strings.Split(key, ".")
	for i := len(b.r.roots) - 1; i >= 0; i-- {
		n := b.r.roots[i]
		for _, w := range path {
			if n = n.below(w); n == nil {
				break
			}
		}
		if n != nil {
			return n.whole(), commentOf(b.r.layers[i].text, n.at.line)
		}
	}
	return Value{}, ""
}

// commentOf is the comment at the end of a line, counted from 1.
func commentOf(text []byte, line int) string {
	lines := strings.Split(string(text), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	quote := byte(0)
	for s, i := lines[line-1], 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"', c == '\'':
			quote = c
		case c == '#':
			return strings.TrimSpace(s[i+1:])
		}
	}
	return ""
}
