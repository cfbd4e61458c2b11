package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"idleshift/metrics/answer"
	"idleshift/scenarios"
	"idleshift/sim"
)

func (p *program) validateCommand() *cobra.Command {
	var c choice
	var f factsFlags
	cmd := &cobra.Command{
		Use:   "validate [scenario]",
		Short: "Check a scenario, alone or against what is known",
		Long: `validate reads a scenario, a shipped one or a file, tells everything that is
wrong with it as file:line:column: key: what, and builds its first region, which
shows whether the orders can be served at all, and which kinds they ask for more
hours of than the region has.

With --facts it runs the scenario's baseline and holds it against published facts:
utilisation and its spread, lead times, the volatility of orders, counts of plants.
A fact agrees if the simulated value lies within its tolerance, differs if it does
not, and is unclear if two standard errors reach over the edge. Facts are shipped
(` + strings.Join(scenarios.Facts.Names(), ", ") + `) or a file; without a scenario they are held against their own.`,
		Example: `  idleshift validate region.toml
  idleshift validate vignettes --set tiers.platform.adoption=0.5
  idleshift validate --facts pocket
  idleshift validate region.toml --facts region-facts.toml --replicates 20`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.name != "" {
				return p.facts(cmd.Context(), &c, &f, args)
			}
			sc, err := c.load(args)
			if err != nil {
				return err
			}
			region, err := sim.Build(sc, 0)
			if err != nil {
				return err
			}
			employees := 0.0
			for _, f := range region.Firms {
				employees += f.Employees
			}
			_, err = fmt.Fprintf(p.out, "%s can be run: %s firms, %s employees, %d kinds, %d order classes; %d regimes × %d replicates × %d days (%d measured)\n",
				c.name, thousands(len(region.Firms)), thousands(int(math.Round(employees))), len(sc.Kinds), len(sc.Orders), len(sc.Compare), sc.Replicates,
				sc.Time.Warmup+sc.Time.Days, sc.Time.Days)
			if what := answer.Overload(region.Burdens()); what != "" {
				_, err = fmt.Fprintf(p.out, "note: %s\n", what)
			}
			return err
		},
	}
	c.flags(cmd)
	c.sizeFlags(cmd)
	f.flags(cmd)
	return cmd
}
