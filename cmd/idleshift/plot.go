package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"idleshift/metrics/answer"
	"idleshift/metrics/figures"
)

func (p *program) plotCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "plot DIR",
		Short: "Draw what each regime gains as a PNG figure",
		Long: `plot draws the gain of every regime of a dataset over its baseline, with
intervals and the gain of one merged firm as a line. The figure is a PNG, 9
inches wide: gain.png in the dataset's folder, or another file with --out. With
--out - it goes to standard output.`,
		Example: `  idleshift plot results/pocket
  idleshift plot results/pocket --out gain.png`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if to == "" {
				to = filepath.Join(args[0], "gain.png")
			}
			if ext := filepath.Ext(to); to != "-" && !strings.EqualFold(ext, ".png") {
				return badInputf("--out %s: figures are PNG; name a file that ends in .png", to)
			}
			d, err := open(args[0])
			if err != nil {
				return err
			}
			a, err := answer.Of(d)
			if err != nil {
				return err
			}
			figure, err := figures.Gain(a)
			if err != nil {
				return badInputf("%s: %w", args[0], err)
			}
			var png bytes.Buffer // whole before the file is touched
			if err := figure.WritePNG(&png); err != nil {
				return err
			}
			if to == "-" {
				_, err := p.out.Write(png.Bytes())
				return err
			}
			if err := os.WriteFile(to, png.Bytes(), 0o666); err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.out, to)
			return err
		},
	}
	cmd.Flags().StringVarP(&to, "out", "o", "", "PNG file to write, or - for standard output (default gain.png in DIR)")
	return cmd
}
