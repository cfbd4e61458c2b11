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
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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

const (
	slurm      = "slurm"
	kubernetes = "kubernetes"
	awsBatch   = "awsbatch"
)

var engines = []string{slurm, kubernetes, awsBatch}

// submitFlags say how a sweep is handed to a scheduler.
type submitFlags struct {
	dir         string
	engine      string
	shards      int
	atOnce      int
	maxFailures int
	dryRun      bool
	container   cluster.Container
	program     string
	patch       string
	queue       string
	site        []string // options for the scheduler, after --
	changed     func(flag string) bool
}

func (p *program) sweepSubmitCommand() *cobra.Command {
	var f submitFlags
	cmd := &cobra.Command{
		Use:   "submit --engine ENGINE [-- OPTIONS]",
		Short: "Hand a planned sweep to a scheduler: a job array, and the merge after it",
		Long: `submit hands what is missing of a planned sweep to a scheduler. The folder of the
sweep must be one that all nodes see. It writes what the jobs are made of into
the folder jobs of the sweep, and submits the array and the merge after it. A
task whose node is lost keeps what it has finished and is begun again. The same
command then sends the shards with missing runs that are not in the queue, and a
merge if none waits. --dry-run prints all of that and does nothing.

slurm: nodes see the folder by the same path as this machine, and run a copy of
this program that is laid beside the scripts. A task whose time is nearly up goes
back to the queue, too. A shard that fails takes the merge with it. Words after --
are options of sbatch for both jobs: partition, account, time, memory,
--cpus-per-task for the workers of a shard.

kubernetes: an Indexed Job, and a Job whose pod waits until nothing is missing.
The folder lies on a persistent volume that many nodes may write to: --volume is
its claim, and --mount where this machine has it, which is where pods get it. They
run as the user who submits. Words after -- are options of kubectl: --namespace,
--context.

awsbatch: an array job, and the merge that depends on it. The folder lies on an EFS
file system (--volume fs-...), mounted like this machine's (--mount). Words after
-- are options of the AWS CLI: --region, --profile.

The last two run a copy of this program from the folder, in any image that has
Linux and its C library, or with --program that of an image. What else a site needs,
such as tolerations, roles or networks, stands in a JSON file that --patch merges
into both jobs (kubernetes) or into the job definition (awsbatch), by RFC 7396.`,
		Example: `  idleshift sweep submit --dir results/thick --engine slurm --dry-run
  idleshift sweep submit --dir results/thick --engine slurm --shards 200 --at-once 50 -- --partition=short --time=2:00:00
  idleshift sweep submit --dir /shared/thick --engine kubernetes --volume results --mount /shared --cpus 4 -- --namespace=science
  idleshift sweep submit --dir /efs/thick --engine awsbatch --volume fs-0123abcd --mount /efs --queue spot`,
		Args: func(cmd *cobra.Command, args []string) error {
			if dash := cmd.ArgsLenAtDash(); len(args) > 0 && dash != 0 {
				return fmt.Errorf("unexpected %q: options of the scheduler stand after --", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.site, f.changed = args, cmd.Flags().Changed
			if err := f.check(); err != nil {
				return err
			}
			data, err := p.resume(f.dir)
			if err != nil {
				return err
			}
			if data.Complete() {
				p.say(false, "%s stands complete: nothing was submitted", f.dir)
				return nil
			}
			return p.submit(cmd.Context(), data, &f)
		},
	}
	dirFlag(cmd, &f.dir)
	flags := cmd.Flags()
	flags.StringVar(&f.engine, "engine", "", "scheduler: "+strings.Join(engines, ", "))
	flags.IntVar(&f.shards, "shards", 0, fmt.Sprintf("parts that the runs are divided into (default those of the last submission, or %d, if there are as many runs)", fewShards))
	flags.IntVar(&f.atOnce, "at-once", 0, "most tasks of the array that run at a time (default as many as the cluster allows; slurm, kubernetes)")
	flags.IntVar(&f.maxFailures, "max-failures", 100, "stop a shard when more runs than this have failed")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be written and submitted, and do neither")
	c := &f.container
	flags.StringVar(&c.Volume, "volume", "", "what the folder lies on, `NAME[:FOLDER]`: a persistent volume claim (kubernetes) or an EFS file system (awsbatch)")
	flags.StringVar(&c.Mount, "mount", "", "`folder` where this machine has the volume, and where tasks get it")
	flags.StringVar(&c.Image, "image", "debian:stable-slim", "container image that tasks run in (kubernetes, awsbatch)")
	flags.StringVar(&f.program, "program", "", "the program inside the image, of this version (default a copy of this one in the folder)")
	flags.IntVar(&c.CPUs, "cpus", 1, "processors of a task, and its workers (kubernetes, awsbatch)")
	flags.IntVar(&c.Memory, "memory", 0, "`MiB` of a task (default 2048 for each processor; kubernetes, awsbatch)")
	flags.StringVar(&f.patch, "patch", "", "JSON `file` that is merged into the manifests (kubernetes, awsbatch)")
	flags.StringVar(&f.queue, "queue", "", "job queue (awsbatch)")
	_ = cmd.MarkFlagDirname("mount") // fails only where there is no such flag
	return cmd
}

// check finds what is wrong before anything is read.
func (f *submitFlags) check() error {
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
	case f.engine == awsBatch && f.atOnce > 0:
		return badInputf("--at-once: AWS Batch runs as many as the compute environment of the queue has room for")
	case f.engine != awsBatch && f.changed("queue"):
		return badInputf("--queue is for awsbatch%s", map[string]string{slurm: "; with slurm say -- --partition=" + f.queue}[f.engine])
	}
	if f.engine == slurm {
		for _, name := range []string{"volume", "mount", "image", "program", "cpus", "memory", "patch"} {
			if f.changed(name) {
				return badInputf("--%s is for kubernetes and awsbatch; what slurm needs stands after --", name)
			}
		}
		return nil
	}
	c := &f.container
	switch {
	case c.Volume == "":
		return badInputf("say with --volume what the folder lies on: a persistent volume claim (kubernetes), an EFS file system (awsbatch)")
	case c.Mount == "":
		return badInputf("say with --mount where this machine has the volume %s: that is where tasks get it", c.Volume)
	case c.Image == "":
		return badInputf("name the image with --image")
	case f.engine == awsBatch && f.queue == "":
		return badInputf("name the job queue with --queue")
	case c.CPUs < 1:
		return badInputf("--cpus %d: must be 1 or more", c.CPUs)
	case c.Memory < 0:
		return badInputf("--memory %d: must be 1 MiB or more", c.Memory)
	case f.program == "" && runtime.GOOS != "linux":
		return badInputf("this program is for %s, and tasks run on Linux: name an image that has it of this version, with --image, and the program inside with --program", runtime.GOOS)
	}
	return f.fill()
}

// memoryPerCPU is enough for the largest shipped scenario, and what Fargate has
// at least, MiB.
const memoryPerCPU = 2048

// fill adds what flags leave out.
func (f *submitFlags) fill() error {
	c := &f.container
	if c.Memory == 0 {
		c.Memory = memoryPerCPU * c.CPUs
	}
	c.UID, c.GID = os.Getuid(), os.Getgid()
	c.Native = f.program == ""
	mount, err := filepath.Abs(c.Mount)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(f.dir)
	if err != nil {
		return err
	}
	if below, err := filepath.Rel(mount, dir); f.dir != "" && (err != nil || !filepath.IsLocal(below)) {
		return badInputf("--mount %s: the folder of the sweep, %s, does not lie in it", c.Mount, dir)
	}
	c.Mount = mount
	if f.patch == "" {
		return nil
	}
	text, err := os.ReadFile(f.patch)
	if err != nil {
		return badInput{err}
	}
	if err := json.Unmarshal(text, &c.Patch); err != nil {
		return badInputf("--patch %s: must be an object of JSON: %w", f.patch, err)
	}
	return nil
}

// scheduler is the engine, which makes its own some options of its commands.
func (f *submitFlags) scheduler() (cluster.Scheduler, error) {
	own := map[string]map[string]string{slurm: cluster.SlurmOwn, kubernetes: cluster.KubernetesOwn, awsBatch: cluster.AWSOwn}
	if err := cluster.Refuse(f.site, own[f.engine]); err != nil {
		return nil, badInput{err}
	}
	switch f.engine {
	case kubernetes:
		return &cluster.Kubernetes{Container: f.container, Site: f.site}, nil
	case awsBatch:
		return &cluster.AWSBatch{Container: f.container, Queue: f.queue, Site: f.site}, nil
	}
	return cluster.Slurm{Command: command, Site: f.site}, nil
}

// A handover is a sweep on its way to a scheduler.
type handover struct {
	*program
	cluster.Scheduler
	flags *submitFlags
	sweep cluster.Sweep
	sent  cluster.Submission
}

func (p *program) submit(ctx context.Context, data *store.Store, f *submitFlags) error {
	scheduler, err := f.scheduler()
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(filepath.Join(f.dir, jobsName))
	if err != nil {
		return err
	}
	h := &handover{program: p, Scheduler: scheduler, flags: f}
	h.sweep = cluster.Sweep{Folder: folder, Dir: filepath.Dir(folder), Program: f.program, AtOnce: f.atOnce, Failing: f.maxFailures}
	if err := h.recall(); err != nil {
		return err
	}
	most, err := h.ask(ctx)
	if err != nil {
		return err
	}
	shards, err := f.count(data, h.sent, most)
	if err != nil {
		return err
	}
	todo := unfinished(data, shards)
	left := len(todo)
	for _, a := range h.sent.Arrays {
		todo = slices.DeleteFunc(todo, a.Has)
	}
	if len(todo) == 0 && h.sent.Merge != "" {
		p.say(false, "nothing to submit: what is missing is in the queue (%s)", strings.Join(h.sent.IDs(), ", "))
		return nil
	}
	h.sweep.Shards, h.sent.Shards = shards, shards
	h.sent.Times++
	h.sweep.Name = jobName(h.sweep.Dir, data.Manifest().Plan, h.sent.Times)
	if err := h.copyProgram(); err != nil {
		return err
	}
	if err := h.byHand(todo); err != nil {
		return err
	}
	if err := h.send(ctx, todo); err != nil || f.dryRun {
		return err
	}
	switch waiting := left - len(todo); {
	case left == 0:
		p.say(false, "all runs are finished: submitted the merge as job %s", h.sent.Merge)
	case len(todo) == 0:
		p.say(false, "what is missing is in the queue already (%s): submitted the merge as job %s", strings.Join(cluster.IDs(h.sent.Arrays), ", "), h.sent.Merge)
	case waiting > 0:
		p.say(false, "submitted %s of %d, and the merge as job %s; %s still in the queue",
			count(len(todo), "shard", "shards"), shards, h.sent.Merge, count(waiting, "shard is", "shards are"))
	default:
		p.say(false, "submitted %s of %d as job %s, and the merge as job %s", count(len(todo), "shard", "shards"), shards, h.sent.Arrays[len(h.sent.Arrays)-1].ID, h.sent.Merge)
	}
	p.say(false, "what they are made of is in %s; to see how far they are:\n  %s", folder, command("idleshift", "sweep", "status", "--dir", f.dir))
	return nil
}

// jobName is what the jobs of a submission are called, by the rules of all
// schedulers; it tells sweeps and submissions apart.
func jobName(dir, plan string, times int) string {
	const most = 24
	base := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return '-'
	}, filepath.Base(dir))
	return fmt.Sprintf("idleshift-%s-%s-%d", strings.Trim(base[:min(most, len(base))], "-"), plan[:8], times)
}

