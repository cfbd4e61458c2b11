package scenarios

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"idleshift/agents/brokers"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestWrong shows what is said about wrong scenarios: testdata/wrong/*.toml
// beside the expected messages. Overrides stand in comments on top.
func TestWrong(t *testing.T) {
	wrong, err := filepath.Glob("testdata/wrong/*.toml")
	if err != nil {
		t.Fatal(err)
	}
	if len(wrong) < 30 {
		t.Errorf("only %d wrong scenarios are tried", len(wrong))
	}
	for _, file := range wrong {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".toml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var opt LoadOptions
			for line := range strings.Lines(string(text)) {
				if arg, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "# --set "); ok {
					opt.Set = append(opt.Set, arg)
				}
			}
			_, err = Load(file, opt)
			var all Errors
			if !errors.As(err, &all) {
				t.Fatalf("a wrong scenario must give Errors, gave %v", err)
			}
			said := strings.ReplaceAll(err.Error(), some(shipped()), "SHIPPED") + "\n"
			golden(t, strings.TrimSuffix(file, ".toml")+".txt", said)
		})
	}
}

// golden compares text with a file, or rewrites the file under -update.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := read(t, file)
	if text == want {
		return
	}
	line := 1
	for text != "" && want != "" {
		a, moreText, _ := strings.Cut(text, "\n")
		b, moreWant, _ := strings.Cut(want, "\n")
		if a != b {
			break
		}
		text, want, line = moreText, moreWant, line+1
	}
	a, _, _ := strings.Cut(text, "\n")
	b, _, _ := strings.Cut(want, "\n")
	t.Errorf("%s:%d differs (look at it, then go test -update rewrites it)\ngot  %s\nwant %s", file, line, a, b)
}

// disk reads files that are in memory, by base name.
func disk(files map[string]string) func(path string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		if text, ok := files[filepath.Base(path)]; ok {
			return []byte(text), nil
		}
		return nil, os.ErrNotExist
	}
}

// parseWith reads a text that may extend the given files.
func parseWith(files map[string]string, text string, set ...string) (*Scenario, error) {
	return Parse("top.toml", []byte(text), LoadOptions{Set: set, Read: disk(files)})
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Were a broker's name or need not taken from the table of brokers, adding one
// would not make it usable in a scenario.
func TestBrokersAreAllowed(t *testing.T) {
	files := map[string]string{"two_shops.toml": read(t, "testdata/two_shops.toml")}
	for _, b := range brokers.Table() {
		for d := brokers.Blind; d <= brokers.Open; d++ {
			_, err := parseWith(files, `extends = "two_shops.toml"`, "tiers.platform.broker="+b.Name, "tiers.platform.disclosure="+d.String())
			if enough := d >= b.Needs(); enough != (err == nil) {
				t.Errorf("%s with %s: enough is %v, error %v", b.Name, d, enough, err)
			}
		}
	}
	_, err := parseWith(files, `extends = "two_shops.toml"`, "tiers.platform.broker=gredy")
	want := "--set tiers.platform.broker=gredy:1:23: tiers.platform.broker: \"gredy\" is not one of the words for it (allowed: " +
		strings.Join(brokers.Names(), ", ") + "); did you mean greedy?"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// A later layer must win over an earlier one, key by key in tables and whole
// in lists; otherwise a scenario says one thing and the run does another.
func TestLayers(t *testing.T) {
	files := map[string]string{
		"two_shops.toml": read(t, "testdata/two_shops.toml"),
		"middle.toml": `extends = "two_shops.toml"
replicates = 20
seed = 5
[kinds.mill]
fixed_cost_per_day = 70
[orders.parts.operations.1]
setup_hours = 3
`,
	}
	sc, err := parseWith(files, `extends = "middle.toml"
seed = 6
compare = ["pooled", "status_quo", "cooperative"]
[kinds.mill]
outside = false
[kinds.saw]
category = "machine"
[sizes.small]
phase_amplitude = 0.25
[orders]
help = false
[sectors.metal.mix]
help = false
`, "seed=7", "currency=EUR", `title="a = b"`, "orders.parts.operations.2.hours.values.1=1.5", "kinds.saw.operator=machinist", "region.endowment = optimal")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"the last of three layers and an override", sc.Seed, int64(7)},
		{"the middle layer", sc.Replicates, 20},
		{"the base", sc.Time.Days, 20},
		{"a default", sc.Time.Horizon, 64},
		{"a bare word", sc.Currency, "EUR"},
		{"quoted text", sc.Title, "a = b"},
		{"a word beside spaces", sc.Region.Endowment, "optimal"},
		{"a list replaced", strings.Join(sc.Compare, " "), "pooled status_quo cooperative"},
		{"a table merged", sc.Kinds["mill"].FixedCost, 70.0},
		{"its other keys", sc.Kinds["mill"].Operator, "machinist"},
		{"a table taken away", sc.Kinds["mill"].Outside == nil, true},
		{"an entry taken away", len(sc.Orders) + len(sc.Sectors["metal"].Mix), 2},
		{"a name added", sc.Kinds["saw"].Operator, "machinist"},
		{"an element of a list", sc.Orders["parts"].Operations[0].Setup, 3.0},
		{"its other keys", sc.Orders["parts"].Operations[0].Domain, "titanium"},
		{"an element of a list in one", sc.Orders["parts"].Operations[1].Hours.Values[0], 1.5},
		{"its neighbour", sc.Orders["parts"].Operations[1].Hours.Values[1], 2.0},
		{"an optional number", *sc.Sizes["small"].Phase, 0.25},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, c.got, c.want)
		}
	}
}

// A wrong position sends the reader to the wrong line: every way of writing a
// value is tried.
func TestPositions(t *testing.T) {
	files := map[string]string{"two_shops.toml": read(t, "testdata/two_shops.toml")}
	text := `extends = "two_shops.toml"
kinds.mill.shifts = -1
'kinds' . "mill".hours_per_shift= -2 # a comment
demand . season = [
  1, -1, # é
  2,
  -3 ]
region.partners = [ [1, 2], [ 0, 1 ],
  # [ in a comment
  [1, -7]]
policies = { a = {} , b = { reserve_share = 5, kinds = [ "mill", "mil" ] } }

[[orders.parts.operations]]
kind = "mill"
hours = { mean = -4, cv.x = 3 }

  [[orders.parts.operations]]
  kind = "mil"

  [ orders . "parts" . operations . hours ]
  most = -1

[tiers."platform"]
	adoption = 7
`
	want := []string{
		"2:21: kinds.mill.shifts: -1",
		"3:35: kinds.mill.hours_per_shift: -2",
		"5:6: demand.season.2: -1",
		"7:3: demand.season.4: -3",
		"8:31: region.partners.2.1: 0",
		"10:7: region.partners.3.2: -7",
		"11:45: policies.b.reserve_share: 5",
		"11:66: policies.b.kinds.2: there is no",
		"15:18: orders.parts.operations.1.hours.mean: -4",
		"15:22: orders.parts.operations.1.hours.cv: must be",
		"18:10: orders.parts.operations.2.kind: there is no",
		"20:37: orders.parts.operations.2.hours.mean: is 0",
		"21:10: orders.parts.operations.2.hours.most: -1",
		"24:13: tiers.platform.adoption: 7",
	}
	_, err := parseWith(files, text)
	var all Errors
	if !errors.As(err, &all) {
		t.Fatalf("no errors: %v", err)
	}
	for i, e := range all {
		if i >= len(want) || !strings.HasPrefix(e.Error(), "top.toml:"+want[i]) {
			t.Errorf("error %d: %v", i, e)
		}
	}
	if len(all) != len(want) {
		t.Errorf("%d errors, want %d", len(all), len(want))
	}
}

// A key of a shipped base is told by the name of the base.
func TestPositionInShippedBase(t *testing.T) {
	_, err := Parse("mine.toml", []byte("extends = \"pocket\"\ncompare = [\"autarky\"]\ndecomposition = false\n"), LoadOptions{})
	var all Errors
	if !errors.As(err, &all) || all[0].File != "pocket.toml (shipped)" || all[0].Key != "baseline" {
		t.Fatalf("got %v", err)
	}
	text, err := Source("pocket")
	if err != nil {
		t.Fatal(err)
	}
	if line := strings.Split(text, "\n")[all[0].Line-1]; !strings.HasPrefix(line, "baseline") || line[all[0].Column-1] != '"' {
		t.Errorf("line %d, column %d is not the baseline: %q", all[0].Line, all[0].Column, line)
	}
}

// What the program records of a run must read back as the same scenario, or a
// run could not be repeated from its record.
func TestCanonicalRoundTrip(t *testing.T) {
	names := []string{"testdata/two_shops.toml", "testdata/own_firms.toml"}
	for _, name := range append(names, shipped()...) {
		sc, err := Load(name, LoadOptions{Set: []string{`description="two\nlines, \"quotes\" and \u0007"`}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		roundTrip(t, sc, disk(map[string]string{"firms.csv": read(t, "testdata/firms.csv")}))
	}
}

func roundTrip(t *testing.T, sc *Scenario, read func(path string) ([]byte, error)) {
	t.Helper()
	text, err := Canonical(sc)
	if err != nil {
		t.Fatalf("no canonical text: %v", err)
	}
	again, err := Parse("canonical", text, LoadOptions{Read: read})
	if err != nil {
		t.Fatalf("the canonical text is not accepted: %v\n%s", err, text)
	}
	if !reflect.DeepEqual(sc, again) {
		t.Fatalf("the canonical text reads back as another scenario:\n%+v\n%+v\n%s", sc, again, text)
	}
}

// The hash names a scenario: it must not see where files lie or how they are
// written, and must see every value.
func TestHash(t *testing.T) {
	hash := func(name string, set ...string) string {
		sc, err := Load(name, LoadOptions{Set: set})
		if err != nil {
			t.Fatal(err)
		}
		h, err := Hash(sc)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	dir := t.TempDir()
	for _, f := range []string{"two_shops.toml", "own_firms.toml", "firms.csv"} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte(read(t, "testdata/"+f)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, b := hash("testdata/own_firms.toml"), hash(filepath.Join(dir, "own_firms.toml"), "region.firms_file="+filepath.Join(dir, "firms.csv"))
	if a != b {
		t.Error("the hash depends on where the files lie")
	}
	if hash("testdata/two_shops.toml") != hash("testdata/two_shops.toml", "time.days=20", "currency=CAD") {
		t.Error("the hash depends on how a value is given")
	}
	if hash("testdata/two_shops.toml") == hash("testdata/two_shops.toml", "kinds.mill.outside.price_per_hour=121") {
		t.Error("the hash does not see a price")
	}
}

// A name that leads nowhere is told with what was probably meant.
func TestNoSuchScenario(t *testing.T) {
	for _, call := range []func() error{
		func() error { _, err := Load("pockt", LoadOptions{}); return err },
		func() error { _, err := Source("pockt"); return err },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), "did you mean pocket?") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := Load("testdata", LoadOptions{}); err == nil {
		t.Error("a folder is no scenario")
	}
}

// Every shipped scenario must load, and be listed with a title.
func TestShipped(t *testing.T) {
	all, err := Names()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Title == "" {
			t.Errorf("%s has no title", s.Name)
		}
		if text, err := Source(s.Name); err != nil || text == "" {
			t.Errorf("%s has no text: %v", s.Name, err)
		}
	}
}

// Errors that came in another order each time could not be compared.
func TestErrorsAreSorted(t *testing.T) {
	_, first := Load("testdata/wrong/wrong_type.toml", LoadOptions{})
	for range 20 {
		if _, err := Load("testdata/wrong/wrong_type.toml", LoadOptions{}); err.Error() != first.Error() {
			t.Fatalf("two readings differ:\n%v\n%v", first, err)
		}
	}
}

// FuzzLoad reads any text with any override: the reader must not panic, every
// error must carry a position within its layer, and what is accepted must
// survive being written and read again.
func FuzzLoad(f *testing.F) {
	wrong, err := filepath.Glob("testdata/wrong/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	files := map[string]string{
		"two_shops.toml": read(f, "testdata/two_shops.toml"),
		"firms.csv":      read(f, "testdata/firms.csv"),
	}
	for _, file := range append(wrong, "testdata/two_shops.toml", "testdata/own_firms.toml") {
		text := read(f, file)
		f.Add(text, "time.days=3")
		f.Add(strings.ReplaceAll(text, "../", ""), `kinds.mill={category="machine"}`)
	}
	f.Add("title = \"é", "title=\"é")
	f.Add("extends = \"two_shops.toml\"\n", "orders.parts.operations.1.hours.mean=2")
	f.Add("extends = \"two_shops.toml\"\nregion.firms_file = \"firms.csv\"\n", "compare=pooled,status_quo,cooperative")
	f.Fuzz(func(t *testing.T, text, set string) {
		sc, err := parseWith(files, text, set)
		if err == nil {
			roundTrip(t, sc, disk(files))
			return
		}
		var all Errors
		if !errors.As(err, &all) {
			t.Fatalf("errors of a text must carry positions: %v", err)
		}
		for _, e := range all {
			if e.File == "" || e.Line < 1 || e.Column < 1 || e.Problem == "" {
				t.Fatalf("no position: %#v", e)
			}
			if lines := strings.Split(text, "\n"); e.File == "top.toml" && (e.Line > len(lines) || e.Column > len([]rune(lines[e.Line-1]))+1) {
				t.Fatalf("a position outside the text: %v\n%s", e, text)
			}
			if strings.Contains(e.Error(), "%!") && !strings.Contains(text+set, "%!") {
				t.Fatalf("a garbled message: %v", e)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	for range b.N {
		if _, err := Load("pocket", LoadOptions{Set: []string{"time.days=100"}}); err != nil {
			b.Fatal(err)
		}
	}
}

// A base that many scenarios are made of must give each as if it were read for
// it alone. A failure means that points of a sweep change each other.
func TestBaseIsLeftAsItIs(t *testing.T) {
	files := map[string]string{"below.toml": "extends = \"template\"\ntime.days = 30\n"}
	base := func() *Base {
		b, err := Open("top.toml", disk(map[string]string{"below.toml": files["below.toml"], "top.toml": "extends = \"below.toml\"\nreplicates = 3\n"}))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	sets := [][]string{
		nil,
		{"orders.job.operations.1.setup_hours=5", "tiers.platform.radius_site_km=7"},
		{"orders.job.operations.9.setup_hours=5", "time.days=0", "seed=one"},
		{"demand.season=[1, 2]", "sizes.small.firms=3", "kinds.mill.outside=false"},
		{"orders.job.operations=[]"},
		{"tiers.contract.adoption=0.5", "tiers.platform.radius_site_km=9"},
	}
	shared := base()
	told := func(sc *Scenario, err error) string {
		if err != nil {
			return err.Error()
		}
		hash, err := Hash(sc)
		return fmt.Sprint(hash, err)
	}
	var group sync.WaitGroup
	for _, set := range append(sets, sets...) {
		want := told(base().With(set))
		for range 4 {
			group.Go(func() {
				if got := told(shared.With(set)); got != want {
					t.Errorf("%v: got\n%s\nwant\n%s", set, got, want)
				}
			})
		}
	}
	group.Wait()
}

// What editors and shells of other systems write must be read, or refused for
// what it is: with a byte order mark a file's first key would not be known.
func TestEncodings(t *testing.T) {
	plain := "extends = \"template\"\nreplicates = 0\n"
	_, err := Parse("mine.toml", []byte(plain), LoadOptions{})
	for name, text := range map[string]string{"a byte order mark": "\ufeff" + plain, "a mark and CRLF": "\ufeff" + strings.ReplaceAll(plain, "\n", "\r\n")} {
		if _, other := Parse("mine.toml", []byte(text), LoadOptions{}); other == nil || other.Error() != err.Error() {
			t.Errorf("%s: got %v, want %v", name, other, err)
		}
	}
	for _, text := range []string{"\xff\xfee\x00x\x00", "\xfe\xff\x00e\x00x"} {
		if _, err := Parse("mine.toml", []byte(text), LoadOptions{}); err == nil || err.Error() != "mine.toml:1:1: the file is in UTF-16 (allowed: UTF-8; save it anew in that encoding)" {
			t.Errorf("UTF-16: got %v", err)
		}
	}
}

// Every number of a scenario about the world must say on its line where it comes
// from; what does not cannot be told from what was made up.
func TestNumbersHaveSources(t *testing.T) {
	number := regexp.MustCompile(`^[\w.]+ *= *[^#"]*\d`)
	for _, name := range []string{"ontario", "pocket", "vignettes"} {
		text, err := Source(name)
		if err != nil {
			t.Fatal(err)
		}
		numbers := 0
		for i, line := range strings.Split(text, "\n") {
			if !number.MatchString(line) {
				continue
			}
			numbers++
			if commentOf([]byte(line), 1) == "" {
				t.Errorf("%s.toml:%d has no source: %s", name, i+1, line)
			}
		}
		if numbers < 50 {
			t.Errorf("%s: only %d numbers were looked at", name, numbers)
		}
	}
}
