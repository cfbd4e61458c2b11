package sim

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"idleshift/agents/brokers"
	"idleshift/scenarios"
)

var updateModel = flag.Bool("update", false, "write the parameters of the language into MODEL.md")

const (
	model        = "MODEL.md"
	parameters   = "<!-- parameters -->\n"
	noParameters = "<!-- end of parameters -->"
)

// The tables of parameters come from the language. A failure means that the
// description tells of keys, ranges or defaults that are not those of the
// program; -update writes them anew.
func TestModelParameters(t *testing.T) {
	text := described(t)
	before, rest, found := strings.Cut(text, parameters)
	old, after, closed := strings.Cut(rest, noParameters)
	if !found || !closed {
		t.Fatalf("%s lacks the marks %q and %q", model, parameters, noParameters)
	}
	tables := strings.TrimPrefix(scenarios.Tables("###", false), "\n") + "\n"
	if old == tables {
		return
	}
	if !*updateModel {
		t.Fatalf("the parameters in %s are not those of the language; go test ./sim -run TestModelParameters -update writes them", model)
	}
	if err := os.WriteFile(model, []byte(before+parameters+tables+noParameters+after), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Whatever stands in type in the description must exist: a function, type or
// constant of the program, a file, a key or word of the scenario language, a
// flag. A failure means that somebody who looks for a rule where the
// description says it is does not find it.
func TestModelNamesExist(t *testing.T) {
	names := declared(t)
	for _, k := range scenarios.Keys() {
		names[k.Path] = true
		for _, word := range append(strings.Split(k.Path, "."), k.Enum...) {
			names[word] = true
		}
	}
	for _, b := range brokers.Names() {
		names[b] = true
	}
	text, _, _ := strings.Cut(described(t), parameters)
	for _, code := range regexp.MustCompile("(?s)`([^`]+)`").FindAllStringSubmatch(text, -1) {
		word := strings.Join(strings.Fields(code[1]), " ")
		first, _, _ := strings.Cut(strings.NewReplacer(" = ", "=", "(", "=").Replace(word), "=")
		switch {
		case names[strings.Trim(word, `"`)] || names[first] || slices.Contains(commands, word):
		case exists(word):
		default:
			t.Errorf("%s names `%s`, which is no function, type, file, key or word of the language", model, word)
		}
	}
}

// Every rule is carried out by the functions, or stated in the types, that the
// table of rules names, in the files that it names. A failure means that a rule
// was moved or dropped and its description was not.
func TestModelRules(t *testing.T) {
	_, rest, _ := strings.Cut(described(t), "\n## 11 ")
	table, _, _ := strings.Cut(rest, "\n## ")
	code := regexp.MustCompile("`([^`]+)`")
	rules := 0
	for _, line := range strings.Split(table, "\n") {
		cells := strings.Split(line, " | ")
		if len(cells) != 3 || !strings.Contains(cells[1], "`") {
			continue
		}
		rules++
		found := map[string]bool{}
		for _, file := range code.FindAllStringSubmatch(cells[2], -1) {
			declaredIn(t, filepath.Join("..", filepath.FromSlash(file[1])), found)
		}
		for _, name := range code.FindAllStringSubmatch(cells[1], -1) {
			if !found[name[1]] {
				t.Errorf("%s: %s: `%s` is not in %s", model, strings.TrimPrefix(cells[0], "| "), name[1], strings.TrimSuffix(cells[2], " |"))
			}
		}
	}
	if rules < 25 {
		t.Errorf("%s has %d rules in its table", model, rules)
	}
}

// commands are what the description tells to type, and names of its own
// formulas.
var commands = []string{"--check", "--set", "-long", "go test ./sim -run TestModelParameters -update", "type", "idleshift verify", "rest − booked", "pooled"}

func described(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// exists tells whether a file or folder of the project has the name, from this
// folder or from the top.
func exists(name string) bool {
	for _, path := range []string{name, filepath.Join("..", filepath.FromSlash(name))} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}

// declared is every name that the packages which the description is about
// declare, fields and tests included.
func declared(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, folder := range []string{".", "../agents", "../metrics"} {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
				return err
			}
			declaredIn(t, path, names)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// declaredIn adds the names that a file declares, and the words of its
// variables: names of metrics among them.
func declaredIn(t *testing.T, path string, names map[string]bool) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			names[n.Name.Name] = true
		case *ast.TypeSpec:
			names[n.Name.Name] = true
		case *ast.ValueSpec:
			for _, name := range n.Names {
				names[name.Name] = true
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				names[strings.Trim(n.Value, `"`)] = true
			}
		case *ast.BlockStmt: // what a function names within is nobody's to find
			return false
		}
		return true
	})
}
