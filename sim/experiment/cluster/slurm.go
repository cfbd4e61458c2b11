package cluster

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"idleshift/sim/experiment"
)

// mostRestarts ends a shard whose single runs take longer than the time limit,
// and which would be requeued for ever.
const mostRestarts = 100

// slurmWork is the script of a job array. work is the shell command that does
// the shard of the array's index.
//
// A lost node requeues its tasks by itself. A minute before the time limit the
// shell alone is told; the script passes that on, waits until what is finished
// is kept, and requeues the task. When a task is cancelled or preempted Slurm
// has decided already what becomes of it, so only a task that still counts as
// running is requeued.
func slurmWork(work string) string {
	return fmt.Sprintf(`#!/bin/sh
#SBATCH --job-name=idleshift
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@60
task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
restarts=${SLURM_RESTART_COUNT:-0}
echo "task $task on $(uname -n), restarts: $restarts"
work= asked=
trap 'asked=1; [ -z "$work" ] || kill -TERM "$work"' TERM
%s &
work=$!
[ -z "$asked" ] || kill -TERM "$work"
wait "$work"
code=$?
while kill -0 "$work" 2>/dev/null; do # a signal ends wait, not the work
	wait "$work"
	code=$?
done
if [ -n "$asked" ] && [ "$code" -eq %d ] && [ "$(squeue -h -j "$SLURM_JOB_ID" -o %%T)" = RUNNING ]; then
	if [ "$restarts" -ge %d ]; then
		echo "task $task was stopped by the time limit %[3]d times: give it more time, or use more shards" >&2
		exit 1
	fi
	echo "task $task goes back to the queue"
	scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
`, work, Interrupted, mostRestarts)
}

// slurmMerge is the script of the job after the array.
func slurmMerge(merge string) string {
	return fmt.Sprintf(`#!/bin/sh
#SBATCH --job-name=idleshift-merge
#SBATCH --requeue
#SBATCH --open-mode=append
exec %s
`, merge)
}

// Slurm is a cluster whose nodes see the folder by the same path as this
// machine.
type Slurm struct {
	// Command is the line of a shell for a command's words.
	Command func(words ...string) string
	Site    []string // options of sbatch
}

// SlurmOwn are the options of sbatch that the program makes.
var SlurmOwn = map[string]string{
	"--array": "the array is made by submit; see --shards and --at-once", "-a": "the array is made by submit; see --shards and --at-once",
	"--dependency": "the merge depends on the array, and the array on nothing", "-d": "the merge depends on the array, and the array on nothing",
	"--wrap": "what the jobs run is the program",
}

// AssumedTasks is Slurm's own default, for a dry run where no Slurm answers.
const AssumedTasks = 1001

// MostTasks asks the cluster.
func (Slurm) MostTasks(ctx context.Context) (int, error) {
	const key = "MaxArraySize"
	out, err := Run(ctx, "scontrol", "show", "config")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(name) != key {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || n < 1 {
			return 0, fmt.Errorf("scontrol show config: this cluster takes no job arrays (%s)", strings.TrimSpace(line))
		}
		return n, nil
	}
	return 0, fmt.Errorf("scontrol show config tells no %s", key)
}

// Queued asks for the user's jobs.
func (Slurm) Queued(ctx context.Context, sent Submission) (Submission, error) {
	out, err := Run(ctx, "squeue", "--me", "--noheader", "--array", "--format", "%F %K")
	if err != nil {
		return sent, err
	}
	queue := map[string][]int{} // by job the indices of an array, none for other jobs
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if len(words) != 2 {
			return sent, fmt.Errorf("squeue printed %q where a job and an index were due", line)
		}
		if _, seen := queue[words[0]]; !seen {
			queue[words[0]] = nil
		}
		if i, err := strconv.Atoi(words[1]); err == nil { // N/A where there is none
			queue[words[0]] = append(queue[words[0]], i)
		}
	}
	left := Submission{Shards: sent.Shards, Times: sent.Times}
	for _, a := range sent.Arrays {
		if shards := queue[a.ID]; len(shards) > 0 {
			slices.Sort(shards)
			left.Arrays = append(left.Arrays, NewArray(a.ID, shards))
		}
	}
	if _, waiting := queue[sent.Merge]; waiting {
		left.Merge = sent.Merge
	}
	return left, nil
}

// Array is a job array whose indices are the shards.
func (c Slurm) Array(s *Sweep, shards []int) Job {
	indices := experiment.FormatIndices(shards)
	if s.AtOnce > 0 {
		indices += "%" + strconv.Itoa(s.AtOnce)
	}
	work := c.Command(s.work("auto/"+strconv.Itoa(s.Shards))...) + ` --workers "${SLURM_CPUS_PER_TASK:-1}"`
	return c.sbatch(s, File{"slurm-work.sh", slurmWork(work)}, "slurm-%A_%a.log", "--array="+indices)
}

// Merge depends on the success of the array, and on the end of those before:
// what failed of them may be in the new one.
func (c Slurm) Merge(s *Sweep, array string, before []Array) Job {
	var after, options []string
	if array != "" {
		after = append(after, "afterok:"+array)
	}
	for _, a := range before {
		after = append(after, "afterany:"+a.ID)
	}
	if len(after) > 0 {
		options = []string{"--dependency=" + strings.Join(after, ","), "--kill-on-invalid-dep=yes"}
	}
	return c.sbatch(s, File{"slurm-merge.sh", slurmMerge(c.Command(s.merge(seen)...))}, "slurm-%j-merge.log", options...)
}

func (c Slurm) sbatch(s *Sweep, script File, log string, options ...string) Job {
	output := filepath.Join(strings.ReplaceAll(s.Folder, "%", "%%"), log)
	return Job{
		Files: []File{script},
		Commands: [][]string{
			slices.Concat([]string{"sbatch", "--parsable", "--output=" + output}, options, c.Site, []string{filepath.Join(s.Folder, script.Name)}),
		},
		ID: func(printed string) (string, error) {
			id, _, _ := strings.Cut(strings.TrimSpace(printed), ";") // the name of the cluster may follow
			if _, err := strconv.Atoi(id); err != nil {
				return "", fmt.Errorf("sbatch printed %q where the id of a job was due", printed)
			}
			return id, nil
		},
	}
}

// MergeWaits: it depends on what was submitted before it.
func (Slurm) MergeWaits() bool { return false }
