package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The command that the table of points gives for a point must make the rows
// that the sweep has of it, with random numbers of its own too. A failure means
// that a result of a sweep cannot be looked into.
func TestPointsCanBeRunAlone(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("base.toml", `extends = "template"
time = { days = 10, warmup_days = 2, runout_days = 20 }
`)
	for _, crn := range []string{"true", "false"} {
		dir := "crn-" + crn
		write(dir+".toml", `base = "base.toml"
design = "lhs"
samples = 3
replicates = 2
regimes = ["cooperative"]
crn = `+crn+`
[set]
title = "it's a test, [1, 2]"
[factors.adoption]
keys = ["tiers.platform.adoption"]
range = [0.1, 0.9]
[factors.broker]
key = "tiers.platform.broker"
levels = ["greedy", "nearest", "auction"]
`)
		idleshift(t, "sweep", "run", dir+".toml", "--dir", dir, "--quiet")
		swept := table(t, dir, "runs")
		var seeds []string
		for i, point := range table(t, dir, "points")[1:] {
			words := words(t, point[4])
			for _, w := range words {
				if strings.HasPrefix(w, "seed=") {
					seeds = append(seeds, w)
				}
			}
			alone := filepath.Join(dir+"-alone", point[0])
			idleshift(t, append(words[1:], "--out", alone, "--quiet")...)
			manifest, err := os.ReadFile(filepath.Join(alone, "manifest.json"))
			if err != nil || !strings.Contains(string(manifest), `"scenario_sha256": "`+point[3]+`"`) {
				t.Errorf("%s, point %d: its scenario is not the one of SHA-256 %s (%v)", dir, i, point[3], err)
			}
			want := table(t, alone, "runs")[1:]
			var got [][]string
			for _, row := range swept[1:] {
				if row[0] == point[0] {
					got = append(got, row[3:])
				}
			}
			if len(want) != 4 || !slices.EqualFunc(got, want, slices.Equal[[]string]) {
				t.Errorf("%s, point %d: the sweep has\n%v\nby itself it gives\n%v", dir, i, got, want)
			}
		}
		slices.Sort(seeds)
		if n := len(slices.Compact(seeds)); crn == "true" && n != 0 || crn == "false" && n != 3 {
			t.Errorf("crn = %s: %d seeds of points", crn, n)
		}
	}
}

// idleshift runs a command that must succeed.
func idleshift(t *testing.T, args ...string) {
	t.Helper()
	var out, err bytes.Buffer
	if code := run(context.Background(), args, &out, &err); code != exitOK {
		t.Fatalf("%v: exit code %d\n%s%s", args, code, &out, &err)
	}
}

// table is a table of a dataset, the header first.
func table(t *testing.T, dir, name string) [][]string {
	t.Helper()
	idleshift(t, "export", dir, name)
	f, err := os.Open(filepath.Join(dir, name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// words are those of a command line as a shell reads them.
func words(t *testing.T, line string) (words []string) {
	t.Helper()
	word, quoted, begun := "", false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'':
			quoted, begun = !quoted, true
		case c == '\\' && !quoted:
			i++
			word += line[i : i+1]
		case c == ' ' && !quoted:
			words = append(words, word)
			word, begun = "", false
		default:
			word, begun = word+string(c), true
		}
	}
	if begun {
		words = append(words, word)
	}
	return words
}
