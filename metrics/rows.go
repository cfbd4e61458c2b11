package metrics

import (
	"idleshift/agents"
	"idleshift/sim"
)

// FirmInfo is what a region fixes of a firm before its first day.
type FirmInfo struct {
	Name, Place, Sector, Size string
	Employees                 float64
	Latitude, Longitude       float64 // degrees
}

// Values are the metrics of a run, in the order of the Catalogue.
func Values(r *Run) []float64 {
	values := make([]float64, len(Catalogue))
	for i, m := range Catalogue {
		values[i] = m.Of(r)
	}
	return values
}

// Day is the row of one measured day, regime and kind.
func (f *Frame) Day(regime, replicate int, day agents.Day, kind int, h *agents.DayHours) DayRow {
	return DayRow{
		Regime:    f.Regimes[regime],
		Replicate: int32(replicate),
		Day:       int32(day),
		Kind:      f.Kinds[kind],
		Capacity:  h.Capacity.Float(),
		Own:       h.Own.Float(),
		Shared:    h.Shared.Float(),
		Overtime:  h.Overtime.Float(),
		Outside:   h.Outside.Float(),
		Late:      h.Late.Float(),
		Lost:      h.Lost.Float(),
		Setup:     h.Setup.Float(),
		Travel:    h.Travel.Float(),
		Idle:      h.Idle.Float(),
		Down:      h.Down.Float(),
		Normal:    h.Normal.Float(),
	}
}

// Firm is the row of one firm; info is the zero value but for the employees
// of a merged firm, whose number is -1.
func (f *Frame) Firm(regime, replicate int, r *sim.FirmResult, info *FirmInfo) FirmRow {
	l := &r.Ledger
	return FirmRow{
		Regime:      f.Regimes[regime],
		Replicate:   int32(replicate),
		Firm:        r.Firm,
		Name:        info.Name,
		Place:       info.Place,
		Sector:      info.Sector,
		Size:        info.Size,
		Employees:   info.Employees,
		Latitude:    info.Latitude,
		Longitude:   info.Longitude,
		Capacity:    r.Capacity.Float(),
		Own:         r.Own.Float(),
		Provided:    r.Provided.Float(),
		Received:    r.Received.Float(),
		Idle:        r.Idle.Float(),
		Value:       l[agents.Value].Float(),
		Lateness:    l[agents.Lateness].Float(),
		Variable:    l[agents.Variable].Float(),
		Overtime:    l[agents.Overtime].Float(),
		Outside:     l[agents.Outside].Float(),
		Transaction: l[agents.Transaction].Float(),
		Travel:      l[agents.Travel].Float(),
		Setup:       l[agents.Setup].Float(),
		Membership:  l[agents.Membership].Float(),
		Running:     l[agents.Running].Float(),
		Fixed:       l[agents.Fixed].Float(),
		Paid:        l[agents.Paid].Float(),
		ReceivedPay: l[agents.Received].Float(),
		Fees:        l[agents.Fees].Float(),
		Abroad:      l[agents.Abroad].Float(),
		Surplus:     l.Surplus().Float(),
		Profit:      l.Profit().Float(),
	}
}

// Deal is the row of one deal.
func (f *Frame) Deal(regime, replicate int, d *agents.Deal) DealRow {
	return DealRow{
		Regime:      f.Regimes[regime],
		Replicate:   int32(replicate),
		Day:         int32(d.Day),
		Tier:        f.Tiers[d.Tier],
		Kind:        f.Kinds[d.Kind],
		Class:       f.Classes[d.Class],
		Requester:   d.Requester,
		Provider:    d.Provider[0],
		Operator:    d.Provider[1],
		Hours:       d.Hours.Float(),
		Booked:      d.Booked[0].Float(),
		BookedOp:    d.Booked[1].Float(),
		TravelHours: d.TravelH.Float(),
		Km:          float64(d.Km),
		Waited:      int32(d.Waited),
		First:       d.First,
		Stake:       d.Stake.Float(),
		Variable:    d.Cost.Float(),
		Setup:       d.SetupCost.Float(),
		Slack:       d.Slack.Float(),
		Transaction: d.Trans.Float(),
		Freight:     d.Freight.Float(),
		Price:       d.Price.Float(),
		Fee:         d.Fee.Float(),
	}
}

// Need is the row of one order class and size of need.
func (f *Frame) Need(regime, replicate, class, size int, n *sim.Need) NeedRow {
	purpose := "work"
	if f.Internal[class] {
		purpose = "internal"
	}
	return NeedRow{
		Regime:    f.Regimes[regime],
		Replicate: int32(replicate),
		Class:     f.Classes[class],
		Purpose:   purpose,
		Size:      NeedSizes[size],
		Orders:    n.Orders,
		OnTime:    n.OnTime,
		Late:      n.Late,
		Lost:      n.Lost,
		Open:      n.Open,
		Hours:     n.Hours.Float(),
		Potential: n.Potential.Float(),
		Realised:  n.Realised.Float(),
		Shortage:  n.Shortage().Float(),
	}
}