// recall reads what was submitted before.
func (h *handover) recall() error {
	path := h.record()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, &h.sent)
	}
	if err != nil {
		return fmt.Errorf("%s, which says what was submitted: %w", path, err)
	}
	return nil
}

func (h *handover) record() string { return filepath.Join(h.sweep.Folder, h.flags.engine+".json") }

// ask is how many tasks an array may have; of what was submitted it leaves
// what has not ended. A dry run does where nobody answers.
func (h *handover) ask(ctx context.Context) (int, error) {
	most, err := h.MostTasks(ctx)
	if err == nil {
		var left cluster.Submission
		if left, err = h.Queued(ctx, h.sent); err == nil {
			h.sent = left
			return most, nil
		}
	}
	if ctx.Err() != nil || !h.flags.dryRun {
		return 0, err
	}
	if most == 0 {
		most = cluster.AssumedTasks
	}
	h.sent.Arrays, h.sent.Merge = nil, ""
	h.say(false, "%v\nfor this dry run it may have arrays of %s tasks, and nothing is in the queue", err, thousands(most))
	return most, nil
}

// count is the number of shards.
func (f *submitFlags) count(data *store.Store, last cluster.Submission, most int) (int, error) {
	switch {
	case len(last.Arrays) > 0 && f.shards > 0 && f.shards != last.Shards:
		return 0, badInputf("--shards %d: shards of another division, into %d, are in the queue (job %s); cancel them, or leave --shards out",
			f.shards, last.Shards, strings.Join(cluster.IDs(last.Arrays), ", "))
	case f.shards > most && f.engine == slurm:
		return 0, badInputf("--shards %d: an array of this cluster may have %s tasks (MaxArraySize in scontrol show config)", f.shards, thousands(most))
	case f.shards > most:
		return 0, badInputf("--shards %d: an array may have %s tasks", f.shards, thousands(most))
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

// copyProgram lays this program beside the scripts, unless the jobs have one:
// they may start long after its file was built anew or, by go run, taken away.
func (h *handover) copyProgram() error {
	if h.sweep.Program != "" {
		return nil
	}
	path, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	to := filepath.Join(h.sweep.Folder, "program-"+hex.EncodeToString(sum[:6]), "idleshift")
	h.sweep.Program = to
	if h.flags.dryRun {
		return nil
	}
	if _, err := os.Stat(to); err != nil {
		if err := store.WriteFile(to, text); err != nil {
			return err
		}
	}
	return os.Chmod(to, 0o755)
}

// send submits the shards, and the merge after them. What was sent is written
// down at once, so that nothing is sent twice.
func (h *handover) send(ctx context.Context, todo []int) error {
	before := h.sent.Arrays
	id := ""
	if len(todo) > 0 {
		var err error
		if id, err = h.hand(ctx, h.Array(&h.sweep, todo), arrayHere); err != nil {
			return err
		}
		h.sent.Arrays = append(slices.Clone(before), cluster.NewArray(id, todo))
		if !h.MergeWaits() {
			h.sent.Merge = ""
		}
		if err := h.keep(); err != nil {
			return err
		}
	}
	if h.sent.Merge != "" {
		return nil
	}
	merge, err := h.hand(ctx, h.Merge(&h.sweep, id, before), mergeHere)
	if err != nil {
		if len(h.sent.Arrays) > 0 {
			err = fmt.Errorf("%w\nthe array is submitted, as job %s; the same command submits the merge", err, strings.Join(cluster.IDs(h.sent.Arrays), ", "))
		}
		return err
	}
	h.sent.Merge = merge
	return h.keep()
}

func (h *handover) keep() error {
	if h.flags.dryRun {
		return nil
	}
	return store.WriteJSON(h.record(), h.sent)
}

// byHand writes everything and says how to submit it, where the scheduler's
// command is on another machine alone.
func (h *handover) byHand(todo []int) error {
	jobs := []cluster.Job{h.Merge(&h.sweep, "", h.sent.Arrays)}
	if len(todo) > 0 {
		jobs = []cluster.Job{h.Array(&h.sweep, todo), h.Merge(&h.sweep, arrayHere, h.sent.Arrays)}
	}
	tool := jobs[0].Commands[0][0]
	if _, err := exec.LookPath(tool); err == nil || h.flags.dryRun {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s is not on the PATH, so nothing is submitted; all that it needs is in %s: where it is, give", tool, h.sweep.Folder)
	for _, job := range jobs {
		if err := h.write(job); err != nil {
			return err
		}
		for _, words := range job.Commands {
			b.WriteString("\n  " + command(words...))
		}
	}
	if h.flags.engine == awsBatch && len(todo) > 0 {
		b.WriteString("\nand put the id that the second prints into the last one's file, in place of " + arrayHere)
	}
	return errors.New(b.String())
}

// Ids of jobs that are not submitted.
const (
	arrayHere = "ARRAY"
	mergeHere = "MERGE"
)

// write puts into the folder what a job is made of. A dry run prints it.
func (h *handover) write(job cluster.Job) error {
	for _, file := range job.Files {
		path := filepath.Join(h.sweep.Folder, file.Name)
		if h.flags.dryRun {
			fmt.Fprintf(h.out, "== %s\n%s\n", path, file.Text)
		} else if err := store.WriteFile(path, []byte(file.Text)); err != nil {
			return err
		}
	}
	return nil
}

// hand writes what a job is made of and submits it. A dry run has the
// placeholder for the job's id.
func (h *handover) hand(ctx context.Context, job cluster.Job, placeholder string) (string, error) {
	if err := h.write(job); err != nil {
		return "", err
	}
	printed := ""
	for _, words := range job.Commands {
		if h.flags.dryRun {
			fmt.Fprintln(h.out, command(words...))
			continue
		}
		var err error
		if printed, err = cluster.Run(ctx, words...); err != nil {
			return "", err
		}
	}
	if h.flags.dryRun {
		return placeholder, nil
	}
	return job.ID(printed)
}
