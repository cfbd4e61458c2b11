package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"idleshift/metrics/figures"
	"idleshift/metrics/store"
)

func (p *program) reproduceCommand() *cobra.Command {
	var again bool
	var out string
	cmd := &cobra.Command{
		Use:   "reproduce FILE",
		Short: "Tell how a figure was made, or make it again",
		Long: `reproduce reads from a figure's file what it was made from and prints the commands
that make it again: one for the dataset, one for the figure. With --run it carries
them out, compares the new figure with FILE byte by byte, and fails if they differ.

A scenario or design of your own must stand in the working folder, as it was.`,
		Example: `  idleshift reproduce gain.svg
  idleshift reproduce gain.svg --run`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			old, err := os.ReadFile(args[0])
			if err != nil {
				return badInput{err}
			}
			origin, err := figures.ReadOrigin(old)
			if err != nil {
				return badInputf("%s: %w", args[0], err)
			}
			if out == "" {
				out = filepath.Join("results", "again-"+origin.Plan[:min(8, len(origin.Plan))])
			}
			data, err := unquoted(origin.Command)
			if err != nil || len(data) < 2 || data[0] != store.Program || len(origin.Plan) < 8 {
				return badInputf("%s: its record of how it was made is damaged: %q", args[0], origin.Command)
			}
			if data[1] == "sweep" {
				data = append(data, "--dir", out)
			} else {
				data = append(data, "--out", out)
			}
			file := filepath.Join(out, "figures", origin.Figure+"."+origin.Format)
			draw := []string{store.Program, "plot", out, origin.Figure, "--size", origin.Size, "--theme", origin.Theme}
			if origin.Regime != "" {
				draw = append(draw, "--regime", origin.Regime)
			}
			draw = append(draw, "--out", file)
			if _, err := fmt.Fprintf(p.out, "%s\n%s\n", command(data...), command(draw...)); err != nil {
				return err
			}
			for _, made := range []struct{ what, version string }{{"dataset", origin.Dataset}, {"figure", origin.Version}} {
				if made.version != p.version {
					p.say(false, "the %s was made by version %s and this is %s: bytes may differ", made.what, made.version, p.version)
				}
			}
			if !again {
				return nil
			}
			return p.again(cmd.Context(), origin, old, args[0], file, data[1:], draw[1:])
		},
	}
	cmd.Flags().BoolVar(&again, "run", false, "carry the commands out and compare")
	cmd.Flags().StringVar(&out, "out", "", "folder for the dataset (default results/again-… by what it is made from)")
	return cmd
}

// again carries out the commands and compares the figure with the old one.
func (p *program) again(ctx context.Context, origin *figures.Origin, old []byte, name, file string, commands ...[]string) error {
	for i, args := range commands {
		if code := run(ctx, args, io.Discard, p.err); code != exitOK {
			return fmt.Errorf("%s ended with exit code %d", command(append([]string{store.Program}, args...)...), code)
		}
		if i > 0 {
			continue
		}
		d, err := open(args[len(args)-1])
		if err != nil {
			return err
		}
		if d.Hash != origin.Scenario {
			return badInputf("the scenario is not the one that %s was made from (SHA-256 %.12s…, it was %.12s…): another file, or another version of it", name, d.Hash, origin.Scenario)
		}
	}
	same, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Equal(old, same) {
		return fmt.Errorf("%s and %s differ", name, file)
	}
	_, err = fmt.Fprintf(p.out, "%s and %s are the same, byte for byte\n", name, file)
	return err
}

// unquoted takes apart what command has written.
func unquoted(line string) (words []string, err error) {
	word, inside, started := strings.Builder{}, false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'':
			inside, started = !inside, true
		case c == '\\' && !inside && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			started = true
		case c == ' ' && !inside:
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteByte(c)
			started = true
		}
	}
	if started {
		words = append(words, word.String())
	}
	if inside {
		return nil, fmt.Errorf("an open quote in %q", line)
	}
	return words, nil
}
