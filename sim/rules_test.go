package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"idleshift/agents"
	"idleshift/agents/brokers"
	"idleshift/scenarios"
)

// Single rules of the model, each on the smallest case that shows it.

// pair is a scenario of two firms at one place: all of sector x have work, all
// of sector y have the units.
const pair = `
baseline = "autarky"
compare = ["autarky", "traded"]
[time]
days = 30
runout_days = 20
[region]
firms = 2
partners = [[1, 2], [2, 1]]
[transport]
%s
[places.a]
latitude = 43
longitude = -80
spread_km = %g
[kinds.mill]
category = "machine"
variable_cost_per_hour = 10
[kinds.hand]
category = "staff"
variable_cost_per_hour = 10
mobility = "travels"
[sectors.x]
mix = {%s = 1}
[sectors.y]
mix = {nothing = 1}
units = {mill = 1, hand = 1}
[sizes.all]
firms = 1
[orders.job]
arrivals = "fixed"
rate = 1
value_per_hour = 100
lead = {minimum_days = 3}
operations = [{kind = "mill", hours = {mean = 4}}]
[orders.visit]
arrivals = "fixed"
rate = 1
value_per_hour = 100
lead = {minimum_days = 3}
operations = [{kind = "hand", hours = {mean = 4}}]
[orders.nothing]
operations = [{kind = "mill", hours = {mean = 1}}]
[policies.own]
%s
[tiers.market]
unit = "operation"
%s
[regimes.autarky]
[regimes.traded]
tiers = ["market"]
`

// A consignment costs what it costs, however near the host is: if not, the
// broker reckons with freight that nobody pays.
func TestConsignmentNextDoor(t *testing.T) {
	sink := newRecording()
	run(t, parse(t, fmt.Sprintf(pair, "freight_per_consignment = 20", 0.0, "job", "", "")), 0, sink)
	if len(sink.deals[1]) == 0 {
		t.Fatal("no deals: the test shows nothing")
	}
	for _, d := range sink.deals[1] {
		if d.Freight != 20*agents.Unit || d.Km != 0 {
			t.Fatalf("a deal over %g km has freight of %g, not 20", d.Km, d.Freight.Float())
		}
	}
}

// A lot's ask holds its charge for slack, also where its owner would be shown
// no other hours than those who borrow: if not, prices fall below what the
// owner takes, and it declines.
func TestAskHoldsTheChargeForSlack(t *testing.T) {
	for _, policy := range []string{"slack_charge_per_hour = [80]", "slack_charge_per_hour = [80]\nreserve_share = 0.1"} {
		r := run(t, parse(t, fmt.Sprintf(pair, "", 0.0, "job", policy, "broker = \"auction\"\ndisclosure = \"sealed\"")), 0, nil)[1]
		if r.Deals == 0 || r.Refusals[RefusedWorse] > 0 {
			t.Errorf("%s: %d deals, %d matches declined as a loss", policy, r.Deals, r.Refusals[RefusedWorse])
		}
	}
}

// Where two firms of one zone stand in it is private: if a blind or sealed book
// shows how long a person travels between them, it shows where they are.
func TestBookHidesPositionsInZones(t *testing.T) {
	for _, disclosure := range []string{"blind", "sealed", "open"} {
		var books [2]agents.Book
		for i := range books {
			sc := parse(t, fmt.Sprintf(pair, "travel_per_km = 1\ntravel_kmh = 60", 1+20*float64(i), "visit", "", fmt.Sprintf("disclosure = %q", disclosure)))
			sc.Region.ZoneKm = 1000
			r, err := Build(sc, 0)
			if err != nil {
				t.Fatal(err)
			}
			w, n := newWorld(r, 1), newNature(r)
			w.advance(n.next())
			books[i] = w.markets[0].book.Book
			if len(books[i].Options) == 0 {
				t.Fatalf("%s: no options: the test shows nothing", disclosure)
			}
		}
		if same := reflect.DeepEqual(books[0], books[1]); same != (disclosure != "open") {
			t.Errorf("%s: the book is the same wherever the firms are: %v\n%+v\n%+v", disclosure, same, books[0], books[1])
		}
	}
}

