package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"idleshift/sim"
)

func (p *program) validateCommand() *cobra.Command {
	var c choice
	cmd := &cobra.Command{
		Use:   "validate [scenario]",
		Short: "Check a scenario without running it",
		Long: `validate reads a scenario, a shipped one or a file, tells everything that is
wrong with it as file:line:column: key: what, and builds its first region, which
shows whether the orders can be served at all.`,
		Example: `  idleshift validate region.toml
  idleshift validate vignettes --set tiers.platform.adoption=0.5`,
		RunE: func(_ *cobra.Command, args []string) error {
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
			_, err = fmt.Fprintf(p.out, "%s can be run: %d firms, %.0f employees, %d kinds, %d order classes; %d regimes × %d replicates × %d days (%d measured)\n",
				c.name, len(region.Firms), employees, len(sc.Kinds), len(sc.Orders), len(sc.Compare), sc.Replicates,
				sc.Time.Warmup+sc.Time.Days, sc.Time.Days)
			return err
		},
	}
	c.flags(cmd)
	c.sizeFlags(cmd)
	return cmd
}
