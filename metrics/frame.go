package metrics

import (
	"maps"
	"slices"

	"idleshift/agents"
	"idleshift/scenarios"
	"idleshift/sim"
)

// A Frame gives the names and facts of a scenario behind the positions in a
// sim.Result, a sim.FirmResult and an agents.Deal.
type Frame struct {
	Regimes   []string  // in the order of the scenario's Compare
	Pooled    []bool    // by regime
	Kinds     []string  // by name, as all that follow
	Category  []string  // by kind
	FixedCost []float64 // by kind: currency per hour of practical capacity
	Operated  []float64 // by kind: operator hours per hour, 0 without an operator
	Classes   []string
	Internal  []bool // by class
	Tiers     []string
	YearDays  int // working days per year
	Currency  string
}

// NewFrame is the frame of the scenario.
func NewFrame(sc *scenarios.Scenario) *Frame {
	f := &Frame{
		Regimes:  sc.Compare,
		Kinds:    slices.Sorted(maps.Keys(sc.Kinds)),
		Classes:  slices.Sorted(maps.Keys(sc.Orders)),
		Tiers:    slices.Sorted(maps.Keys(sc.Tiers)),
		YearDays: sc.Time.YearDays,
		Currency: sc.Currency,
	}
	for _, name := range f.Regimes {
		f.Pooled = append(f.Pooled, sc.Regimes[name].Pooled)
	}
	for _, name := range f.Kinds {
		k := sc.Kinds[name]
		shifts := k.NormalShifts
		if shifts == 0 {
			shifts = k.Shifts
		}
		f.Category = append(f.Category, k.Category)
		operated := 0.0
		if k.Operator != "" {
			operated = float64(agents.RatioOf(k.OperatorHours)) / float64(agents.RatioOf(1))
		}
		f.Operated = append(f.Operated, operated)
		f.FixedCost = append(f.FixedCost, k.FixedCost/(k.Hours*shifts))
	}
	for _, name := range f.Classes {
		f.Internal = append(f.Internal, sc.Orders[name].Purpose == "internal")
	}
	return f
}

// A Run is the result of one regime in one replicate and the frame it stands in.
type Run struct {
	*sim.Result
	Frame *Frame
	Firms int // of the region, also where the regime merges them
}

// perYear scales a sum over the measured days to a year.
func (r *Run) perYear(sum float64) float64 {
	return sum * (float64(r.Frame.YearDays) / float64(r.Days))
}

// perFirmDay is the mean of a sum over firms and measured days.
func (r *Run) perFirmDay(sum float64) float64 {
	return sum / (float64(r.Firms) * float64(r.Days))
}

// demand is the fate of the hours asked for, over all kinds.
func (r *Run) demand() (sum agents.Fate) {
	for k := range r.Kinds {
		sum.Add(&r.Kinds[k])
	}
	return sum
}

// primary is the part of a total over all kinds that counts each operation
// once: without the hours of the operators that go with it. It holds for hours
// that machine and operator share the fate of: asked for, lost, open.
func (r *Run) primary(hours func(*agents.Fate) agents.Hours) float64 {
	sum := 0.0
	for k := range r.Kinds {
		sum += (1 - r.Frame.Operated[k]) * hours(&r.Kinds[k]).Float()
	}
	return sum
}

func asked(f *agents.Fate) agents.Hours { return f.Demand }

func unserved(f *agents.Fate) agents.Hours { return f.Lost + f.Open }

// calendar is where the hours of all kinds of a category went; "" is every one.
func (r *Run) calendar(category string) (sum agents.DayHours) {
	for k := range r.Hours {
		if category == "" || r.Frame.Category[k] == category {
			sum.Add(&r.Hours[k])
		}
	}
	return sum
}

// Purposes of order classes, for need.
const (
	everything = iota
	work
	internal
)

// need adds up the orders of a purpose.
func (r *Run) need(purpose int) (sum sim.Need) {
	for c := range r.Classes {
		if purpose == work && r.Frame.Internal[c] || purpose == internal && !r.Frame.Internal[c] {
			continue
		}
		for i := range r.Classes[c] {
			sum.Add(&r.Classes[c][i])
		}
	}
	return sum
}

// idleFixed is the fixed cost of practical capacity in which nothing was done,
// breakdowns apart.
func (r *Run) idleFixed() float64 {
	sum := 0.0
	for k, h := range r.Hours {
		free := h.Normal - h.Own - h.Late - h.Shared - h.Setup - h.Travel - h.Down
		sum += r.Frame.FixedCost[k] * max(0, free).Float()
	}
	return sum
}

// refused counts all matches that the engine refused.
func (r *Run) refused() (sum int64) {
	for _, n := range r.Refusals {
		sum += n
	}
	return sum
}

// merged reports whether the regime is one merged firm.
func (r *Run) merged() bool {
	i := slices.Index(r.Frame.Regimes, r.Regime)
	return i >= 0 && r.Frame.Pooled[i]
}
