package main

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"idleshift/metrics/moments"
	"idleshift/metrics/store"
)

// journalFlags are those of commands that keep every run in a journal.
type journalFlags struct {
	out       string
	workers   int
	overwrite bool
	json      bool
	quiet     bool
}

func (f *journalFlags) flags(cmd *cobra.Command, out string) {
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", out)
	flags.IntVar(&f.workers, "workers", 0, "cores to use: for replicates first, then for the regimes of one (default all)")
	flags.BoolVar(&f.overwrite, "overwrite", false, "start anew where the folder holds runs for something else or of another version")
	flags.BoolVar(&f.json, "json", false, "print the result as JSON")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but the result")
}

// journal opens the journal in the folder.
func (p *program) journal(f *journalFlags, suite *moments.Suite) (*moments.Journal, error) {
	journal, err := moments.OpenJournal(filepath.Join(f.out, "journal.jsonl"), p.version, suite, f.overwrite)
	if errors.Is(err, moments.ErrRefused) {
		return nil, badInput{err}
	}
	return journal, store.Unwritable(err, f.out)
}

// kept is an interrupt that the journal makes good.
func (p *program) kept(f *journalFlags) error {
	return p.interrupted("what was run is kept in %s", f.out)
}
