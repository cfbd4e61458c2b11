package scenarios

import "embed"

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
func Source(name string) (string, error) { return ours.Source(name) }

// shipped lists the names of the shipped scenarios, sorted.
func shipped() []string { return ours.Names() }
