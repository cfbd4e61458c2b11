package scenarios

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// notes stand for any document.
type notes struct {
	Scenario string          `toml:"scenario" doc:"What it is about."`
	Entries  map[string]note `toml:"entries" doc:"What is said."`
}

type note struct {
	Share float64  `toml:"share" unit:"1" range:"[0,1]" doc:"A share."`
	Keys  []string `toml:"keys" doc:"Keys."`
}

func shelfOf(texts map[string]string) Shelf {
	tree := fstest.MapFS{}
	for name, text := range texts {
		tree[name+".toml"] = &fstest.MapFile{Data: []byte(text)}
	}
	return NewShelf("note", tree, ".")
}

// A failure means that a document is not laid over what it extends, or that
// its entries lose the order in which they were written.
func TestDocumentsExtend(t *testing.T) {
	shelf := shelfOf(map[string]string{"base": "scenario = \"pocket\"\n[entries.z]\nshare = 0.1\n[entries.b]\nshare = 0.2\n"})
	file := filepath.Join(t.TempDir(), "own.toml")
	if err := os.WriteFile(file, []byte("extends = \"base\"\n[entries.a]\nshare = 0.3\n[entries.b]\nshare = 0.4\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var n notes
	d, err := ReadFrom(shelf, file, &n)
	if err != nil || d.Err() != nil {
		t.Fatal(err, d.Err())
	}
	if n.Scenario != "pocket" || n.Entries["z"].Share != 0.1 || n.Entries["b"].Share != 0.4 {
		t.Errorf("read %+v", n)
	}
	names := []string{"a", "b", "z"}
	if d.Order(names, "entries"); !slices.Equal(names, []string{"z", "b", "a"}) {
		t.Errorf("the order is %v", names)
	}
	if got := d.Scenario(n.Scenario, "scenario"); got != "pocket" {
		t.Errorf("the scenario is %q", got)
	}
}

// A failure means that the reader of a document is not told where and what is
// wrong, all at once.
func TestDocumentsTellWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "own.toml")
	text := "scenario = \"own_region.toml\"\n[entries.a]\nshare = 2\nkey = []\n[entries.b]\nshare = 0.4\nkeys = [\"x\"]\n"
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	var n notes
	d, err := ReadFrom(shelfOf(nil), file, &n)
	if err != nil {
		t.Fatal(err)
	}
	d.Wrong([]string{"entries", "b", "keys", "1"}, "is no key", "other ones", "y")
	if got, want := d.Scenario(n.Scenario, "scenario"), filepath.Join(dir, "own_region.toml"); got != want {
		t.Errorf("the scenario is %q, want %q", got, want)
	}
	for _, want := range []string{
		file + ":3:9: entries.a.share: 2 is out of range (allowed: 0 to 1)",
		file + ":4:1: entries.a.key: unknown key (allowed: share, keys); did you mean keys?",
		file + ":7:9: entries.b.keys.1: is no key (allowed: other ones); did you mean y?",
	} {
		if got := d.Err(); got == nil || !strings.Contains(got.Error(), want) {
			t.Errorf("%v lacks %q", got, want)
		}
	}
}

// A failure means that keys of a scenario are not found by a pattern, or that
// an override with the path found would not change the value found.
func TestNumbers(t *testing.T) {
	sc, err := Load("pocket", LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	bought, operations, milled := 0, 0, 0
	for _, k := range sc.Kinds {
		if k.Outside != nil {
			bought++
		}
	}
	for _, o := range sc.Orders {
		operations += len(o.Operations)
	}
	for _, s := range sc.Sectors {
		if _, ok := s.Mix["milled_job"]; ok {
			milled++
		}
	}
	for pattern, want := range map[string]int{
		"demand.cycle.sd":                           1,
		"kinds.*.normal_shifts":                     len(sc.Kinds),
		"kinds.*.outside.price_per_hour":            bought,
		"orders.milled_job.operations.1.hours.mean": 1,
		"orders.*.operations.*.setup_hours":         operations,
		"sectors.*.mix.milled_job":                  milled,
		"time.days":                                 1,
	} {
		found, err := sc.Numbers(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if len(found) != want {
			t.Errorf("%s: %d keys, want %d", pattern, len(found), want)
		}
		last := found[len(found)-1]
		again, err := Load("pocket", LoadOptions{Set: []string{last.Path + "=1"}})
		if err != nil {
			t.Errorf("%s: %v", last.Path, err)
			continue
		}
		if changed, err := again.Numbers(last.Path); err != nil || len(changed) != 1 || changed[0].Value != 1 {
			t.Errorf("%s became %+v, %v", last.Path, changed, err)
		}
	}
	for pattern, want := range map[string]string{
		"demand.cycle.sdd":     "demand.cycle.sdd: unknown key; did you mean demand.cycle.sd?",
		"demand.cycle":         "demand.cycle is no number but table",
		"kinds.printer.shifts": "kinds.printer.shifts: the scenario has no such key",
		"title":                "title is no number but text",
	} {
		if _, err := sc.Numbers(pattern); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", pattern, err, want)
		}
	}
}
