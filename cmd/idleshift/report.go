package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"idleshift/metrics/report"
	"idleshift/metrics/store"
	"idleshift/scenarios"
)

func (p *program) reportCommand() *cobra.Command {
	var out, second string
	var unpaired bool
	cmd := &cobra.Command{
		Use:   "report DIR",
		Short: "Write a report of a dataset as one page of HTML",
		Long: `report writes one file of HTML that holds the answer, its tables and figures, who
wins and who loses, the assumptions that it hangs on with their sources, the
method, and how to reproduce it. It needs no network and no other file, opens in
any browser, and prints. Of a sweep it tells what the factors do.

With --compare it sets a second dataset beside the first, paired by replicate.
Sources of assumptions are the comments of the scenario, shipped or a file that
stands where it stood when it was run.

The same dataset, scenario file and version give the same bytes.`,
		Example: `  idleshift report results/pocket
  idleshift report results/pocket --out report.html
  idleshift report results/a --compare results/b`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: folders,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.writeReport(args[0], second, out, unpaired)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&out, "out", "o", "", "file, or - for standard output (default report.html in DIR)")
	flags.StringVar(&second, "compare", "", "folder of a second `dataset`, to set beside the first")
	flags.BoolVar(&unpaired, "unpaired", false, "with --compare: treat the two as independent samples")
	complete(cmd, "compare", folders)
	return cmd
}

func (p *program) writeReport(dir, second, out string, unpaired bool) error {
	if out == "" {
		out = filepath.Join(dir, "report.html")
	}
	if out != "-" {
		switch ending := strings.ToLower(filepath.Ext(out)); {
		case isFolder(out):
			return badInputf("--out %s is a folder: name a file in it, such as %s", out, filepath.Join(out, "report.html"))
		case ending != ".html" && ending != ".htm":
			return badInputf("--out %s: a report is HTML, so its name must end in .html", out)
		}
	}
	if unpaired && second == "" {
		return badInputf("--unpaired says how to compare, and --compare is not given")
	}
	d, err := open(dir)
	if err != nil {
		return err
	}
	words := []string{store.Program, "report", dir}
	o := report.Options{Version: p.version, Text: textOf(d)}
	if second != "" {
		if o.Second, err = open(second); err != nil {
			return err
		}
		o.Unpaired = unpaired
		words = append(words, "--compare", second)
		if unpaired {
			words = append(words, "--unpaired")
		}
	}
	o.Command = command(words...)
	page, err := report.Of(d, o)
	if err != nil {
		return badInput{err}
	}
	if out == "-" {
		_, err := p.out.Write(page)
		return err
	}
	if err := store.WriteFile(out, page); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, out)
	return err
}

// textOf is the scenario of the dataset as it was written, or nil if it cannot
// be found or read any more.
func textOf(d *store.Dataset) *scenarios.Base {
	name := defaultScenario
	if d.Sweep != nil {
		name = d.Sweep.Base
	} else if words, err := unquoted(d.Command); err == nil && len(words) > 2 && !strings.HasPrefix(words[2], "-") {
		name = words[2]
	}
	text, err := scenarios.Open(name, nil)
	if err != nil {
		return nil
	}
	return text
}
