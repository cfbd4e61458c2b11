package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
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
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"code": code, "interrupt": interrupt},
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