// A pair that is still making its contract cannot call off work under it: if
// not, only the very first job waits for the contract.
func TestCallOffWaitsForTheContract(t *testing.T) {
	tier := "first_deal_days = [12]\ncontract_days = 1000\ncall_off_days = 1\nfirst_deal_cost = 50\ncall_off_cost = 5"
	sc := parse(t, fmt.Sprintf(pair, "", 0.0, "job", "", tier))
	change(sc.Orders, func(c *agents.OrderClass) { c.Lead.Minimum = 15 })
	r, err := Build(sc, 0)
	if err != nil {
		t.Fatal(err)
	}
	deals, started := 0, agents.Never
	if _, err := Run(context.Background(), r, Options{Trace: func(e *Event) {
		if e.What == Matched {
			if deals++; deals == 1 {
				started = e.First
			} else if e.First < started {
				t.Errorf("a call-off of day %d starts on day %d, the contract is ready on day %d", e.Day, e.First, started)
			}
		}
	}}, nil); err != nil {
		t.Fatal(err)
	}
	if deals < 10 || started != 12 {
		t.Errorf("%d deals, the first starts on day %d: the test shows nothing", deals, started)
	}
}

// absent is a world of one firm with the units of one kind, of which up are
// there on day 0.
func absent(t *testing.T, units int, probability float64, up int32) *World {
	t.Helper()
	r, err := Build(parse(t, fmt.Sprintf(`
baseline = "autarky"
compare = ["autarky"]
[kinds.hand]
category = "staff"
overtime_hours = 2
availability = {process = "daily", probability = %g}
[places.a]
latitude = 43
longitude = -80
[sectors.x]
[sizes.all]
firms = 1
units = {hand = %d}
[orders.job]
value_per_hour = 100
lead = {minimum_days = 3}
operations = [{kind = "hand", hours = {mean = 1}, max_units_per_day = 9}]
[regimes.autarky]
`, probability, units)), 0)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(r, 0)
	w.day, w.nature = 0, &today{up: []int32{up}}
	return w
}

// Who is absent does no overtime, also on a day on which as many are there as
// was planned.
func TestOvertimeOfThosePresent(t *testing.T) {
	for _, up := range []int32{3, 4, 5} {
		w := absent(t, 5, 0.8, up) // planned: 4
		w.begin(w.nature)
		if got, want := w.overtime(0, 0), agents.Hours(up)*2*agents.Hour; got != want {
			t.Errorf("%d of 5 are there: %g h of overtime, not %g", up, got.Float(), want.Float())
		}
	}
}

// Of bookings, only those that hold hours which are not there are given back: a
// day's regular work does not make room for overtime.
func TestGiveBackWhatIsShort(t *testing.T) {
	w := absent(t, 2, 0.9, 1) // planned: 14.4 h and 4 h of overtime; there are 8 h and 2 h
	var hit []string
	w.trace = func(e *Event) {
		if e.What == Hit {
			hit = append(hit, fmt.Sprintf("order %d, %g h", e.Order, e.Hours.Float()))
		}
	}
	for i, hours := range []float64{10.4, 4, 4} { // the first due last; the last by overtime
		h := agents.HoursOf(hours)
		o := w.open(&arrival{due: agents.Day(9 - i)}, []agents.Hours{h})
		w.book(w.orders.at[o].first, agents.None, [2]int32{0, agents.None}, 0, h, h, 0, [2]span{})
	}
	w.begin(w.nature)
	w.repair()
	if got := strings.Join(hit, "; "); got != "order 1, 10.4 h; order 3, 4 h" {
		t.Errorf("given back: %s", got)
	}
}

