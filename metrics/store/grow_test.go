package store

import (
	"errors"
	"testing"
)

// A run that finds its number of replicates on the way must end in the dataset
// of one that was told, through interruptions too, and decide by the numbers
// that this dataset holds. A failure means that --precision gives results that
// nobody can reproduce by asking for so many replicates.
func TestMergeAs(t *testing.T) {
	straight := t.TempDir()
	must(t, produce(straight, small(3), false))
	d, err := Open(straight)
	must(t, err)
	runs, err := d.Runs()
	must(t, err)
	want, err := runs.Values("surplus", "cooperative")
	must(t, err)

	dir, most := t.TempDir(), small(8)
	most.Command = "idleshift run small --precision 5%"
	s, err := Create(dir, most, false)
	must(t, err)
	must(t, job(s, 2))
	must(t, job(s, 0))
	if _, err := s.Observed("surplus", "cooperative", 3); !errors.Is(err, ErrUnfinished) {
		t.Errorf("a replicate that was not run is observed: %v", err)
	}
	if s, err = Create(dir, most, false); err != nil || s.Finished() != 2 { // interrupted
		t.Fatalf("%d finished, %v", s.Finished(), err)
	}
	if err := s.MergeAs(small(3)); !errors.Is(err, ErrUnfinished) {
		t.Errorf("merged without replicate 1: %v", err)
	}
	must(t, job(s, 1))
	must(t, job(s, 5)) // beyond what will be kept
	got, err := s.Observed("surplus", "cooperative", 3)
	must(t, err)
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("replicate %d: observed %v, the dataset has %v", i, got[i], want[i])
		}
	}
	if _, err := s.Observed("surplus", "nobody", 3); err == nil {
		t.Error("a regime that does not run is observed")
	}
	if err := s.MergeAs(small(9)); err == nil {
		t.Error("nine replicates out of eight")
	}
	must(t, s.MergeAs(small(3)))
	same(t, "found on the way", contents(t, dir), contents(t, straight))
	if is, err := d.Is(small(3)); err != nil || !is {
		t.Errorf("the dataset is not its own plan's: %v", err)
	}
	if is, err := d.Is(most); err != nil || is {
		t.Errorf("the dataset is another plan's: %v", err)
	}
}
