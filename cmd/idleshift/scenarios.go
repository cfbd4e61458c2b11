package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"idleshift/metrics/store"
	"idleshift/scenarios"
)

func (p *program) scenariosCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scenarios",
		Short: "List, show and begin scenarios",
		Example: `  idleshift scenarios list
  idleshift scenarios show vignettes
  idleshift scenarios new region.toml`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(p.scenariosList(), p.scenariosShow(), p.scenariosNew())
	return cmd
}

func (p *program) scenariosList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the shipped scenarios",
		Example: "  idleshift scenarios list",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			shipped, err := scenarios.Names()
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
			for _, s := range shipped {
				fmt.Fprintf(w, "%s\t%s\n", s.Name, s.Title)
			}
			return w.Flush()
		},
	}
}

func (p *program) scenariosShow() *cobra.Command {
	var c choice
	var full bool
	cmd := &cobra.Command{
		Use:   "show [scenario]",
		Short: "Print a scenario",
		Long: `show prints a shipped scenario as it was written, with the source of every
value beside it. With --full it prints any scenario as it would run: every key,
after what it extends and after --set.`,
		Example: `  idleshift scenarios show pocket
  idleshift scenarios show region.toml --full`,
		RunE: func(_ *cobra.Command, args []string) error {
			sc, err := c.load(args)
			if err != nil {
				return err
			}
			var text []byte
			switch {
			case full:
				text, err = scenarios.Canonical(sc)
			case len(c.set) > 0 || c.given("seed"):
				return badInputf("--set and --seed show in the scenario as it would run: add --full")
			default:
				text, err = written(c.name)
			}
			if err != nil {
				return err
			}
			_, err = p.out.Write(text)
			return err
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&full, "full", false, "every key, as it would run")
	return cmd
}

// written is the text of a scenario that loads: shipped, or a file.
func written(name string) ([]byte, error) {
	if text, err := scenarios.Source(name); err == nil {
		return []byte(text), nil
	}
	return os.ReadFile(name)
}

func (p *program) scenariosNew() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a commented scenario to begin with",
		Long: `new writes the commented template, or another shipped scenario, to NAME.toml (or
to NAME, if it ends so already). It runs as it is, and is made to be changed. A
file that exists is never overwritten.`,
		Example: `  idleshift scenarios new region.toml
  idleshift scenarios new region.toml --from vignettes
  idleshift run region.toml`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := scenarios.Source(from)
			if err != nil {
				return badInput{err}
			}
			return p.begin(args[0], text, "run it with", "idleshift", "run")
		},
	}
	cmd.Flags().StringVar(&from, "from", "template", "shipped scenario to copy")
	complete(cmd, "from", scenarioArgument)
	return cmd
}

// begin writes a file to begin with, unless it exists, and says what to do with
// it: a command that takes its path.
func (p *program) begin(name, text, todo string, words ...string) error {
	path := name
	if !strings.HasSuffix(path, ".toml") {
		path += ".toml"
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return badInputf("%s exists and is left as it is: choose another name", path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return badInputf("%s cannot be written: there is no folder %s", path, filepath.Dir(path))
	}
	if err != nil {
		return store.Unwritable(err, path)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(path)
		return store.Unwritable(err, path)
	}
	_, err = fmt.Fprintf(p.out, "wrote %s; %s\n  %s\n", path, todo, command(append(words, path)...))
	return err
}