// Asked for step by step, suppliers are all that fit and take part, nearest
// first; were they not, a market would miss some without saying so. Of 300 firms
// more are found than at first, and some stand where others do.
func TestSuppliersAreAllThatFit(t *testing.T) {
	sc := parse(t, smallMarket(300, 0.25, "rate = 1\noperations = [{kind = \"mill\", hours = {mean = 4}}]", "candidates = 5", ""))
	change(sc.Kinds, func(k *agents.Kind) { k.MatchShare = 0.7 })
	r, err := Build(sc, 0)
	if err != nil {
		t.Fatal(err)
	}
	part := &r.tiers[0]
	for f := range r.Firms {
		part.member[f] = f%3 > 0
		r.points[f] = r.points[f-f%4%2]
	}
	for l := range r.lots {
		part.lends[l] = part.member[r.lots[l].firm]
	}
	m := newMarket(r, part)
	m.stall = newStall(r)
	for f := range r.Firms[:40] {
		for k := range r.kinds {
			var fit []int32 // lots
			for g := range r.Firms {
				if lot := r.owns(int32(g), int16(k)); g != f && part.member[g] && lot != agents.None && r.pairFits(int32(f), int32(g), int16(k)) {
					fit = append(fit, lot)
				}
			}
			chord2 := func(lot int32) float64 { return r.points[f].chord2(r.points[r.lots[lot].firm]) }
			slices.SortFunc(fit, func(a, b int32) int { return cmp.Or(cmp.Compare(chord2(a), chord2(b)), cmp.Compare(a, b)) })
			list := r.suppliers(&m, int32(f), int16(k), 1)
			for n := 2; n <= len(list)+1; n++ {
				list = r.suppliers(&m, int32(f), int16(k), n)
			}
			if !slices.EqualFunc(list, fit, func(s supplier, lot int32) bool { return s.lot == lot }) {
				t.Errorf("firm %d, kind %d: %d suppliers of %d, or not the nearest first", f, k, len(list), len(fit))
			}
		}
	}
}

// Nobody works at a loss: what its own hours, set-up included, would cost more
// than it is worth is lost, unless somebody can do it for less.
func TestNoWorkAtALoss(t *testing.T) {
	for _, completion := range []string{"whole", "partial"} {
		for _, c := range []struct {
			value, setup float64
			served       bool
		}{{9, 0, false}, {11, 0, true}, {11, 2, false}, {31, 2, true}} {
			text := fmt.Sprintf(pair, "", 0.0, "job", "", "")
			sc := parse(t, text)
			sc.Sectors["x"] = sc.Sectors["y"]
			sector := sc.Sectors["x"]
			sector.Mix = map[string]float64{"job": 1}
			sc.Sectors["x"] = sector
			change(sc.Orders, func(o *agents.OrderClass) {
				o.HourValue, o.Completion, o.Operations[0].Setup, o.Operations[0].Hours.Mean = c.value, completion, c.setup, 1
			}, "job")
			for i, r := range run(t, sc, 0, nil) {
				if served := r.Kinds[0].Lost == 0 && r.Kinds[1].Lost == 0; served != c.served {
					t.Errorf("%s, %s: an hour worth %g that costs 10 and %g h of set-up is served: %v", completion, sc.Compare[i], c.value, c.setup, served)
				}
			}
			change(sc.Kinds, func(k *agents.Kind) { k.CostCV = 0.9 }, "mill") // then the other firm may do it for less
			deals, dear := 0, 0
			for sc.Seed = range 20 {
				sink := newRecording()
				results := run(t, sc, 0, sink)
				deals += len(sink.deals[1])
				dear += b2i(results[1].Kinds[1].Lost > 0)
				for _, r := range results {
					for _, needs := range r.Classes {
						for _, n := range needs {
							if n.Realised < 0 {
								t.Errorf("%s: orders came to a loss of %g", completion, -n.Realised.Float())
							}
						}
					}
				}
			}
			if !c.served && (deals == 0 || dear == 0) {
				t.Errorf("%s, worth %g: %d deals, lost in %d cases: the test says little", completion, c.value, deals, dear)
			}
		}
	}
}

