package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// sweepStatus is how far a sweep is.
type sweepStatus struct {
	Points     int  `json:"points"`
	Replicates int  `json:"replicates"`
	Runs       int  `json:"runs"`
	Finished   int  `json:"finished"` // failed ones included
	Failed     int  `json:"failed"`
	Complete   bool `json:"complete"` // merged
	// What came in lately, from all processes; null if nothing did.
	Rate *float64 `json:"runs_per_second"`
	Left *float64 `json:"seconds_left"`
}

// lately is what the rate of a sweep is judged by.
const lately = 10 * time.Minute

func (p *program) sweepStatusCommand() *cobra.Command {
	var dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell how far a sweep is",
		Example: `  idleshift sweep status --dir results/thick
  idleshift sweep status --dir results/thick --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			data, err := p.resume(dir)
			if err != nil {
				return err
			}
			m := data.Manifest()
			s := sweepStatus{
				Points: m.Sweep.Points, Replicates: m.Replicates,
				Runs: data.Jobs(), Finished: data.Finished(), Failed: data.Failed(), Complete: data.Complete(),
			}
			if !s.Complete {
				n, over := data.Lately(lately)
				if rate := float64(n) / over.Seconds(); n > 0 && over > 0 {
					left := float64(s.Runs-s.Finished) / rate
					s.Rate, s.Left = &rate, &left
				}
			}
			if asJSON {
				return p.writeJSON(s)
			}
			fmt.Fprintf(p.out, "%s: %s of %s finished (%s, %s)", dir, thousands(s.Finished), count(s.Runs, "run", "runs"),
				count(s.Points, "point", "points"), count(s.Replicates, "replicate", "replicates"))
			if s.Failed > 0 {
				fmt.Fprintf(p.out, ", %s failed", thousands(s.Failed))
			}
			if s.Left != nil && *s.Left > 0 {
				fmt.Fprintf(p.out, "\nlately %.3g runs/s, at which it takes another %s", *s.Rate, roughly(*s.Left))
			}
			next := "the dataset is complete"
			switch {
			case s.Complete:
			case s.Finished < s.Runs:
				next = "to go on: " + command("idleshift", "sweep", "work", "--dir", dir)
			default:
				next = "to make the dataset: " + command("idleshift", "sweep", "merge", "--dir", dir)
			}
			_, err = fmt.Fprintln(p.out, "\n"+next)
			return err
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}
