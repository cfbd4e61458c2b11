// Package cluster hands the shards of a sweep to a scheduler: it writes the
// scripts and manifests of a job array and of the merge that follows it, and
// talks to Slurm. What a shard does it leaves to a command line of the program;
// all of them share one folder, and doing work twice does no harm there.
package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// mostRestarts ends a shard whose single runs take longer than the time limit,
// and which would be requeued for ever.
const mostRestarts = 100

// SlurmWork is the script of a job array. work is the shell command that does
// the shard of the array's index, and that ends with exit code interrupted when
// SIGTERM stops it with finished runs kept.
//
// A lost node requeues its tasks by itself. A minute before the time limit the
// shell alone is told; the script passes that on, waits until what is finished
// is kept, and requeues the task. When a task is cancelled or preempted Slurm
// has decided already what becomes of it, so only a task that still counts as
// running is requeued.
func SlurmWork(work string, interrupted int) string {
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
`, work, interrupted, mostRestarts)
}

// SlurmMerge is the script of the job after the array.
func SlurmMerge(merge string) string {
	return fmt.Sprintf(`#!/bin/sh
#SBATCH --job-name=idleshift-merge
#SBATCH --requeue
#SBATCH --open-mode=append
exec %s
`, merge)
}

// SlurmArray is the array option's text for indices in ascending order, as in
// "0-3,7"; at most so many tasks run at a time, any number if that is 0.
func SlurmArray(indices []int, atOnce int) string {
	var parts []string
	for i := 0; i < len(indices); {
		last := i
		for last+1 < len(indices) && indices[last+1] == indices[last]+1 {
			last++
		}
		part := strconv.Itoa(indices[i])
		if last > i {
			part += "-" + strconv.Itoa(indices[last])
		}
		parts = append(parts, part)
		i = last + 1
	}
	text := strings.Join(parts, ",")
	if atOnce > 0 {
		text += "%" + strconv.Itoa(atOnce)
	}
	return text
}

// slurm runs one of Slurm's commands and returns what it prints.
func slurm(ctx context.Context, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%s is not on the PATH: this machine submits no jobs to Slurm", words[0])
	case err != nil && ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, strings.TrimSpace(errs.String()+out.String()))
	}
	return out.String(), nil
}

// SlurmMostTasks is how many tasks, from index 0, an array of the cluster may
// have.
func SlurmMostTasks(ctx context.Context) (int, error) {
	const key = "MaxArraySize"
	out, err := slurm(ctx, "scontrol", "show", "config")
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

// SlurmSubmit submits a job and returns its id. words is the whole command,
// sbatch with --parsable.
func SlurmSubmit(ctx context.Context, words []string) (string, error) {
	out, err := slurm(ctx, words...)
	if err != nil {
		return "", err
	}
	id, _, _ := strings.Cut(strings.TrimSpace(out), ";") // the name of the cluster may follow
	if _, err := strconv.Atoi(id); err != nil {
		return "", fmt.Errorf("%s printed %q where the id of a job was due", words[0], out)
	}
	return id, nil
}

// A SlurmQueue holds the user's jobs that have not ended: by id the indices of
// an array, or none for other jobs.
type SlurmQueue map[string][]int

// SlurmQueued asks what is in the queue, running or waiting.
func SlurmQueued(ctx context.Context) (SlurmQueue, error) {
	out, err := slurm(ctx, "squeue", "--me", "--noheader", "--array", "--format", "%F %K")
	if err != nil {
		return nil, err
	}
	queue := SlurmQueue{}
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) != 2 {
			return nil, fmt.Errorf("squeue printed %q where a job and an index were due", lines.Text())
		}
		if _, seen := queue[words[0]]; !seen {
			queue[words[0]] = nil
		}
		if i, err := strconv.Atoi(words[1]); err == nil { // N/A where there is none
			queue[words[0]] = append(queue[words[0]], i)
		}
	}
	return queue, nil
}
