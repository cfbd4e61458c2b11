package answer

import (
	"reflect"
	"strings"
)

// Schema is the JSON Schema (draft 2020-12) of an Answer.
func Schema() map[string]any {
	return schemaOf(reflect.TypeFor[Answer](), "answer of idleshift run --json")
}

// ComparisonSchema is that of a Comparison.
func ComparisonSchema() map[string]any {
	return schemaOf(reflect.TypeFor[Comparison](), "comparison of idleshift compare --json")
}

// SensitivitySchema is that of a Sensitivity.
func SensitivitySchema() map[string]any {
	return schemaOf(reflect.TypeFor[Sensitivity](), "ranking of idleshift sensitivity --json")
}

// SummarySchema is that of a Summary.
func SummarySchema() map[string]any {
	return schemaOf(reflect.TypeFor[Summary](), "summary of idleshift summarize --json")
}

func schemaOf(t reflect.Type, title string) map[string]any {
	s := schema(t)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = title
	return s
}

func schema(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[Number]():
		return map[string]any{"type": []string{"number", "null"}}
	case t.Kind() == reflect.Pointer:
		return map[string]any{"anyOf": []any{schema(t.Elem()), map[string]any{"type": "null"}}}
	case t.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": schema(t.Elem())}
	case t.Kind() == reflect.String:
		return map[string]any{"type": "string"}
	case t.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case t.Kind() == reflect.Float64:
		return map[string]any{"type": "number"}
	case t.Kind() != reflect.Struct:
		return map[string]any{"type": "integer"}
	}
	properties, required := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) { // those of what is embedded, too
		if f.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		s := schema(f.Type)
		s["description"] = f.Tag.Get("doc")
		properties[name] = s
		required = append(required, name)
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}
