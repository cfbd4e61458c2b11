package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"idleshift": main})
}

// TestScripts runs the command line as users do. The scripts may also use
//
//	code N program args...             exits with code N
//	interrupt MS DIR program args...   is interrupted MS milliseconds after its first job began in DIR
//	[permissions]                      holds where the system keeps to them: not for root
//	killed N DIR WHOLE program args... is killed at N random moments (or $KILLS), and always makes WHOLE of DIR
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"code": code, "interrupt": interrupt, "killed": killed},
		Condition: func(cond string) (bool, error) {
			if cond != "permissions" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return os.Geteuid() > 0, nil // -1 on Windows
		},
	})
}

func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitCode(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Fatalf("%v", err)
	return -1
}

func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt MS DIR program args...")
	}
	after, err := strconv.Atoi(args[0])
	ts.Check(err)
	begun := filepath.Join(ts.MkAbs(args[1]), ".chunks", "[0-9]*.tmp")
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	out, err := os.Create(ts.MkAbs("interrupted.txt"))
	ts.Check(err)
	defer out.Close()
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), out, out
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		found, err := filepath.Glob(begun)
		ts.Check(err)
		if len(found) > 0 {
			break
		}
		select {
		case err := <-ended:
			ts.Fatalf("it ended before it was interrupted: %v\n%s", err, ts.ReadFile("interrupted.txt"))
		case <-time.After(time.Millisecond):
		}
	}
	time.Sleep(time.Duration(after) * time.Millisecond)
	ts.Check(cmd.Process.Signal(os.Interrupt))
	if got := exitCode(ts, <-ended); got != exitInterrupted {
		ts.Fatalf("exit code %d, want %d\n%s", got, exitInterrupted, ts.ReadFile("interrupted.txt"))
	}
}

// killed runs a program that makes the folder DIR, kills it (SIGKILL) at a
// random moment, and again, and again; whenever it comes to its end, DIR must
// hold what WHOLE does, to the byte, and it starts afresh.
func killed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: killed N DIR WHOLE program args...")
	}
	n, err := strconv.Atoi(cmp.Or(os.Getenv("KILLS"), args[0]))
	ts.Check(err)
	dir, whole := ts.MkAbs(args[1]), ts.MkAbs(args[2])
	path, err := exec.LookPath(args[3])
	ts.Check(err)
	began := time.Now()
	ts.Check(ts.Exec(args[3], args[4:]...))
	long := time.Since(began) // all of it, from the start to the end
	compareFolders(ts, dir, whole)
	ends, kills := 0, 0
	for kills < n {
		cmd := exec.Command(path, args[4:]...)
		cmd.Dir = ts.MkAbs(".")
		ts.Check(cmd.Start())
		// shorter than all of it, so that it is often killed again while it goes on
		timer := time.AfterFunc(time.Duration(rand.Float64()*0.7*float64(long)), func() { cmd.Process.Kill() })
		err := cmd.Wait()
		switch died := timer.Stop(); {
		case err == nil:
			compareFolders(ts, dir, whole)
			ts.Check(os.RemoveAll(dir))
			ends++
		case died:
			ts.Fatalf("it failed by itself: %v", err)
		default:
			kills++
		}
	}
	ts.Check(ts.Exec(args[3], args[4:]...))
	compareFolders(ts, dir, whole)
	ts.Logf("%d kills, %d complete sweeps", kills, ends+2)
}

func compareFolders(ts *testscript.TestScript, got, want string) {
	names := func(dir string) (names []string) {
		entries, err := os.ReadDir(dir)
		ts.Check(err)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	files := names(want)
	if found := names(got); !slices.Equal(found, files) {
		ts.Fatalf("%s holds %v, %s %v", got, found, want, files)
	}
	for _, name := range files {
		a, err := os.ReadFile(filepath.Join(got, name))
		ts.Check(err)
		b, err := os.ReadFile(filepath.Join(want, name))
		ts.Check(err)
		if !bytes.Equal(a, b) {
			ts.Fatalf("%s differs from the one in %s", filepath.Join(got, name), want)
		}
	}
}
