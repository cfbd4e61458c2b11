// Package cluster hands the shards of a sweep to a scheduler: it writes the
// scripts and manifests of a job array and of the merge that follows it, says
// which commands submit them, and asks what is in the queue. What a shard does
// it leaves to a command line of the program; all of them share one folder, and
// doing work twice does no harm there.
package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"idleshift/sim/experiment"
)

// A Scheduler is a kind of cluster.
type Scheduler interface {
	// MostTasks is how many tasks an array may have.
	MostTasks(context.Context) (int, error)
	// Queued is what of a submission has not ended, running or waiting.
	Queued(context.Context, Submission) (Submission, error)
	// Array is the job that does some shards, ascending from 0.
	Array(s *Sweep, shards []int) Job
	// Merge is the job that makes the dataset, after the array of that id,
	// which is "" if there is none, and after arrays submitted before.
	Merge(s *Sweep, array string, before []Array) Job
	// MergeWaits reports whether a merge that is in the queue serves arrays
	// that are submitted after it.
	MergeWaits() bool
}

// A Sweep is what the jobs are made of.
type Sweep struct {
	Name    string // of jobs: letters, digits and hyphens, another for every submission
	Folder  string // of scripts and manifests, absolute
	Dir     string // of the sweep, absolute
	Program string // that the jobs run
	Shards  int    // that the sweep is divided into
	AtOnce  int    // most tasks that run at a time; 0 is any number
	Failing int    // most runs of a shard that may fail
}

// Exit codes of the program that tell why it ended.
const (
	Interrupted = 130 // a signal stopped it; what was finished is kept
	BadInput    = 2   // it would fail again
)

// work is the command that does one shard.
func (s *Sweep) work(shard string) []string {
	return []string{s.Program, "sweep", "work", "--dir", s.Dir, "--shard", shard, "--max-failures", strconv.Itoa(s.Failing)}
}

// shard names the shard of an array's task whose indices run from 0.
func (s *Sweep) shard(shards []int) string {
	if len(shards) == s.Shards {
		return "auto/" + strconv.Itoa(s.Shards)
	}
	return "auto:" + s.listed(shards) + "/" + strconv.Itoa(s.Shards)
}

// listed are shards, counted from 1 as users do.
func (s *Sweep) listed(shards []int) string {
	from1 := make([]int, len(shards))
	for i := range shards {
		from1[i] = shards[i] + 1
	}
	return experiment.FormatIndices(from1)
}

// merge is the command that makes the dataset, as soon as nothing is missing.
// It gives up when nothing has come in for so long.
func (s *Sweep) merge(wait string) []string {
	return []string{s.Program, "sweep", "merge", "--dir", s.Dir, "--wait", wait}
}

// seen is how long it may take until a node sees in the shared folder what
// another has written: NFS keeps what a folder holds for up to a minute.
const seen = "2m"

// A Job is what submits one job.
type Job struct {
	Files    []File     // to be written before
	Commands [][]string // in this order
	ID       func(printed string) (string, error)
}

// A File stands in the folder of the scripts.
type File struct{ Name, Text string }

// A Submission is what was sent of a sweep.
type Submission struct {
	Shards int     `json:"shards"` // that the sweep is divided into
	Times  int     `json:"times"`  // that something was sent
	Arrays []Array `json:"arrays"` // the newest last
	Merge  string  `json:"merge"`  // id of the job, none if it was not submitted
}

// IDs are those of all its jobs.
func (s *Submission) IDs() []string {
	ids := IDs(s.Arrays)
	if s.Merge != "" {
		ids = append(ids, s.Merge)
	}
	return ids
}

// IDs are those of arrays.
func IDs(arrays []Array) (ids []string) {
	for _, a := range arrays {
		ids = append(ids, a.ID)
	}
	return ids
}

// An Array is a job with a task for each of some shards.
type Array struct {
	ID     string `json:"id"`
	Shards string `json:"shards"` // from 0, as in "0-3,7"
}

// NewArray is the array of ascending shards.
func NewArray(id string, shards []int) Array { return Array{id, experiment.FormatIndices(shards)} }

// Has reports whether the shard is one of the array's.
func (a *Array) Has(shard int) bool {
	shards, err := experiment.ParseIndices(a.Shards)
	return err == nil && slices.Contains(shards, shard)
}

// without is the array less the tasks of some of its indices.
func (a *Array) without(indices []int) (Array, error) {
	shards, err := experiment.ParseIndices(a.Shards)
	if err != nil {
		return Array{}, fmt.Errorf("the submission of %s: %w", a.ID, err)
	}
	var left []int
	for i, shard := range shards {
		if !slices.Contains(indices, i) {
			left = append(left, shard)
		}
	}
	return NewArray(a.ID, left), nil
}

// Run runs a scheduler's command and returns what it prints.
func Run(ctx context.Context, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%s is not on the PATH: this machine submits no jobs to %s", words[0], owner(words[0]))
	case err != nil && ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, strings.TrimSpace(errs.String()+out.String()))
	}
	return out.String(), nil
}

func owner(tool string) string {
	switch tool {
	case "kubectl":
		return "Kubernetes"
	case "aws":
		return "AWS Batch"
	}
	return "Slurm"
}

// Refuse is an error if an option of the scheduler's is among those, each with
// what is said of it, that are made by the program.
func Refuse(site []string, made map[string]string) error {
	for _, option := range site {
		name, _, _ := strings.Cut(option, "=")
		for own, why := range made {
			short := len(own) == 2 && strings.HasPrefix(option, own) && !strings.HasPrefix(option, "--")
			if name == own || short {
				return fmt.Errorf("%s: %s", option, why)
			}
		}
	}
	return nil
}
