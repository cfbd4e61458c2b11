package main

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"idleshift/metrics/verify"
)

// verifyFlags are those of verify.
type verifyFlags struct {
	workers  int
	times    int
	seed     int64
	list     bool
	json     bool
	quiet    bool
	progress bool
}

func (p *program) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [word...]",
		Short: "Check the program against what theory solves exactly",
		Long: fmt.Sprintf(`verify runs special cases of the model whose answer is known: lost sales,
pooling, correlated demand, backlogs, what may cross the line between firms,
capacity choice, matching, chains, the frictions of a deal, distance, and the
coverage of the intervals. Each is a scenario; its exact value is computed by a
formula that knows nothing of the simulation.

A case agrees if its estimate lies within %d standard errors of the exact value,
at a standard error of at most %g %% of the value (or, where the value is small,
of %g hours). If one does not, the exit code is 1.

Words choose the cases in whose section or name one of them stands. On two cores
all of them take less than two minutes. --times 25 makes the standard errors
five times smaller, and asks for it.`, verify.Sigmas, 100*verify.Precision, verify.EnoughHours),
		Example: `  idleshift verify
  idleshift verify chain "regime separator"
  idleshift verify --seed 7 --json
  idleshift verify --list`,
		RunE: func(cmd *cobra.Command, words []string) error { return p.verify(cmd.Context(), &f, words) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return verify.Sections(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.workers, "workers", 0, "replicates that run at a time (default all cores)")
	flags.IntVar(&f.times, "times", 1, "so many times the replicates")
	flags.Int64Var(&f.seed, "seed", 0, "root of all random draws (default the scenarios')")
	flags.BoolVar(&f.list, "list", false, "list the cases and what is computed, and run nothing")
	flags.BoolVar(&f.json, "json", false, "print the cases as JSON")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print only cases that do not agree, and the count")
	flags.BoolVar(&f.progress, "progress", false, "show progress even when piped")
	return cmd
}

func (p *program) verify(ctx context.Context, f *verifyFlags, words []string) error {
	cases := verify.Matching(words)
	workers, err := workersOf(f.workers)
	switch {
	case len(cases) == 0:
		return badInputf("no case has %q in its section or name; idleshift verify --list shows them all", words)
	case err != nil:
		return err
	case f.times < 1:
		return badInputf("--times %d: must be 1 or more", f.times)
	case f.seed < 0:
		return badInputf("--seed %d: must be 0 (the scenarios') or more", f.seed)
	}
	if f.list {
		return p.listCases(cases)
	}
	effort := verify.Effort{Times: f.times, Workers: workers, Seed: f.seed}
	bar := newBar(p.err, f.progress || !f.quiet && isTerminal(p.err), int64(len(cases)), "cases")
	report, err := verify.Run(ctx, cases, effort, func() { bar.add(1) })
	bar.close()
	if err != nil {
		return err
	}
	return p.report(f, report)
}

// report prints what came of the cases; that some do not agree is an error.
func (p *program) report(f *verifyFlags, r *verify.Report) error {
	write := func() error { return r.WriteText(p.out, f.quiet) }
	if f.json {
		write = func() error { return p.writeJSON(r) }
	}
	if err := write(); err != nil {
		return err
	}
	if n := r.Cases - r.Agree; n > 0 {
		return fmt.Errorf("%d of %d cases do not agree with theory", n, r.Cases)
	}
	return nil
}

// listCases tells what is computed, without computing it.
func (p *program) listCases(cases []verify.Case) error {
	section, width := "", 0
	for i := range cases {
		width = max(width, utf8.RuneCountInString(cases[i].Name))
	}
	for i := range cases {
		c := &cases[i]
		if c.Section != section {
			section = c.Section
			fmt.Fprintln(p.out, section)
		}
		if _, err := fmt.Fprintf(p.out, "  %s%s  %s\n", c.Name, strings.Repeat(" ", width-utf8.RuneCountInString(c.Name)), c.Doc); err != nil {
			return err
		}
	}
	return nil
}
