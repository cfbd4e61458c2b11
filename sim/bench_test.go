package sim

import (
	"cmp"
	"context"
	"os"
	"testing"

	"idleshift/scenarios"
)

// BenchmarkRegime runs one replicate of one regime of the default scenario.
func BenchmarkRegime(b *testing.B) {
	for _, regime := range []string{"autarky", "status_quo", "firm", "firm_platform", "component_contract", "cooperative", "layered", "pooled"} {
		b.Run(regime, func(b *testing.B) {
			sc, err := scenarios.Load(cmp.Or(os.Getenv("BENCH_SCENARIO"), "pocket"), scenarios.LoadOptions{})
			if err != nil {
				b.Fatal(err)
			}
			sc.Compare = []string{regime}
			for b.Loop() {
				r, err := Build(sc, 0)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := Run(context.Background(), r, Options{}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
