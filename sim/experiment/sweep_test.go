package experiment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"idleshift/scenarios"
	"idleshift/sim"
)

// Whatever the number of shards, every job must be in exactly one. A failure
// means that runs are left out or done by two machines.
func TestShardsCoverAllJobs(t *testing.T) {
	for _, jobs := range []int{0, 1, 7, 100, 10_000} {
		for _, n := range []int{1, 2, 3, 16, 1000} {
			least, most := jobs, 0
			held := make([]int, jobs)
			for i := range n {
				size := 0
				for job := range jobs {
					if (Shard{i, n}).Has(job, jobs) {
						held[job]++
						size++
					}
				}
				least, most = min(least, size), max(most, size)
			}
			if slices.ContainsFunc(held, func(k int) bool { return k != 1 }) {
				t.Errorf("%d jobs in %d shards: not each in one", jobs, n)
			}
			if most-least > 1+jobs/n/8 {
				t.Errorf("%d jobs in %d shards: between %d and %d of them", jobs, n, least, most)
			}
		}
	}
}

// A failure means that members of a job array leave out runs, or do those of
// others, without anybody noticing.
func TestParseShard(t *testing.T) {
	type env map[string]string
	slurm := env{"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "5", "SLURM_ARRAY_TASK_MAX": "8"}
	gaps := env{"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "7"}
	for _, c := range []struct {
		text  string
		env   env
		want  Shard
		wrong string
	}{
		{"", nil, Shard{}, ""},
		{"1/1", nil, Shard{0, 1}, ""},
		{"3/8", slurm, Shard{2, 8}, ""},
		{"auto", slurm, Shard{3, 4}, ""},
		{"auto/8", slurm, Shard{7, 8}, ""},
		{"auto", env{"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "10"}, Shard{0, 10}, ""},
		{"auto", env{"CLOUD_RUN_TASK_INDEX": "9", "CLOUD_RUN_TASK_COUNT": "10"}, Shard{9, 10}, ""},
		{"auto/5", env{"JOB_COMPLETION_INDEX": "4"}, Shard{4, 5}, ""},
		{"auto/5", env{"PBS_ARRAY_INDEX": "5"}, Shard{0, 5}, ""}, // -J 1-5
		{"auto/5", env{"PBS_ARRAYID": "5"}, Shard{0, 5}, ""},
		{"auto:2,5-7/9", env{"JOB_COMPLETION_INDEX": "0"}, Shard{1, 9}, ""},
		{"auto:2,5-7/9", env{"AWS_BATCH_JOB_ARRAY_INDEX": "3", "AWS_BATCH_JOB_ARRAY_SIZE": "4"}, Shard{6, 9}, ""},
		{"auto:2,5-7/9", env{"JOB_COMPLETION_INDEX": "4"}, Shard{}, "the index of the array is 4, and the list of shards ends at 3"},
		{"auto:2,5-7/9", nil, Shard{}, "no index of a job array"},
		{"auto:2,5-7/6", env{"JOB_COMPLETION_INDEX": "0"}, Shard{}, "from 1 to 6"},
		{"auto:0-3/6", env{"JOB_COMPLETION_INDEX": "0"}, Shard{}, "from 1 to 6"},
		{"auto:2,5-7", env{"JOB_COMPLETION_INDEX": "0"}, Shard{}, "of how many"},
		{"auto:5,2/9", env{"JOB_COMPLETION_INDEX": "0"}, Shard{}, "ascending"},
		{"auto:/9", env{"JOB_COMPLETION_INDEX": "0"}, Shard{}, "from 1 to 9"},
		{"auto", env{"JOB_COMPLETION_INDEX": "4"}, Shard{}, "JOB_COMPLETION_INDEX=4) but not of how many: say auto/n"},
		{"auto", env{"PBS_ARRAY_INDEX": "4"}, Shard{}, "say auto/n"},
		{"auto", env{"CLOUD_RUN_TASK_INDEX": "4"}, Shard{}, `CLOUD_RUN_TASK_COUNT=""`},
		{"auto", gaps, Shard{}, "have gaps"},
		{"auto", nil, Shard{}, "JOB_COMPLETION_INDEX (Kubernetes)"},
		{"auto/3", env{"SLURM_ARRAY_TASK_ID": "x"}, Shard{}, "is not an index"},
		{"0/4", nil, Shard{}, "from 1 to 4"},
		{"5/4", nil, Shard{}, "from 1 to 4"},
		{"3", nil, Shard{}, "must be i/n"},
		{"a/4", nil, Shard{}, "must be i/n"},
		{"1/0", nil, Shard{}, "1 or more"},
		{"1/x", nil, Shard{}, "1 or more"},
	} {
		got, err := ParseShard(c.text, func(name string) string { return c.env[name] })
		switch {
		case c.wrong == "" && (err != nil || got != c.want):
			t.Errorf("%q in %v: %v, %v, want %v", c.text, c.env, got, err, c.want)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%q in %v: error %v does not say %q", c.text, c.env, err, c.wrong)
		}
	}
}

// A failure means that points which should have random numbers of their own
// share them, or that adding points to a design changes the others.
func TestPointSeed(t *testing.T) {
	seen := map[int64]string{}
	for seed := range int64(3) {
		for i := range 1000 {
			set := []string{fmt.Sprintf("region.firms=%d", i), "time.days=20"}
			s := PointSeed(seed, set)
			if s < 0 || s > 9e15 {
				t.Fatalf("seed %d is not one that a scenario takes", s)
			}
			if s != PointSeed(seed, []string{set[1], set[0]}) {
				t.Fatal("the order of the keys changes the seed")
			}
			if other, twice := seen[s]; twice {
				t.Errorf("%v has the seed of %s", set, other)
			}
			seen[s] = fmt.Sprint(seed, set)
		}
	}
	// the first eight bytes of the SHA-256 of "1\na=1", modulo 9e15 + 1
	if got := PointSeed(1, []string{"a=1"}); got != 2427417103259202 {
		t.Errorf("seed %d: seeds of points are part of results and may never change", got)
	}
}

// A failure means that a sweep is gone on with on another scenario than it was
// planned for.
func TestThawedBase(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("common.toml", "extends = \"template\"\ntime.days = 30\n")
	write("base.toml", "extends = \"common.toml\"\nregion.firms_file = \"firms.csv\"\n")
	write("firms.csv", "name,latitude,longitude,sector,employees,units.mill,units.machinist\nA,43,-80,workshops,5,1,1\nB,43,-80,builders,8,2,2\n")
	set := []string{"seed=7"}
	base := NewBase(filepath.Join(dir, "base.toml"), 4, []string{"cooperative"})
	sc, err := base.Scenario(set)
	if err != nil {
		t.Fatal(err)
	}
	if sc.Replicates != 4 || !slices.Equal(sc.Compare, []string{"status_quo", "cooperative"}) || len(sc.Firms) != 2 {
		t.Errorf("%d replicates of %v, %d firms", sc.Replicates, sc.Compare, len(sc.Firms))
	}
	want, err := scenarios.Hash(sc)
	if err != nil {
		t.Fatal(err)
	}
	files := base.Files()
	for _, name := range []string{"base.toml", "common.toml", "firms.csv"} {
		if files[name] == "" {
			t.Errorf("%s is not kept, only %v", name, slices.Sorted(maps.Keys(files)))
		}
		write(name, "this is no scenario")
	}
	thawed := Thaw(base.Name(), files, 4, []string{"cooperative"})
	again, err := thawed.Scenario(set)
	if err != nil {
		t.Fatal(err)
	}
	got, err := scenarios.Hash(again)
	if err != nil || got != want || len(again.Firms) != 2 {
		t.Errorf("the scenario is another: %s, %v", got, err)
	}
	delete(files, "common.toml")
	if _, err := Thaw(base.Name(), files, 4, nil).Scenario(set); err == nil {
		t.Error("a file that was not kept is read from the disk")
	}
}

// broken is a Recorder that cannot write.
type broken struct {
	memory
	err error
}

func (b *broken) Firms(int, []sim.FirmResult) error { return b.err }

// A run that fails is data; a disk that fails is not. A failure means that a
// full disk is written down as a result, or that a broken run stops a sweep.
func TestFailuresAreToldApart(t *testing.T) {
	full, insane := errors.New("no space left on device"), errors.New("the firm has no machine")
	for name, c := range map[string]struct {
		rec    Recorder
		begin  error
		engine error
		breach bool
		data   bool
	}{
		"begin":    {rec: (*memory)(nil), begin: full},
		"disk":     {rec: &broken{err: full}},
		"commit":   {rec: &memory{failCommit: full}},
		"run":      {rec: &memory{}, engine: insane, data: true},
		"accounts": {rec: &memory{}, breach: true, data: true},
	} {
		err := Run(context.Background(), &Plan{
			Points: 1, Replicates: 1, Scenario: point, Workers: 1,
			Engine: func(_ context.Context, sc *scenarios.Scenario, _ int, _ sim.Options, open func(*sim.Region) (sim.Sink, error)) ([]sim.Result, error) {
				sink, err := open(nil)
				if err != nil {
					return nil, err
				}
				if err := sink.Firms(0, nil); err != nil {
					return nil, fmt.Errorf("the engine adds to it: %w", err)
				}
				results := make([]sim.Result, len(sc.Compare))
				if c.breach {
					results[1].Breaches = []string{"hours were lost"}
				}
				return results, c.engine
			},
			Record: func(Job, *sim.Region) (Recorder, error) { return c.rec, c.begin },
			Report: func(_ Job, _ []sim.Result, err error) error { return err },
		})
		failed := new(Error)
		if err == nil || errors.As(err, &failed) != c.data {
			t.Errorf("%s: %v (%T)", name, err, err)
		}
	}
	lost := errors.New("the plan cannot be read")
	err := Run(context.Background(), &Plan{
		Points: 1, Replicates: 1, Workers: 1, Engine: echo,
		Scenario: func(int) (*scenarios.Scenario, error) { return nil, lost },
		Record:   func(Job, *sim.Region) (Recorder, error) { return nil, full },
		Report:   func(_ Job, _ []sim.Result, err error) error { return err },
	})
	if failed := new(Error); !errors.Is(err, lost) || errors.As(err, &failed) {
		t.Errorf("a scenario that cannot be read: %v", err)
	}
}

// A failure means that scenarios are loaded again for every replicate, or pile
// up in memory.
func TestPointsAreLoadedOnce(t *testing.T) {
	var loads atomic.Int32
	var rec memory
	err := Run(context.Background(), &Plan{
		Points: 20, Replicates: 5, Engine: echo, Workers: 3,
		Scenario: func(i int) (*scenarios.Scenario, error) { loads.Add(1); return point(i) },
		Done:     func(j Job) bool { return j.Point == 7 },
		Record:   func(Job, *sim.Region) (Recorder, error) { return &rec, nil },
		Report:   func(_ Job, _ []sim.Result, err error) error { return err },
	})
	if err != nil || loads.Load() != 19 || rec.committed.Load() != 95 {
		t.Errorf("%v: %d points loaded for %d jobs, want 19 for 95", err, loads.Load(), rec.committed.Load())
	}
}

// A failure means that a scheduler is given other shards than those that are
// missing, or that those which it reports as failed are not sent again.
func TestIndices(t *testing.T) {
	for text, want := range map[string][]int{"": nil, "0": {0}, "0-3": {0, 1, 2, 3}, "0,2-3,9,11-12": {0, 2, 3, 9, 11, 12}} {
		got, err := ParseIndices(text)
		if err != nil || !slices.Equal(got, want) || FormatIndices(got) != text {
			t.Errorf("%q: %v, %v, written %q", text, got, err, FormatIndices(got))
		}
	}
	for _, text := range []string{",", "1-", "-1", "3-2", "2,2", "1-3,3", "a", "1 2", "0-99999999"} {
		if got, err := ParseIndices(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
