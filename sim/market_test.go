package sim

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"idleshift/agents"
	"idleshift/scenarios"
)

// What a regime comes to must not depend on the regimes that it is compared
// with: if it does, something of a market has leaked into the region.
func TestRegimeAloneAsBesideOthers(t *testing.T) {
	deals := 0
	for seed := range variations {
		d := rand.New(rand.NewPCG(uint64(seed), 7))
		sc := parse(t, randomScenario(rand.New(rand.NewPCG(uint64(seed), 8))))
		sc.Region.Firms = 12
		change(sc.Kinds, func(k *agents.Kind) { k.MatchShare = max(k.MatchShare, 0.7) })
		change(sc.Tiers, func(tier *agents.Tier) {
			tier.Candidates, tier.Adoption = 1+d.IntN(9), []float64{1, 0.6, 0.3}[d.IntN(3)]
			tier.RadiusSite = []float64{20, 20_000}[d.IntN(2)]
		})
		beside := newRecording()
		compared := sc.Compare
		all := run(t, sc, 0, beside)
		for i, regime := range compared {
			sc.Compare = []string{regime}
			alone := newRecording()
			one := run(t, sc, 0, alone)
			if !reflect.DeepEqual(one[0], all[i]) || !reflect.DeepEqual(alone.deals[0], beside.deals[i]) ||
				!reflect.DeepEqual(alone.days[0], beside.days[i]) || !reflect.DeepEqual(alone.firms[0], beside.firms[i]) {
				t.Errorf("scenario %d: %s alone has %d deals and %v, beside others %d and %v", seed, regime,
					one[0].Deals, one[0].Region, all[i].Deals, all[i].Region)
			}
			deals += len(alone.deals[0])
		}
	}
	if deals < 10*variations {
		t.Errorf("only %d deals in %d scenarios: the test says little", deals, variations)
	}
}

// The auction must trade where providers charge for slack: its asks have to
// carry the charge, or the engine refuses whatever it proposes.
func TestAuctionCarriesChargeForSlack(t *testing.T) {
	for _, charge := range []string{"[25]", "[0, 25]", "[25, 0]"} {
		for _, policy := range []string{"", "reserve_share = 0.1", "expose_days = 3"} {
			sc := parse(t, smallMarket(12, 0.25, "rate = 1.5\nlead = {mean_extra_days = 2}\noperations = [{kind = \"mill\", hours = {mean = 4}}]",
				"disclosure = \"sealed\"\nbroker = \"auction\"", "[policies.p]\n"+policy+"\nslack_charge_per_hour = "+charge))
			r := &run(t, sc, 0, nil)[1]
			if r.Deals < 20 || r.Refusals[RefusedWorse] > 0 {
				t.Errorf("charge %s, %s: %d deals, %d matches refused as a loss", charge, policy, r.Deals, r.Refusals[RefusedWorse])
			}
		}
	}
}

// Nobody travels farther than the tier's radius: not a third firm's people to a
// borrowed machine, nor the requester's own.
func TestRadiusHoldsForWhoeverTravels(t *testing.T) {
	const radius = 15
	deals := 0
	for seed := range variations {
		sc := variation(t, seed)
		sc.Region.Firms = 12
		change(sc.Places, func(p *scenarios.Place) { p.Spread = 12 })
		change(sc.Kinds, func(k *agents.Kind) { k.Mobility, k.MatchShare = "travels", 1 }, "hand")
		change(sc.Tiers, func(tier *agents.Tier) {
			tier.RadiusSite, tier.RadiusTravels, tier.Operators, tier.Candidates = 100, radius, "any", 20
		})
		region, err := Build(sc, 0)
		if err != nil {
			t.Fatal(err)
		}
		sink := newRecording()
		run(t, sc, 0, sink)
		for regime := range sc.Compare {
			for _, d := range sink.deals[regime] {
				at := d.Requester // of the work
				if d.Provider[0] != agents.None && region.kinds[d.Kind].mobility == site {
					at = d.Provider[0]
				}
				from := d.Provider[1]
				switch {
				case region.kinds[d.Kind].mobility == travels:
					from = d.Provider[0]
				case from == agents.None:
					from = d.Requester
				}
				if km := region.roadKm(from, at); km > radius {
					t.Errorf("scenario %d, %s: somebody travels %.1f km, at most %d are allowed", seed, sc.Compare[regime], km, radius)
				}
				deals++
			}
		}
	}
	if deals < 10*variations {
		t.Errorf("only %d deals in %d scenarios: the test says little", deals, variations)
	}
}