// What deals cost must be found again in the accounts: here all work is done in
// deals, so that the columns of the one add up to those of the other, but for
// rounding.
func TestDealsReconcileWithAccounts(t *testing.T) {
	for _, class := range []string{"job", "visit"} {
		sc := parse(t, fmt.Sprintf(pair, "freight_per_consignment = 2\nfreight_per_km = 0.1\ntravel_per_km = 0.2\ntravel_kmh = 60", 4.0, class, "slack_charge_per_hour = [1]",
			"unfamiliar_factor = 1.1\nrework_probability = 0.1\nfirst_deal_cost = 3\nfee_share = 0.1"))
		change(sc.Orders, func(o *agents.OrderClass) { o.Operations[0].Setup, o.Operations[0].Hours.Mean = 0.5, 2.3 })
		change(sc.Kinds, func(k *agents.Kind) { k.CostCV = 0.3 })
		sink := newRecording()
		r := run(t, sc, 0, sink)[1]
		var sum agents.Deal
		for _, d := range sink.deals[1] {
			sum.Cost, sum.SetupCost, sum.Freight, sum.Trans = sum.Cost+d.Cost, sum.SetupCost+d.SetupCost, sum.Freight+d.Freight, sum.Trans+d.Trans
			sum.Price, sum.Fee, sum.Slack = sum.Price+d.Price, sum.Fee+d.Fee, sum.Slack+d.Slack
		}
		if len(sink.deals[1]) < 20 || int64(len(sink.deals[1])) != r.Deals {
			t.Fatalf("%s: %d deals in the table, %d made: the test says little", class, len(sink.deals[1]), r.Deals)
		}
		for _, x := range []struct {
			name            string
			deals, accounts agents.Money
		}{
			{"variable", sum.Cost, r.Region[agents.Variable]}, {"setup", sum.SetupCost, r.Region[agents.Setup]}, {"freight", sum.Freight, r.Region[agents.Travel]},
			{"transaction", sum.Trans, r.Region[agents.Transaction]}, {"price", sum.Price, r.Region[agents.Paid]}, {"fee", sum.Fee, -r.Platform[agents.Fees]}, {"slack", sum.Slack, r.Slack},
		} {
			if d := x.deals - x.accounts; x.deals == 0 || max(d, -d) > 20*agents.Money(len(sink.deals[1])) {
				t.Errorf("%s: %s is %g in the deals, %g in the accounts", class, x.name, x.deals.Float(), x.accounts.Float())
			}
		}
	}
}

// What other firms win of a loss costs them its work: if not, losing orders to
// the region would pay better than serving them.
func TestLostToRegionIsNet(t *testing.T) {
	for _, completion := range []string{"whole", "partial"} {
		sc := parse(t, fmt.Sprintf(pair, "", 0.0, "job", "", ""))
		change(sc.Orders, func(o *agents.OrderClass) {
			o.LostToRegion, o.Completion, o.Lead.Minimum, o.Operations[0].Hours.Mean, o.Operations[0].MaxUnits = 0.5, completion, 0, 10, 2
		})
		sector := sc.Sectors["x"]
		sector.Units = map[string]int{"mill": 1} // of 10 hours a day it can do 8
		sc.Sectors["x"] = sector
		r := run(t, sc, 0, nil)[0]
		served, lost := 0.0, r.Kinds[1].Lost.Float()
		if completion == "partial" {
			served = 8 * 30
		}
		if want := 90*served + 0.5*90*lost; lost != 300-served || math.Abs(r.Region.Surplus().Float()-want) > 0.01 {
			t.Errorf("%s: %g h lost, surplus %g, want %g", completion, lost, r.Region.Surplus().Float(), want)
		}
	}
}

