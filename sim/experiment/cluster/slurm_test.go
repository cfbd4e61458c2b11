package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSlurmWork runs the script of a task with a Slurm of shell scripts. A
// failure means that a task which is stopped before its time limit is not done
// again, or one that somebody cancelled is, or that an error goes unnoticed.
func TestSlurmWork(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	const patient = `sh -c 'trap "sleep 0.2; touch kept; exit 130" TERM; touch begun; while :; do sleep 0.05; done'`
	const finishing = `sh -c 'trap "exit 0" TERM; touch begun; while :; do sleep 0.05; done'`
	for _, c := range []struct {
		name, work, state, restarts string
		stop                        bool // with SIGTERM, once begun
		code                        int
		requeued, kept              bool
	}{
		{name: "done", work: "sh -c 'exit 0'"},
		{name: "failed", work: "sh -c 'exit 2'", code: 2},
		{name: "interrupted by itself", work: "sh -c 'exit 130'", state: "RUNNING", code: 130},
		{name: "time is up", work: patient, state: "RUNNING", stop: true, code: 130, requeued: true, kept: true},
		{name: "time is up, but done", work: finishing, state: "RUNNING", stop: true},
		{name: "cancelled", work: patient, state: "CANCELLED", stop: true, code: 130, kept: true},
		{name: "time is up once too often", work: patient, state: "RUNNING", restarts: fmt.Sprint(mostRestarts), stop: true, code: 1, kept: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			put("squeue", "#!/bin/sh\necho "+c.state+"\n")
			put("scontrol", "#!/bin/sh\necho \"$*\" >requeued\n")
			put("work.sh", slurmWork(c.work))
			cmd := exec.Command(shell, "work.sh")
			var out bytes.Buffer
			cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
			cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"),
				"SLURM_JOB_ID=12", "SLURM_ARRAY_JOB_ID=10", "SLURM_ARRAY_TASK_ID=2", "SLURM_RESTART_COUNT="+c.restarts)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if c.stop {
				for !exists(dir, "begun") {
					time.Sleep(5 * time.Millisecond)
				}
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
			code := 0
			var exit *exec.ExitError
			if err := cmd.Wait(); errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != c.code || exists(dir, "requeued") != c.requeued || exists(dir, "kept") != c.kept {
				t.Errorf("exit code %d, requeued %v, kept %v; want %d, %v, %v\n%s",
					code, exists(dir, "requeued"), exists(dir, "kept"), c.code, c.requeued, c.kept, out.String())
			}
			if c.requeued {
				asked, err := os.ReadFile(filepath.Join(dir, "requeued"))
				if err != nil || strings.TrimSpace(string(asked)) != "requeue 12" {
					t.Errorf("scontrol was asked to %q, %v", asked, err)
				}
			}
		})
	}
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}
