// Command idleshift runs a region of small manufacturers that own lumpy
// capacity and says what each form of cooperation between them gains.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(40) // days allocate next to nothing: less memory costs no time
	}
	os.Exit(process())
}

// process is the whole program; a first interrupt asks it to stop, a second
// ends it at once.
func process() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