// Amounts that the accounts cannot hold are refused when the region is built:
// each key may be in its range and the sum still too large.
func TestAmountsTooLarge(t *testing.T) {
	for _, set := range []string{"orders", "fixed"} {
		sc := parse(t, fmt.Sprintf(pair, "", 0.0, "job", "", ""))
		if set == "orders" {
			change(sc.Orders, func(o *agents.OrderClass) { o.HourValue, o.Operations[0].Hours.Mean = 1e6, 1e6 })
			sc.Region.Firms = 20
		} else {
			change(sc.Kinds, func(k *agents.Kind) { k.FixedCost = 1e7 })
			change(sc.Sectors, func(s *scenarios.Sector) { s.Units = map[string]int{"mill": 1e6} })
		}
		_, err := Build(sc, 0)
		var u *Unservable
		if !errors.As(err, &u) || !strings.Contains(err.Error(), "in a run (allowed: at most 1e+14)") {
			t.Errorf("%s: %v", set, err)
		}
	}
}

// A refusal is final: an employer that said no in one tier is not asked again in
// another, at another time's cost.
func TestRefusalHoldsInEveryTier(t *testing.T) {
	sc := parse(t, fmt.Sprintf(pair, "", 0.0, "job", "approval = \"asked\"\napproval_share = 0.5", "first_deal_cost = 7"))
	sc.Tiers["second"] = sc.Tiers["market"]
	sc.Regimes["twice"] = agents.Regime{Tiers: []string{"market", "second"}}
	sc.Compare = append(sc.Compare, "twice")
	results := run(t, sc, 0, nil)
	once, twice := &results[1], &results[2]
	if once.Refusals[RefusedApproval] == 0 || once.Deals == 0 {
		t.Fatalf("%d deals, %d refusals: the test says little", once.Deals, once.Refusals[RefusedApproval])
	}
	if once.Refusals != twice.Refusals || once.Region[agents.Transaction] != twice.Region[agents.Transaction] {
		t.Errorf("refusals %v and %v, transaction cost %g and %g", once.Refusals, twice.Refusals, once.Region[agents.Transaction].Float(), twice.Region[agents.Transaction].Float())
	}
}

// The least values that the keys allow must run: below them hours and ratios
// round to nothing, which nothing can be divided by.
func TestLeastValuesRun(t *testing.T) {
	text := smallMarket(6, 0.25, "rate = 1\noperations = [{kind = \"mill\", hours = {law = \"geometric\", mean = 0.5, step = 0.001}}]", "disclosure = \"blind\"", "")
	least := [][2]string{{"operator_hours", "0.001"}, {"hours_per_shift", "0.1"}, {"shifts", "0.1"}}
	for n := range 1 << len(least) {
		keys := ""
		for i, k := range least {
			if n>>i&1 == 1 {
				keys += k[0] + " = " + k[1] + "\n"
			}
		}
		sc := parse(t, strings.Replace(text, "[kinds.mill]\n", "[kinds.mill]\n"+keys, 1))
		sc.Region.ZoneKm = 1
		sc.Time.Days = 20
		run(t, sc, 0, nil)
	}
	for _, k := range least {
		_, err := scenarios.Parse("test.toml", []byte(strings.Replace(text, "[kinds.mill]\n", "[kinds.mill]\n"+k[0]+" = 0.0004\n", 1)), scenarios.LoadOptions{})
		if err == nil || !strings.Contains(err.Error(), k[0]) {
			t.Errorf("%s = 0.0004: %v", k[0], err)
		}
	}
}

// Any firm's people may run a borrowed machine, its own firm's among them, also
// where people alone are not traded.
func TestAnyOperatorIsNoLessThanTheProviders(t *testing.T) {
	deals := map[string]int64{}
	for _, operators := range []string{"provider", "any"} {
		sc := parse(t, fmt.Sprintf(pair, "", 0.0, "job", "", "kinds = [\"mill\"]\noperators = \""+operators+"\""))
		change(sc.Tiers, func(tier *agents.Tier) { tier.Unit = "component" })
		change(sc.Kinds, func(k *agents.Kind) { k.Operator = "hand" }, "mill")
		deals[operators] = run(t, sc, 0, nil)[1].Deals
	}
	if deals["any"] != deals["provider"] || deals["any"] == 0 {
		t.Errorf("deals: %v", deals)
	}
}

