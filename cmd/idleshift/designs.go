package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"idleshift/scenarios/design"
)

func (p *program) designsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "designs",
		Short: "List, show, begin and explain designs of experiments",
		Example: `  idleshift designs list
  idleshift designs show thickness
  idleshift designs new mine.toml --from thickness`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(p.designsList(), p.designsShow(), p.designsNew(), p.designsKeys())
	return cmd
}

func (p *program) designsList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the shipped designs",
		Example: "  idleshift designs list",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
			for _, name := range design.Names() {
				d, err := design.Load(name)
				if err != nil {
					return err
				}
				fmt.Fprintf(w, "%s\t%d points of %s\t%s\n", name, len(d.Points), d.Base, d.Title)
			}
			return w.Flush()
		},
	}
}

func (p *program) designsShow() *cobra.Command {
	var points bool
	cmd := &cobra.Command{
		Use:   "show DESIGN",
		Short: "Print a design, or its points",
		Long: `show prints a design as it is written, after checking it. With --points it prints
the points, each as the --set arguments by which idleshift run runs it alone.`,
		Example: `  idleshift designs show thickness
  idleshift designs show my-design.toml --points`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: designArgument,
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := design.Load(args[0])
			if err != nil {
				return badInput{err}
			}
			if points {
				for i := range d.Points {
					var words []string
					for _, set := range d.Points[i].Set {
						words = append(words, "--set", set)
					}
					fmt.Fprintf(p.out, "%d\t%s\n", i, command(words...))
				}
				return nil
			}
			text, err := design.Source(args[0])
			if err != nil {
				var file []byte
				file, err = os.ReadFile(args[0])
				text = string(file)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(p.out, text)
			return err
		},
	}
	cmd.Flags().BoolVar(&points, "points", false, "print the points")
	return cmd
}

func (p *program) designsNew() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a design to begin with",
		Long: `new writes a shipped design to NAME.toml (or to NAME, if it ends so already), to
be changed. A file that exists is never overwritten.`,
		Example: `  idleshift designs new mine.toml --from friction
  idleshift sweep plan mine.toml`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := design.Source(from)
			if err != nil {
				return badInput{err}
			}
			return p.begin(args[0], text, "plan it with", "idleshift", "sweep", "plan")
		},
	}
	cmd.Flags().StringVar(&from, "from", "thickness", "shipped design to copy")
	complete(cmd, "from", designArgument)
	return cmd
}

func (p *program) designsKeys() *cobra.Command {
	return &cobra.Command{
		Use:     "keys",
		Short:   "Explain every key of a design file",
		Example: "  idleshift designs keys",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			for _, k := range design.Keys() {
				fmt.Fprintf(p.out, "%s: %s\n  %s\n", k.Path, k.Type, k.Doc)
				if allowed := k.Allows(); allowed != "" {
					fmt.Fprintf(p.out, "  allowed: %s\n", allowed)
				}
				switch {
				case k.Required:
					fmt.Fprintln(p.out, "  required")
				case k.Default != "" && k.Default != `""` && k.Default != "0":
					fmt.Fprintf(p.out, "  default: %s\n", k.Default)
				}
			}
			return nil
		},
	}
}
