package scenarios

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.toml facts/*.toml assumptions/*.toml calibrations/*.toml
var files embed.FS

// Shipped is a scenario that comes with the program.
type Shipped struct {
	Name  string
	Title string
}

// Names lists the shipped scenarios by name.
func Names() ([]Shipped, error) {
	var all []Shipped
	for _, name := range shipped() {
		sc, err := Load(name, LoadOptions{})
		if err != nil {
			return nil, err
		}
		all = append(all, Shipped{name, sc.Title})
	}
	return all, nil
}

// Source is the text of a shipped scenario.
func Source(name string) (string, error) {
	text, err := files.ReadFile(name + ".toml")
	if err != nil {
		return "", fmt.Errorf("no shipped scenario %q (allowed: %s)%s", name, strings.Join(shipped(), ", "), meant(Nearest(name, shipped())))
	}
	return string(text), nil
}

// shipped lists the names of the embedded scenarios, sorted.
func shipped() []string { return texts(".") }

// texts lists the names of the embedded texts in a folder, sorted.
func texts(dir string) []string {
	entries, _ := files.ReadDir(dir) // what is embedded is always there
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".toml"); ok {
			names = append(names, name)
		}
	}
	return names
}
