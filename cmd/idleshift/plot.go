package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"idleshift/metrics/figures"
	"idleshift/metrics/store"
)

// plotFlags are those of plot.
type plotFlags struct {
	figures.Options
	formats []string
	out     string
	list    bool
}

func (p *program) plotCommand() *cobra.Command {
	var f plotFlags
	cmd := &cobra.Command{
		Use:   "plot DIR [FIGURE...]",
		Short: "Draw figures of a dataset as PNG, SVG or PDF",
		Long: `plot draws the named figures of a dataset, or all that it has something for. They
go to the folder figures of the dataset; --out names another folder, or for one
figure a file, whose ending is its format, or - for standard output.

Every file says what it was made from; idleshift reproduce FILE tells how to make
it again. The same dataset and flags give the same bytes.`,
		Example: `  idleshift plot results/pocket
  idleshift plot results/pocket gain --out gain.svg
  idleshift plot results/pocket gain map --size slide --theme dark --format png,pdf
  idleshift plot --list`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			var names []string
			for _, x := range figures.All {
				names = append(names, x.Name+"\t"+x.Doc)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case f.list:
				return p.listFigures()
			case len(args) == 0:
				return badInputf("plot needs the folder of a dataset, such as results/%s (see idleshift plot --help)", defaultScenario)
			}
			return p.plot(&f, args[0], args[1:])
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "folder, or file of one figure, or - for standard output (default figures in DIR)")
	flags.StringSliceVar(&f.formats, "format", nil, "formats, with commas between them: "+strings.Join(figures.Formats, ", ")+" (default png, or what --out ends in)")
	flags.StringVar(&f.Size, "size", figures.Sizes[0], "where it is to stand: "+strings.Join(figures.Sizes, ", "))
	flags.StringVar(&f.Theme, "theme", figures.Themes[0], "colours: "+strings.Join(figures.Themes, ", "))
	flags.StringVar(&f.Regime, "regime", "", "regime that a figure of one regime is about (default the headline's)")
	flags.BoolVar(&f.list, "list", false, "list the figures")
	for flag, words := range map[string][]string{"format": figures.Formats, "size": figures.Sizes, "theme": figures.Themes} {
		complete(cmd, flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func (p *program) listFigures() error {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, x := range figures.All {
		fmt.Fprintf(w, "%s\t%s\t%s\n", x.Name, x.Of, x.Doc)
	}
	return w.Flush()
}

func (p *program) plot(f *plotFlags, dir string, names []string) error {
	for _, name := range names {
		if _, err := figures.ByName(name); err != nil {
			return badInput{err}
		}
	}
	file, err := f.place(dir, names)
	if err != nil {
		return err
	}
	d, err := open(dir)
	if err != nil {
		return err
	}
	data, err := figures.Read(d)
	if err != nil {
		return badInput{err}
	}
	asked := len(names) > 0
	if !asked {
		names = data.Figures()
	}
	drawn := 0
	for _, name := range names {
		for _, format := range f.formats {
			o := f.Options
			o.Format = format
			picture, err := figures.Draw(data, name, p.version, o)
			switch {
			case errors.Is(err, figures.ErrNothing) && !asked:
				p.say(false, "%s is not drawn: %v", name, err)
			case err != nil:
				return badInputf("%s: %s is not drawn: %w", dir, name, err)
			case f.out == "-":
				_, err := p.out.Write(picture.Bytes)
				return err
			default:
				if err := store.WriteFile(file(name, format), picture.Bytes); err != nil {
					return err
				}
				if _, err := fmt.Fprintln(p.out, file(name, format)); err != nil {
					return err
				}
				drawn++
				continue
			}
			break // what one format lacks the others lack
		}
	}
	if drawn == 0 {
		return badInputf("%s: no figure was drawn", dir)
	}
	return nil
}

// place says where each figure goes and in which formats.
func (f *plotFlags) place(dir string, names []string) (func(name, format string) string, error) {
	for _, format := range f.formats {
		if !slices.Contains(figures.Formats, format) {
			return nil, badInputf("--format %s: there are %s", format, strings.Join(figures.Formats, ", "))
		}
	}
	ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(f.out), "."))
	single := len(names) == 1 && len(f.formats) <= 1
	folder := f.out
	switch known := slices.Contains(figures.Formats, ending); {
	case f.out == "-" && !single:
		return nil, badInputf("--out -: name one figure, in one format")
	case f.out == "":
		folder = filepath.Join(dir, "figures")
	case f.out != "-" && ending != "" && !known && single && !isFolder(f.out):
		return nil, badInputf("--out %s: a file must end in .%s; a folder must be there already or have no ending", f.out, strings.Join(figures.Formats, ", ."))
	case known && !single && !isFolder(f.out):
		return nil, badInputf("--out %s is one file: name one figure, in one format, or give a folder", f.out)
	case known && single && !isFolder(f.out):
		if len(f.formats) == 1 && f.formats[0] != ending {
			return nil, badInputf("--out %s and --format %s do not agree", f.out, f.formats[0])
		}
		f.formats = []string{ending}
		return func(string, string) string { return f.out }, nil
	}
	if len(f.formats) == 0 {
		f.formats = figures.Formats[:1]
	}
	return func(name, format string) string { return filepath.Join(folder, name+"."+format) }, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
