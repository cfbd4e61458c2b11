package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"idleshift/metrics"
	"idleshift/metrics/store"
)

func (p *program) exportCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "export DIR [TABLE...]",
		Short: "Write tables of a dataset as CSV",
		Long: `export writes the named tables of a dataset, or all that it has, as CSV files for
a spreadsheet: into the dataset's folder, or elsewhere with --to. With --to - the
one table that is named goes to standard output.`,
		Example: `  idleshift export results/pocket
  idleshift export results/pocket runs firms --to .
  idleshift export results/pocket runs --to - | head`,
		Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return metrics.Tables, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := open(args[0])
			if err != nil {
				return err
			}
			var has []string
			for _, f := range d.Files {
				has = append(has, f.Table)
			}
			tables, err := named(args[1:], has)
			if err != nil {
				return err
			}
			if to == "-" {
				if len(tables) != 1 {
					return badInputf("--to - takes one table, not %d", len(tables))
				}
				return d.CSV(tables[0], p.out)
			}
			folder := cmp.Or(to, d.Dir)
			if err := os.MkdirAll(folder, 0o777); err != nil {
				return store.Unwritable(err, folder)
			}
			for _, table := range tables {
				path := filepath.Join(folder, table+".csv")
				if err := d.Export(table, path); err != nil {
					return err
				}
				if _, err := fmt.Fprintln(p.out, path); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "folder to write to, or - for standard output (default the dataset's)")
	return cmd
}

// named are the tables asked for, or all that there are.
func named(asked, has []string) ([]string, error) {
	if len(asked) == 0 {
		return has, nil
	}
	for _, table := range asked {
		if !slices.Contains(has, table) {
			return nil, badInput{metrics.Unknown("table", table, has)}
		}
	}
	return asked, nil
}

// open opens a dataset; a folder that holds none is bad input.
func open(dir string) (*store.Dataset, error) {
	d, err := store.Open(dir)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return nil, badInput{err}
	}
	return d, err
}