// Where a firm can do its work itself no deal may cost it more than that, also
// where the broker decides about all work at once: here every firm has room
// for all that comes, so that whatever a deal saves must show in its profit.
func TestBookOfAllLeavesNobodyWorseOff(t *testing.T) {
	for _, broker := range brokers.Names() {
		disclosure := map[string]string{"random": "blind", "nearest": "blind", "auction": "sealed", "due": "open", "greedy": "open", "optimal": "open"}[broker]
		sc := parse(t, smallMarket(10, 0.25, "rate = 0.3\nlead = {minimum_days = 5}\noperations = [{kind = \"mill\", hours = {mean = 4}}]",
			"book = \"all\"\nbroker = \""+broker+"\"\ndisclosure = \""+disclosure+"\"\nfirst_deal_cost = 5", ""))
		change(sc.Sectors, func(s *scenarios.Sector) { s.Units = map[string]int{"mill": 8, "hand": 8} })
		change(sc.Kinds, func(k *agents.Kind) { k.CostCV = 0.5 })
		sink := newRecording()
		results := run(t, sc, 0, sink)
		for f := range sink.firms[0] {
			alone, traded := sink.firms[0][f].Ledger.Profit(), sink.firms[1][f].Ledger.Profit()
			if traded < alone-agents.Unit { // rounding
				t.Errorf("%s: firm %d earns %g alone and %g in the market", broker, f, alone.Float(), traded.Float())
			}
		}
		if broker != "nearest" && results[1].Deals < 5 {
			t.Errorf("%s: %d deals: the test says little", broker, results[1].Deals)
		}
	}
}

// A sharing policy can be a single firm's: the table of firms names it, and it
// holds before what is said of sectors and sizes.
func TestPolicyOfOneFirm(t *testing.T) {
	sc := parse(t, fmt.Sprintf(pair, "", 0.0, "job", "sectors = [\"y\"]\nkinds = [\"hand\"]", ""))
	sc.Policies["open"] = agents.Policy{Kinds: []string{"mill"}, Sectors: []string{"x"}, ExposeDays: 9, ToleratesBlind: 1, ToleratesSealed: 1, ToleratesOpen: 1}
	sc.Region.Partners = nil
	for _, named := range []string{"", "open"} {
		sc.Firms = []scenarios.FirmRow{
			{Name: "asks", Latitude: 43, Longitude: -80, Sector: "x", Employees: 9},
			{Name: "lends", Latitude: 43, Longitude: -80, Sector: "y", Employees: 9, Policy: named},
		}
		if deals := run(t, sc, 0, nil)[1].Deals; deals > 0 != (named == "open") {
			t.Errorf("policy %q: %d deals", named, deals)
		}
	}
}

// standing is what each firm has earned, and what the work in hand will cost
// and earn it as planned, given that what is not lost is worth its value.
func standing(w *World) []agents.Money {
	out := make([]agents.Money, len(w.Firms))
	for f := range out {
		out[f] += w.byFirm[f].Ledger.Profit()
		for o := w.active[f]; o != agents.None; o = w.places[o].next {
			ord := &w.orders.at[o]
			out[f] -= w.position(ord)
			for i := ord.first; i < ord.first+int32(ord.steps); i++ {
				for n := w.ops[i].first; n != agents.None; n = w.booked.at[n].next {
					b := &w.booked.at[n]
					if b.deal < 0 || !w.deals.at[b.deal].made {
						continue
					}
					d := &w.deals.at[b.deal]
					for c, l := range b.lot {
						if l == agents.None {
							continue
						}
						h := agents.Hours(b.hours[c] + b.over[c])
						owner := w.lots[l].firm
						out[owner] -= w.lots[l].cost.For(h)
						if owner != int32(f) {
							pay := portion(d.pay[c], h, d.hours[c])
							out[owner] += pay
							out[f] -= pay + agents.MoneyOf(pay.Float()*d.tier.tier.spec.FeeShare)
						}
					}
				}
			}
		}
	}
	return out
}

