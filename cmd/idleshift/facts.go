package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"idleshift/metrics/moments"
	"idleshift/scenarios"
)

// factsFlags are those of validate --facts.
type factsFlags struct {
	name    string
	workers int
	json    bool
	quiet   bool
}

func (f *factsFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.name, "facts", "", "run the scenario and compare it with these `facts`, shipped or a file")
	flags.IntVar(&f.workers, "workers", 0, "cores to use: for replicates first, then for the regimes of one (default all)")
	flags.BoolVar(&f.json, "json", false, "print the comparison as JSON")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but the comparison")
	complete(cmd, "facts", cobra.FixedCompletions(scenarios.Facts.Names(), cobra.ShellCompDirectiveDefault))
}

// facts holds a scenario against facts.
func (p *program) facts(ctx context.Context, c *choice, f *factsFlags, args []string) error {
	workers, err := workersOf(f.workers)
	if err != nil {
		return err
	}
	facts, err := moments.ReadFacts(f.name)
	if err != nil {
		return badInput{err}
	}
	if len(args) == 0 {
		args = []string{facts.Scenario}
	}
	c.set = slices.Concat(facts.Set, c.set)
	sc, err := c.load(args)
	if err != nil {
		return err
	}
	replicates := facts.Replicates
	if c.given("replicates") {
		replicates = sc.Replicates
	}
	line := newLine(p.err, !f.quiet)
	r := &moments.Runner{Workers: workers, Progress: func(done, all int) { line.show("%d of %d replicates", done, all) }}
	result, err := facts.Compare(ctx, sc, r, replicates)
	line.clear()
	if err != nil {
		if wrong := (scenarios.Errors)(nil); errors.As(err, &wrong) {
			return badInput{err}
		}
		return err
	}
	if f.json {
		return p.writeJSON(result)
	}
	return result.WriteText(p.out)
}

// A line shows on a terminal how far something is, in place; nil shows nothing.
type line struct {
	to   io.Writer
	long int
}

func newLine(to io.Writer, show bool) *line {
	if !show || !isTerminal(to) {
		return nil
	}
	return &line{to: to}
}

// show replaces what the line says.
func (l *line) show(format string, args ...any) {
	if l == nil {
		return
	}
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(l.to, "\r%-*s", l.long, text)
	l.long = len(text)
}

// clear takes the line away.
func (l *line) clear() {
	if l != nil && l.long > 0 {
		fmt.Fprintf(l.to, "\r%-*s\r", l.long, "")
		l.long = 0
	}
}
