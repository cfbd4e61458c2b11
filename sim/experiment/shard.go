package experiment

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Shard is the part of a sweep's jobs that one of several processes does,
// Index from 0. The zero Shard is all of them.
type Shard struct{ Index, Count int }

// blocks is how many stretches of consecutive jobs a shard has: enough that
// shards take about as long as each other though neighbouring points do too,
// few enough that what a shard writes down lies together.
const blocks = 16

// Has reports whether job number i of n is the shard's.
func (s Shard) Has(i, n int) bool {
	if s.Count <= 1 {
		return true
	}
	return i/max(1, n/(s.Count*blocks))%s.Count == s.Index
}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index+1, max(1, s.Count)) }

// An array is how a scheduler tells a process which member of how many it is.
type array struct {
	scheduler, index, count string // names of environment variables
}

// The count stands where it is not told: Kubernetes and PBS set none.
var arrays = []array{
	{"Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"},
	{"AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"},
	{"Cloud Run", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT"},
	{"Kubernetes", "JOB_COMPLETION_INDEX", ""},
	{"PBS", "PBS_ARRAY_INDEX", ""},
	{"Torque", "PBS_ARRAYID", ""},
}

// ParseShard reads "i/n", shard i of n from 1; "auto", which takes both from
// the environment of a job array; or "auto/n", which takes i from there. ""
// is everything. Indices of an array may begin anywhere, but must follow each
// other without gaps. Where an array is to do some of the shards alone and its
// indices begin at 0, "auto:2,5-7/n" lists them.
func ParseShard(text string, getenv func(string) string) (Shard, error) {
	if text == "" {
		return Shard{}, nil
	}
	index, count, split := strings.Cut(text, "/")
	n := 0
	if split {
		var err error
		if n, err = strconv.Atoi(count); err != nil || n < 1 {
			return Shard{}, fmt.Errorf("shard %q: the number of shards after the stroke must be 1 or more", text)
		}
	}
	if index == "auto" {
		return member(n, getenv)
	}
	if list, some := strings.CutPrefix(index, "auto:"); some {
		return listed(text, list, n, getenv)
	}
	i, err := strconv.Atoi(index)
	if err != nil || !split {
		return Shard{}, fmt.Errorf("shard %q: must be i/n (shard i of n, from 1), auto, or auto/n", text)
	}
	if i < 1 || i > n {
		return Shard{}, fmt.Errorf("shard %q: shards count from 1 to %d", text, n)
	}
	return Shard{i - 1, n}, nil
}

// listed is the shard of n that stands in the list, which counts from 1, where
// the environment says.
func listed(text, list string, n int, getenv func(string) string) (Shard, error) {
	shards, err := ParseIndices(list)
	switch {
	case err != nil:
		return Shard{}, fmt.Errorf("shard %q: %w", text, err)
	case n == 0:
		return Shard{}, fmt.Errorf("shard %q: say of how many after a stroke, as in auto:2,5-7/9", text)
	case len(shards) == 0 || shards[0] < 1 || shards[len(shards)-1] > n:
		return Shard{}, fmt.Errorf("shard %q: shards count from 1 to %d", text, n)
	}
	at, err := member(mostIndices, getenv)
	if err != nil {
		return Shard{}, err
	}
	if at.Index >= len(shards) {
		return Shard{}, fmt.Errorf("shard %q: the index of the array is %d, and the list of shards ends at %d", text, at.Index, len(shards)-1)
	}
	return Shard{shards[at.Index] - 1, n}, nil
}

// member is the shard that the environment names, of n, or of as many as it
// says if n is 0.
func member(n int, getenv func(string) string) (Shard, error) {
	for _, a := range arrays {
		text := getenv(a.index)
		if text == "" {
			continue
		}
		i, err := strconv.Atoi(text)
		if err != nil || i < 0 {
			return Shard{}, fmt.Errorf("shard auto: %s=%q is not an index", a.index, text)
		}
		if n > 0 {
			return Shard{i % n, n}, nil
		}
		if a.count == "" {
			return Shard{}, fmt.Errorf("shard auto: %s tells the index (%s=%d) but not of how many: say auto/n", a.scheduler, a.index, i)
		}
		if n, err = strconv.Atoi(getenv(a.count)); err != nil || n < 1 {
			return Shard{}, fmt.Errorf("shard auto: %s=%d is set, but %s=%q is not a number of shards: say auto/n", a.index, i, a.count, getenv(a.count))
		}
		if a.scheduler == "Slurm" {
			if err := contiguous(n, getenv); err != nil {
				return Shard{}, err
			}
		}
		return Shard{i % n, n}, nil // n indices in a row have all remainders
	}
	var names []string
	for _, a := range arrays {
		names = append(names, a.index+" ("+a.scheduler+")")
	}
	return Shard{}, errors.New("shard auto: no index of a job array in the environment; looked for " + strings.Join(names, ", "))
}

// contiguous is an error if the indices of a Slurm array of n tasks have gaps.
func contiguous(n int, getenv func(string) string) error {
	first, err := strconv.Atoi(getenv("SLURM_ARRAY_TASK_MIN"))
	last, err2 := strconv.Atoi(getenv("SLURM_ARRAY_TASK_MAX"))
	if err == nil && err2 == nil && last-first+1 != n {
		return fmt.Errorf("shard auto: the %d indices of the Slurm array from %d to %d have gaps, so that shards would be missed: say i/n or auto/n", n, first, last)
	}
	return nil
}
