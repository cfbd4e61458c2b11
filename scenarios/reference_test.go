package scenarios

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The tags are the language: one that cannot be read would allow everything or
// nothing, and a default outside its own range could not be written down.
func TestTags(t *testing.T) {
	var walk func(s *spec, path string)
	walk = func(s *spec, path string) {
		if s.form == unreadable {
			t.Errorf("%s: its type is not part of the language", path)
		}
		if path != "" && (s.doc == "" || !strings.HasSuffix(s.doc, ".")) {
			t.Errorf("%s: needs a sentence, has %q", path, s.doc)
		}
		if strings.ContainsAny(s.doc, "|\n") {
			t.Errorf("%s: its sentence breaks the table of the reference", path)
		}
		if s.form == whole || s.form == number {
			if s.unit == "" {
				t.Errorf("%s: has no unit", path)
			}
			checkInterval(t, path, s.allowed)
			if !s.required && !s.optional {
				x, err := strconv.ParseFloat(s.initial, 64)
				if err != nil || !s.allowed.holds(x) || s.form == whole && x != float64(int64(x)) {
					t.Errorf("%s: the default %q is not allowed", path, s.initial)
				}
			}
		}
		if s.enum != nil && s.form == words && !s.required && !slices.Contains(s.enum, s.initial) {
			t.Errorf("%s: the default %q is not among %v", path, s.initial, s.enum)
		}
		if s.ref != "" {
			if top := language().child(s.ref); top == nil || top.form != named {
				t.Errorf("%s: refers to %q, which is no table of names", path, s.ref)
			}
		}
		if s.elem != nil {
			walk(s.elem, path+"."+anyName)
		}
		for _, f := range s.fields {
			walk(f, strings.TrimPrefix(path+"."+f.name, "."))
		}
	}
	walk(language(), "")
}

func checkInterval(t *testing.T, path string, i interval) {
	t.Helper()
	_, low := strconv.ParseFloat(i.lowWord, 64)
	_, high := strconv.ParseFloat(i.highWord, 64)
	if i.text == "" || !strings.ContainsRune("[(", rune(i.text[0])) || !strings.ContainsRune("])", rune(i.text[len(i.text)-1])) || low != nil || high != nil || i.low > i.high {
		t.Errorf("%s: the range %q cannot be read", path, i.text)
	}
}

// The page must say what the program does.
func TestReferenceIsCurrent(t *testing.T) {
	golden(t, "REFERENCE.md", Reference())
}

// Every key must be found by explain and by an editor, whatever table it is in.
func TestEveryKeyIsExplained(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatalf("the schema is not JSON: %v", err)
	}
	for _, k := range Keys() {
		said, err := Explain(k.Path)
		if err != nil || !strings.Contains(said, k.Doc) {
			t.Errorf("%s is not explained: %v", k.Path, err)
		}
		concrete := strings.ReplaceAll(strings.ReplaceAll(k.Path, anyName, "mill"), "."+element+".", ".2.")
		if other, err := Explain(concrete); err != nil || other != said {
			t.Errorf("%s is not explained as %s: %v", concrete, k.Path, err)
		}
		if !inSchema(schema, strings.Split(k.Path, ".")) {
			t.Errorf("%s is not in the schema", k.Path)
		}
	}
	if all, err := Explain(""); err != nil || !strings.Contains(all, "replicates") {
		t.Errorf("the whole scenario is not explained: %v", err)
	}
}

// inSchema follows a path through properties, names and items.
func inSchema(schema any, path []string) bool {
	m, ok := schema.(map[string]any)
	if !ok {
		return false
	}
	if len(path) == 0 {
		return true
	}
	if either, ok := m["anyOf"].([]any); ok {
		return slices.ContainsFunc(either, func(one any) bool { return inSchema(one, path) })
	}
	switch path[0] {
	case anyName:
		return inSchema(m["additionalProperties"], path[1:])
	case element:
		return inSchema(m["items"], path[1:])
	}
	properties, _ := m["properties"].(map[string]any)
	return inSchema(properties[path[0]], path[1:])
}

// A key that is not there is told with the one that was probably meant.
func TestExplainUnknown(t *testing.T) {
	for key, want := range map[string]string{
		"kinds.mill.categroy":                 "kinds.mill.category",
		"orders.parts.operation.1.kind":       "orders.parts.operations.1.kind",
		"warmup_days":                         "time.warmup_days",
		"orders.parts.operations.1.hours.cvs": "orders.parts.operations.1.hours.cv",
	} {
		if _, err := Explain(key); err == nil || !strings.Contains(err.Error(), "did you mean "+want+"?") {
			t.Errorf("%s: got %v, want %s", key, err, want)
		}
	}
}

// Distances by hand; a wrong one would suggest the wrong word.
func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"shfit", "shift", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}, {"é", "e", 1}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance(c.b, c.a); got != c.want {
			t.Errorf("distance is not symmetric for %q, %q", c.a, c.b)
		}
	}
}

// A scenario's fields must all be reachable by keys, or nobody could set them.
func TestEveryFieldHasAKey(t *testing.T) {
	if f, ok := reflect.TypeFor[Scenario]().FieldByName("Firms"); !ok || f.Tag.Get("toml") != "-" {
		t.Error("the rows of the table of firms are no key")
	}
	var walk func(t *testing.T, typ reflect.Type)
	walk = func(t *testing.T, typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(t, typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				f := typ.Field(i)
				if f.Tag.Get("toml") == "" {
					t.Errorf("%s.%s has no key", typ, f.Name)
				}
				if f.Tag.Get("toml") != "-" {
					walk(t, f.Type)
				}
			}
		}
	}
	walk(t, reflect.TypeFor[Scenario]())
}
