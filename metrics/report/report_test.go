package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"

	"idleshift/agents"
	"idleshift/metrics"
	"idleshift/metrics/store"
	"idleshift/scenarios"
	"idleshift/sim"
	"idleshift/sim/experiment"
)

// short are overrides that make the template quick to run.
var short = []string{"replicates=3", "time.days=10", "time.warmup_days=2", "time.runout_days=20"}

// dataset runs the template with overrides and changes to it.
func dataset(t *testing.T, change func(*scenarios.Scenario), set ...string) *store.Dataset {
	t.Helper()
	sc, err := scenarios.Load("template", scenarios.LoadOptions{Set: append(append([]string{}, short...), set...)})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(sc)
	}
	text, err := scenarios.Canonical(sc)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := store.Select("")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, err := store.Create(dir, store.Plan{Version: "test", Command: "idleshift run template", Text: string(text), Scenario: sc, Tables: tables}, false)
	if err != nil {
		t.Fatal(err)
	}
	err = experiment.Run(context.Background(), &experiment.Plan{
		Points: 1, Replicates: sc.Replicates, Workers: 2, Engine: experiment.Simulate, Sim: sim.Options{Bound: true}, Done: s.Done,
		Scenario: func(int) (*scenarios.Scenario, error) { return sc, nil },
		Record: func(j experiment.Job, region *sim.Region) (experiment.Recorder, error) {
			var firms []metrics.FirmInfo
			for _, f := range region.Firms {
				info := metrics.FirmInfo{Sector: region.SectorNames[f.Sector], Employees: f.Employees, Latitude: f.At.Latitude, Longitude: f.At.Longitude}
				if f.Size >= 0 {
					info.Size = region.SizeNames[f.Size]
				}
				if f.Place >= 0 {
					info.Place = region.PlaceNames[f.Place]
				}
				firms = append(firms, info)
			}
			return s.Begin(j, sc, firms)
		},
		Report: func(_ experiment.Job, _ []sim.Result, err error) error { return err },
	})
	if err == nil {
		err = s.Flush()
	}
	if err == nil {
		err = s.Merge()
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func pageOf(t *testing.T, d *store.Dataset, o Options) string {
	t.Helper()
	o.Version, o.Command = "test", "idleshift report results/template"
	page, err := Of(d, o)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func textOf(t *testing.T, name string) *scenarios.Base {
	t.Helper()
	text, err := scenarios.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var (
	scriptTag = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
	styleTag  = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	dataTag   = regexp.MustCompile(`(?s)<script type="application/json" id="numbers">(.*?)</script>`)
)

// words is the page without scripts and styles.
func words(page string) string {
	for _, r := range []*regexp.Regexp{scriptTag, styleTag, dataTag} {
		page = r.ReplaceAllString(page, "")
	}
	return page
}

// A failure means that a reader who cannot see or has no mouse is lost, that a
// link leads nowhere, or that a part of the report is missing.
func TestStructure(t *testing.T) {
	page := words(pageOf(t, dataset(t, nil), Options{Text: textOf(t, "template")}))
	if !strings.Contains(page, `<html lang="en">`) {
		t.Error("the page does not say its language")
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("two parts are called %s", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?:aria-labelledby="|href="#)([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !ids[m[1]] {
			t.Errorf("%s leads nowhere", m[0])
		}
	}
	for _, id := range []string{"answer", "main-table", "figures", "firms", "assumptions", "method", "reproduce", "figure-gain", "figure-winners", "figure-utilisation"} {
		if !ids[id] {
			t.Errorf("there is no %s", id)
		}
	}
	last := byte('0')
	for i, m := range regexp.MustCompile(`<h([1-6])`).FindAllStringSubmatch(page, -1) {
		if level := m[1][0]; level > last+1 || (i == 0) != (level == '1') {
			t.Errorf("heading %d is of level %c after %c", i, level, last)
		}
		last = m[1][0]
	}
	pictures := regexp.MustCompile(`<svg viewBox="[^"]+" role="img" aria-label="([^"]*)">`).FindAllStringSubmatch(page, -1)
	if len(pictures) != 2*strings.Count(page, "<figure ") || len(pictures) < 16 {
		t.Errorf("%d pictures for %d figures in two widths", len(pictures), strings.Count(page, "<figure "))
	}
	for _, m := range pictures {
		if !regexp.MustCompile(`\d`).MatchString(m[1]) || len(m[1]) < 60 {
			t.Errorf("a picture says only %q", m[1])
		}
	}
	for _, use := range regexp.MustCompile(`<use xlink:href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !ids[use[1]] {
			t.Fatalf("a letter %s has no outline", use[1])
		}
	}
}

// A failure means that opening a report asks the network for something, or that
// its policy would keep its own parts from working.
func TestNothingFromElsewhere(t *testing.T) {
	page := pageOf(t, dataset(t, nil), Options{})
	for _, bad := range []string{"http://", "https://", "<link", "@import", "url(", "<iframe", "<object", " src=", "unsafe-"} {
		if i := strings.Index(words(page), bad); i >= 0 {
			t.Errorf("the page has %q: %.80s", bad, words(page)[i:])
		}
	}
	policy := html.UnescapeString(regexp.MustCompile(`Content-Security-Policy" content="([^"]+)"`).FindStringSubmatch(page)[1])
	if !strings.HasPrefix(policy, "default-src 'none';") {
		t.Errorf("the policy is %q", policy)
	}
	parts := append(scriptTag.FindAllStringSubmatch(page, -1), styleTag.FindAllStringSubmatch(page, -1)...)
	if len(parts) != 5 {
		t.Errorf("%d scripts and styles", len(parts))
	}
	for _, m := range parts {
		sum := sha256.Sum256([]byte(m[1]))
		if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
			t.Errorf("the policy forbids the part that begins %.60q", m[1])
		}
	}
	if !strings.Contains(page, "University of Washington Interactive Data Lab") {
		t.Error("the page has the libraries without their licences")
	}
}

// retitle puts a word before every name, as the title.
func retitle[T any](named map[string]T, word string, title func(*T) *string) {
	for name, x := range named {
		*title(&x) = word + name
		named[name] = x
	}
}

// A failure means that who writes a scenario can run a script in the browser of
// who reads its report.
func TestHostileWords(t *testing.T) {
	const hostile = `</script><script>alert("x")</script><!-- '--> {{.}} \u003c`
	d := dataset(t, func(sc *scenarios.Scenario) {
		sc.Title, sc.Description, sc.Currency = hostile, hostile, "C<b>$"
		retitle(sc.Regimes, hostile, func(x *agents.Regime) *string { return &x.Title })
		retitle(sc.Kinds, hostile, func(x *agents.Kind) *string { return &x.Title })
		retitle(sc.Tiers, hostile, func(x *agents.Tier) *string { return &x.Title })
		retitle(sc.Sectors, hostile, func(x *scenarios.Sector) *string { return &x.Title })
	})
	page := pageOf(t, d, Options{Second: d})
	if n := strings.Count(page, "<script"); n != 5 {
		t.Errorf("the page has %d scripts and not its own 5", n)
	}
	for _, bad := range []string{`<script>alert`, "<!--", "C<b>"} {
		if strings.Contains(words(page), bad) {
			t.Errorf("%q stands in the page as it is", bad)
		}
	}
	var got struct{ Baseline, Currency string }
	if err := json.Unmarshal([]byte(dataTag.FindStringSubmatch(page)[1]), &got); err != nil || !strings.HasPrefix(got.Baseline, hostile) || got.Currency != "C<b>$" {
		t.Errorf("the charts read %q in %q (%v)", got.Baseline, got.Currency, err)
	}
}

// A failure means that reports of large regions are too heavy to send, or that
// what was left out is not told.
func TestSize(t *testing.T) {
	d := dataset(t, nil, "region.firms=6000", "replicates=1", "time.days=1", "time.warmup_days=0", "time.runout_days=1")
	page := pageOf(t, d, Options{Text: textOf(t, "template")})
	if len(page) > 3_000_000 {
		t.Errorf("%d bytes", len(page))
	}
	if !strings.Contains(page, `<img src="data:image/png;base64,`) || !regexp.MustCompile(`<img [^>]+ alt="[^"]{60,}"`).MatchString(page) {
		t.Error("the map of so many firms is not a picture with what it shows")
	}
	var got struct {
		Firms struct {
			World int
			Firms [][4]int
		}
	}
	if err := json.Unmarshal([]byte(dataTag.FindStringSubmatch(page)[1]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Firms.World != 6000 || len(got.Firms.Firms) > mostFirms || len(got.Firms.Firms) < mostFirms/2 {
		t.Errorf("%d of %d firms", len(got.Firms.Firms), got.Firms.World)
	}
}

// A failure means that a value goes under the name of a source that it does not
// have.
func TestSources(t *testing.T) {
	d := dataset(t, nil, "tiers.platform.adoption=0.37")
	page := words(pageOf(t, d, Options{Text: textOf(t, "template")}))
	row := func(value string) string {
		i := strings.Index(page, "<td>"+value+"<")
		if i < 0 {
			t.Fatalf("no value %s", value)
		}
		return page[i : i+strings.Index(page[i:], "</tr>")]
	}
	if got := row("0.37"); !strings.Contains(got, "changed for this run") {
		t.Errorf("what --set changed has the source %s", got)
	}
	if !strings.Contains(page, "default of the program: an assumption") {
		t.Error("no default is told as one")
	}
	if page = words(pageOf(t, d, Options{})); strings.Contains(page, "changed for this run") || !strings.Contains(page, "not at hand") {
		t.Error("sources are told without the text that they stand in")
	}
}

// A failure means that a report cannot be made again byte for byte.
func TestSameBytes(t *testing.T) {
	d := dataset(t, nil)
	first, second := pageOf(t, d, Options{Second: d}), pageOf(t, d, Options{Second: d})
	if first != second {
		t.Error("two reports of one dataset differ")
	}
	if !bytes.Contains([]byte(first), []byte("The two datasets are the same.")) {
		t.Error("a dataset set beside itself is not told to be the same")
	}
}

// A failure means that columns that an older program did not write are read as
// zero.
func TestOlderDataset(t *testing.T) {
	d := dataset(t, nil)
	for i := range d.Files {
		if d.Files[i].Table == metrics.Runs {
			d.Files[i].Columns = d.Files[i].Columns[:5]
		}
	}
	if _, err := Of(d, Options{}); err == nil || !strings.Contains(err.Error(), "--overwrite") {
		t.Errorf("the report of an older dataset gives %v", err)
	}
}
