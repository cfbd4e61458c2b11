package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"idleshift/metrics"
	"idleshift/metrics/store"
	"idleshift/sim/experiment"
	"idleshift/sim/experiment/cluster"
)

// jobsName is the folder, in that of a sweep, of what schedulers are given.
const jobsName = "jobs"

// fewShards is how many a sweep is divided into unless told otherwise: enough
// to keep a small cluster busy to the end, few enough that each takes long
// beside what it costs to start.
const fewShards = 64

var engines = []string{"slurm"}

// submitFlags say how a sweep is handed to a scheduler.
type submitFlags struct {
	dir         string
	engine      string
	shards      int
	atOnce      int
	maxFailures int
	dryRun      bool
	site        []string // options for the scheduler, after --
}

func (p *program) sweepSubmitCommand() *cobra.Command {
	var f submitFlags
	cmd := &cobra.Command{
		Use:   "submit --engine ENGINE [-- OPTIONS]",
		Short: "Hand a planned sweep to a scheduler: a job array, and the merge after it",
		Long: `submit hands what is missing of a planned sweep to a scheduler. The folder of the
sweep must be one that all nodes see.

slurm: writes the scripts of a job array and of the merge that depends on it into
the folder jobs of the sweep, beside a copy of this program, and submits both.
Words after -- are options of sbatch for both: partition, account, time, memory,
--cpus-per-task for the workers of a shard. A task whose node is lost, or whose
time is nearly up, keeps what it has finished and is queued again. A shard that
fails takes the merge with it; the same command then sends the shards with
missing runs that are not in the queue, and a new merge.`,
		Example: `  idleshift sweep submit --dir results/thick --engine slurm --dry-run
  idleshift sweep submit --dir results/thick --engine slurm --shards 200 --at-once 50 -- --partition=short --time=2:00:00`,
		Args: func(cmd *cobra.Command, args []string) error {
			if dash := cmd.ArgsLenAtDash(); len(args) > 0 && dash != 0 {
				return fmt.Errorf("unexpected %q: options of the scheduler stand after --", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.site = args
			switch {
			case f.engine == "":
				return badInputf("name the scheduler with --engine: %s", strings.Join(engines, ", "))
			case !slices.Contains(engines, f.engine):
				return badInput{metrics.Unknown("engine", f.engine, engines)}
			case f.shards < 0:
				return badInputf("--shards %d: must be 1 or more", f.shards)
			case f.atOnce < 0:
				return badInputf("--at-once %d: must be 0 (as many as the cluster allows) or more", f.atOnce)
			case f.maxFailures < 0:
				return badInputf("--max-failures %d: must be 0 or more", f.maxFailures)
			}
			data, err := p.resume(f.dir)
			if err != nil {
				return err
			}
			if data.Complete() {
				p.say(false, "%s stands complete: nothing was submitted", f.dir)
				return nil
			}
			return p.submitSlurm(cmd.Context(), data, &f)
		},
	}
	dirFlag(cmd, &f.dir)
	flags := cmd.Flags()
	flags.StringVar(&f.engine, "engine", "", "scheduler: "+strings.Join(engines, ", "))
	flags.IntVar(&f.shards, "shards", 0, fmt.Sprintf("parts that the runs are divided into (default those of the last submission, or %d, if there are as many runs)", fewShards))
	flags.IntVar(&f.atOnce, "at-once", 0, "most tasks of the array that run at a time (default as many as the cluster allows)")
	flags.IntVar(&f.maxFailures, "max-failures", 100, "stop a shard when more runs than this have failed")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be written and submitted, and do neither")
	return cmd
}

// A submission is what was sent to Slurm for a sweep.
type submission struct {
	Shards int      `json:"shards"`
	Arrays []string `json:"arrays"` // ids of jobs, the newest last
	Merge  string   `json:"merge"`  // id of the job, none if it was not submitted
}

const submissionName = "slurm.json"

// assumedTasks is Slurm's own default, for a dry run where no Slurm answers.
const assumedTasks = 1001

func (p *program) submitSlurm(ctx context.Context, data *store.Store, f *submitFlags) error {
	for _, option := range f.site {
		name, _, _ := strings.Cut(option, "=")
		switch {
		case name == "--array" || strings.HasPrefix(name, "-a"):
			return badInputf("%s: the array is made by submit; see --shards and --at-once", option)
		case name == "--dependency" || strings.HasPrefix(name, "-d"):
			return badInputf("%s: the merge depends on the array, and the array on nothing", option)
		case name == "--wrap":
			return badInputf("%s: what the jobs run is the program", option)
		}
	}
	folder, err := filepath.Abs(filepath.Join(f.dir, jobsName))
	if err != nil {
		return err
	}
	most, err := cluster.SlurmMostTasks(ctx)
	var queue cluster.SlurmQueue
	switch {
	case err != nil && ctx.Err() == nil && f.dryRun:
		most = assumedTasks
		p.say(false, "%v\nfor this dry run it may have arrays of %s tasks, and nothing is in the queue", err, thousands(most))
	case err != nil:
		return err
	default:
		if queue, err = cluster.SlurmQueued(ctx); err != nil {
			return err
		}
	}
	last, err := readSubmission(filepath.Join(folder, submissionName))
	if err != nil {
		return err
	}
	last.Arrays = slices.DeleteFunc(last.Arrays, func(id string) bool { return len(queue[id]) == 0 })
	if _, queued := queue[last.Merge]; !queued {
		last.Merge = ""
	}
	shards, err := f.count(data, last, most)
	if err != nil {
		return err
	}
	todo := unfinished(data, shards)
	left := len(todo)
	for _, id := range last.Arrays {
		todo = slices.DeleteFunc(todo, func(i int) bool { return slices.Contains(queue[id], i) })
	}
	if len(todo) == 0 && last.Merge != "" {
		p.say(false, "nothing to submit: what is missing is in the queue (%s)", strings.Join(append(last.Arrays, last.Merge), ", "))
		return nil
	}
	s := &slurmJobs{program: p, flags: f, folder: folder, dir: filepath.Dir(folder), sent: last}
	s.sent.Shards = shards
	if err := s.write(); err != nil {
		return err
	}
	if err := s.submit(ctx, todo); err != nil {
		return err
	}
	if f.dryRun {
		return nil
	}
	switch waiting := left - len(todo); {
	case left == 0:
		p.say(false, "all runs are finished: submitted the merge as job %s", s.sent.Merge)
	case len(todo) == 0:
		p.say(false, "what is missing is in the queue already (%s): submitted the merge as job %s", strings.Join(s.sent.Arrays, ", "), s.sent.Merge)
	case waiting > 0:
		p.say(false, "submitted %s of %d, and the merge as job %s; %s still in the queue",
			count(len(todo), "shard", "shards"), shards, s.sent.Merge, count(waiting, "shard is", "shards are"))
	default:
		p.say(false, "submitted %s of %d as job %s, and the merge as job %s", count(len(todo), "shard", "shards"), shards, s.sent.Arrays[len(s.sent.Arrays)-1], s.sent.Merge)
	}
	p.say(false, "what they print is in %s; to see how far they are:\n  %s", folder, command("idleshift", "sweep", "status", "--dir", f.dir))
	return nil
}

// count is the number of shards.
func (f *submitFlags) count(data *store.Store, last submission, most int) (int, error) {
	switch {
	case len(last.Arrays) > 0 && f.shards > 0 && f.shards != last.Shards:
		return 0, badInputf("--shards %d: shards of another division, into %d, are in the queue (job %s); cancel them, or leave --shards out",
			f.shards, last.Shards, strings.Join(last.Arrays, ", "))
	case f.shards > most:
		return 0, badInputf("--shards %d: an array of this cluster may have %s tasks (MaxArraySize in scontrol show config)", f.shards, thousands(most))
	case f.shards > 0:
		return f.shards, nil
	case last.Shards > 0 && (len(last.Arrays) > 0 || last.Shards <= most):
		return last.Shards, nil
	}
	return min(fewShards, data.Jobs(), most), nil
}

// unfinished are the shards, from 0, with runs that are missing.
func unfinished(data *store.Store, shards int) (todo []int) {
	for i := range shards {
		if missing(data, experiment.Shard{Index: i, Count: shards}) > 0 {
			todo = append(todo, i)
		}
	}
	return todo
}

func readSubmission(path string) (s submission, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		return s, fmt.Errorf("%s, which says what was submitted: %w", path, err)
	}
	return s, nil
}

// slurmJobs are the jobs of a sweep on their way to Slurm.
type slurmJobs struct {
	*program
	flags  *submitFlags
	folder string // of the scripts, absolute
	dir    string // of the sweep, absolute
	sent   submission
}

const (
	workScript  = "slurm-work.sh"
	mergeScript = "slurm-merge.sh"
)

// write puts the program and the scripts into the folder.
func (s *slurmJobs) write() error {
	own, name, err := ownCopy()
	if err != nil {
		return err
	}
	to := filepath.Join(s.folder, name)
	work := command(to, "sweep", "work", "--dir", s.dir, "--shard", "auto/"+strconv.Itoa(s.sent.Shards), "--max-failures", strconv.Itoa(s.flags.maxFailures)) +
		` --workers "${SLURM_CPUS_PER_TASK:-1}"`
	scripts := []struct{ name, text string }{
		{workScript, cluster.SlurmWork(work, exitInterrupted)},
		{mergeScript, cluster.SlurmMerge(command(to, "sweep", "merge", "--dir", s.dir))},
	}
	if s.flags.dryRun {
		for _, script := range scripts {
			fmt.Fprintf(s.out, "== %s\n%s\n", filepath.Join(s.folder, script.name), script.text)
		}
		return nil
	}
	if _, err := os.Stat(to); err != nil {
		if err := store.WriteFile(to, own); err != nil {
			return err
		}
	}
	if err := os.Chmod(to, 0o755); err != nil {
		return err
	}
	for _, script := range scripts {
		if err := store.WriteFile(filepath.Join(s.folder, script.name), []byte(script.text)); err != nil {
			return err
		}
	}
	return nil
}

// ownCopy is the program's own file, and a name for a copy: jobs may start long
// after this file was built anew or, by go run, taken away.
func ownCopy() (text []byte, name string, err error) {
	path, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	if text, err = os.ReadFile(path); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(text)
	return text, filepath.Join("program-"+hex.EncodeToString(sum[:6]), "idleshift"), nil
}

// submit sends the shards, and the merge after them. What was sent is written
// down at once, so that nothing is sent twice.
func (s *slurmJobs) submit(ctx context.Context, todo []int) error {
	before := slices.Clone(s.sent.Arrays)
	var after []string
	if len(todo) > 0 {
		id, err := s.sbatch(ctx, "ARRAY", workScript, "slurm-%A_%a.log", "--array="+cluster.SlurmArray(todo, s.flags.atOnce))
		if err != nil {
			return err
		}
		after = append(after, "afterok:"+id)
		s.sent.Arrays = append(s.sent.Arrays, id)
		s.sent.Merge = ""
		if err := s.record(); err != nil {
			return err
		}
	}
	for _, id := range before {
		after = append(after, "afterany:"+id) // what failed of it may be in the new array
	}
	var options []string
	if len(after) > 0 {
		options = []string{"--dependency=" + strings.Join(after, ","), "--kill-on-invalid-dep=yes"}
	}
	id, err := s.sbatch(ctx, "MERGE", mergeScript, "slurm-%j-merge.log", options...)
	if err != nil {
		if len(s.sent.Arrays) > 0 {
			err = fmt.Errorf("%w\nthe array is submitted, as job %s; the same command submits the merge", err, strings.Join(s.sent.Arrays, ", "))
		}
		return err
	}
	s.sent.Merge = id
	return s.record()
}

func (s *slurmJobs) record() error {
	if s.flags.dryRun {
		return nil
	}
	return store.WriteJSON(filepath.Join(s.folder, submissionName), s.sent)
}

// sbatch submits a script. A dry run prints the command, and has placeholder
// for the job's id.
func (s *slurmJobs) sbatch(ctx context.Context, placeholder, script, log string, options ...string) (string, error) {
	output := filepath.Join(strings.ReplaceAll(s.folder, "%", "%%"), log)
	words := slices.Concat([]string{"sbatch", "--parsable", "--output=" + output}, options, s.flags.site, []string{filepath.Join(s.folder, script)})
	if s.flags.dryRun {
		fmt.Fprintln(s.out, command(words...))
		return placeholder, nil
	}
	return cluster.SlurmSubmit(ctx, words)
}