// No clearing leaves a firm worse off, whatever the broker proposes: what its
// work in hand will cost and earn it as planned is no less after than before.
func TestNoFirmIsWorseOffByAClearing(t *testing.T) {
	gained, deals := map[string]int{}, map[string]int64{}
	for seed := range variations {
		for _, book := range []string{"deficits", "all"} {
			sc := variation(t, seed)
			sc.Time.Warmup = 0
			change(sc.Policies, func(p *agents.Policy) { p.Approval, p.ApprovalShare, p.ApprovalDays = "automatic", 1, 0 })
			change(sc.Tiers, func(tier *agents.Tier) { tier.BookOf = book })
			r, err := Build(sc, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, regime := range []string{"partners", "hosts", "pieces"} {
				sc.Regimes["one"] = agents.Regime{Tiers: []string{map[string]string{"partners": "known"}[regime]}}
				if regime != "partners" {
					sc.Regimes["one"] = agents.Regime{Tiers: []string{regime}}
				}
				sc.Compare[0] = "one"
				w, n := newWorld(r, 0), newNature(r)
				for range sc.Time.Days {
					w.begin(n.next())
					w.repair()
					w.retry()
					w.arrive()
					before := standing(w)
					w.trade()
					for f, after := range standing(w) {
						if after < before[f]-cent {
							t.Errorf("scenario %d, a book of %s in %s, day %d: firm %d stands at %.4f before and %.4f after", seed, book, regime, w.day, f, before[f].Float(), after.Float())
						} else if after > before[f]+cent {
							gained[book]++
						}
					}
					w.finalise()
					w.execute()
					w.roll()
				}
				deals[book] += w.result.Deals
			}
		}
	}
	for book := range deals {
		if deals[book] < 10*variations || gained[book] < 10*variations {
			t.Errorf("a book of %s: %d deals, firms gained %d times: the test says little", book, deals[book], gained[book])
		}
	}
	t.Logf("%v deals, firms gained %v times", deals, gained)
}

// An hour that is lent displaces one own hour at most, however many orders lack
// it: if not, lending seems to cost more than there was to lend.
func TestLentHoursDisplaceOnce(t *testing.T) {
	sc := parse(t, fmt.Sprintf(pair, "", 0.0, "job", "", ""))
	sector := sc.Sectors["y"]
	sector.Mix = map[string]float64{"rush": 1}
	sc.Sectors["y"] = sector
	rush := sc.Orders["job"]
	rush.Rate, rush.Lead.Minimum, rush.Operations = 3, 0, slices.Clone(rush.Operations)
	rush.Operations[0].Hours.Mean = 8
	sc.Orders["rush"] = rush
	sink := newRecording()
	r := run(t, sc, 0, sink)[1]
	lent := agents.Hours(0)
	for _, d := range sink.deals[1] {
		lent += d.Booked[0]
	}
	if r.Displaced == 0 || r.Displaced > lent {
		t.Errorf("%g h are displaced by %g h lent", r.Displaced.Float(), lent.Float())
	}
}

// The steps before one that has to be set up must end in time for that too: if
// not, a deal takes days that the rest of the order needs, and makes it late.
func TestLatestLeavesTimeForSetup(t *testing.T) {
	for setup, want := range map[float64]agents.Day{0: 5, 1: 4, 9: 3} { // the second step takes 8 h of a day's 8
		sc := parse(t, fmt.Sprintf(pair, "", 0.0, "job", "", ""))
		change(sc.Orders, func(o *agents.OrderClass) {
			o.Lead.Minimum = 5
			second := o.Operations[0]
			second.Setup, second.Hours.Mean = setup, 8
			o.Operations = append(o.Operations, second)
		}, "job")
		r, err := Build(sc, 0)
		if err != nil {
			t.Fatal(err)
		}
		w, n := newWorld(r, 1), newNature(r)
		w.begin(n.next())
		w.arrive()
		if got := w.ops[w.orders.at[max(w.active[0], w.active[1])].first].latest; got != want {
			t.Errorf("%g h of set-up: the first step may end on day %d, want %d", setup, got, want)
		}
	}
}
