package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers is the order of the house: a package imports from its own folder or
// from one to its left.
var layers = []string{"agents", "scenarios", "sim", "metrics", "cmd"}

// TestImportsGoLeft fails when a package, or one of its tests, reaches to its
// right: what lies left could then no longer be understood or used alone.
func TestImportsGoLeft(t *testing.T) {
	list := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "idleshift/...")
	out, err := list.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %s", exit.Stderr)
		}
		t.Fatal(err)
	}
	layer := func(path string) int {
		rest, ours := strings.CutPrefix(path, "idleshift/")
		if !ours {
			return -1 // not of this module
		}
		top, _, _ := strings.Cut(rest, "/")
		return slices.Index(layers, top)
	}
	packages := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; packages++ {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		own := layer(p.ImportPath)
		if own < 0 {
			t.Errorf("%s stands outside of %s", p.ImportPath, strings.Join(layers, ", "))
		}
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if layer(imported) > own {
				t.Errorf("%s imports %s, to its right", p.ImportPath, imported)
			}
		}
	}
	if packages < len(layers) {
		t.Errorf("only %d packages were looked at", packages)
	}
}
