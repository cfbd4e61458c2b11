package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"idleshift/metrics/answer"
	"idleshift/metrics/store"
)

// A comparison is two datasets side by side.
type comparison struct {
	Title     string // of the second
	Commands  [2]string
	Sentences [2]string
	How       string // they are compared
	Tables    []table
	Values    []difference
	Lacking   []string // regimes that only one has
	Notes     []string
}

// A difference is a key of the scenario whose value is not the same.
type difference struct{ Key, First, Second string }

// compare sets a second dataset beside the first.
func (p *page) compare(first, second *store.Dataset, unpaired bool, names named) error {
	for _, d := range []*store.Dataset{first, second} {
		if d.Sweep != nil {
			return fmt.Errorf("%s holds a sweep: two runs can be set side by side", d.Dir)
		}
	}
	c, err := answer.Compare(first, second, unpaired)
	if err != nil {
		return err
	}
	a, err := answer.Of(second)
	if err != nil {
		return err
	}
	out := &comparison{Title: second.Title, Commands: [2]string{first.Command, second.Command}, Sentences: [2]string{p.Sentences[0], together(a.Headline.Sentence)}}
	out.How = fmt.Sprintf("Replicates of each: %d, taken as independent samples", c.Pairs)
	if c.Paired {
		out.How = fmt.Sprintf("Replicates of each: %d, paired: those of one number saw the same draws", c.Pairs)
	}
	for _, t := range c.Tables() {
		out.Tables = append(out.Tables, names.table(t))
	}
	for _, n := range c.Notes {
		out.Notes = append(out.Notes, noted(n.Text))
	}
	for _, x := range []struct{ has, lacks *store.Dataset }{{first, second}, {second, first}} {
		for _, r := range x.has.Regimes {
			if !slices.Contains(x.lacks.Regimes, r) {
				out.Lacking = append(out.Lacking, fmt.Sprintf("%s stands in %s alone", names.of(r), x.has.Dir))
			}
		}
	}
	if out.Values, err = differences(first.Scenario, second.Scenario); err != nil {
		return err
	}
	p.Comparison = out
	return nil
}

// differences are the keys by which two scenarios differ, in their order.
func differences(first, second string) ([]difference, error) {
	var flat [2]map[string]string
	for i, text := range []string{first, second} {
		tree := map[string]any{}
		if _, err := toml.Decode(text, &tree); err != nil {
			return nil, err
		}
		flat[i] = map[string]string{}
		flatten(flat[i], "", tree)
	}
	keys := maps.Clone(flat[0])
	maps.Copy(keys, flat[1])
	var out []difference
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if flat[0][k] != flat[1][k] {
			out = append(out, difference{k, present(flat[0], k), present(flat[1], k)})
		}
	}
	return out, nil
}

func flatten(into map[string]string, path string, x any) {
	table, ok := x.(map[string]any)
	if !ok {
		into[strings.TrimPrefix(path, ".")] = fmt.Sprint(x)
		return
	}
	for k, v := range table {
		flatten(into, path+"."+k, v)
	}
}

func present(m map[string]string, key string) string {
	v, ok := m[key]
	switch {
	case !ok:
		return "–"
	case v == "":
		return "empty"
	}
	return v
}
