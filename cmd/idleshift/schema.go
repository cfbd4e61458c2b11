package main

import (
	"github.com/spf13/cobra"

	"idleshift/metrics"
	"idleshift/metrics/answer"
	"idleshift/scenarios"
)

var schemas = []string{"scenario", "answer", "comparison", "sensitivity", "summary"}

func (p *program) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [scenario|answer|comparison|sensitivity|summary]",
		Short: "Print the JSON Schema of scenarios and of what is printed as JSON",
		Long: `schema prints the JSON Schema of scenario files, for editors that complete and
check TOML by it; with another word, that of what a command prints with --json:
answer of run, comparison of compare, sensitivity and summary (of summarize).`,
		Example: `  idleshift schema > scenario.schema.json
  idleshift schema answer`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: schemas,
		RunE: func(_ *cobra.Command, args []string) error {
			of := "scenario"
			if len(args) > 0 {
				of = args[0]
			}
			switch of {
			case "scenario":
				text, err := scenarios.Schema()
				if err != nil {
					return err
				}
				_, err = p.out.Write(text)
				return err
			case "answer":
				return p.writeJSON(answer.Schema())
			case "comparison":
				return p.writeJSON(answer.ComparisonSchema())
			case "sensitivity":
				return p.writeJSON(answer.SensitivitySchema())
			case "summary":
				return p.writeJSON(answer.SummarySchema())
			}
			return badInput{metrics.Unknown("schema", of, schemas)}
		},
	}
}
