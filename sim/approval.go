package sim

import (
	"idleshift/agents"
	"idleshift/agents/rng"
)

func (w *World) approvalKey(ord *order, op *operation, g int32) uint64 {
	return rng.Pair(ord.key+uint64(op.step), rng.Pair(uint64(ord.firm), uint64(g)))
}

// approves is the latent approval of a deal by both employers.
func (w *World) approves(ord *order, op *operation, g int32) bool {
	u := rng.Unit(w.source.Key(rng.Approval, w.approvalKey(ord, op, g), 0))
	for _, e := range []*exposure{w.exposure(ord.firm), w.exposure(g)} {
		if e.asked && u >= e.approval {
			return false
		}
	}
	return true
}

// decision is when the approvals of an operation's fresh deals are known and
// whether one will be refused; any tells whether there are such deals.
func (w *World) decision(i int32) (day agents.Day, refused, any bool) {
	for _, d := range w.fresh(i) {
		day = max(day, w.deals.at[d].decided)
		refused = refused || w.deals.at[d].refused
		any = true
	}
	return day, refused, any
}

// turnDown undoes deals that an employer refused: both sides' cost is spent.
func (w *World) turnDown(i int32) {
	op := &w.ops[i]
	ord := &w.orders.at[op.order]
	op.spurned = true
	for _, d := range w.fresh(i) {
		x := &w.deals.at[d]
		w.payTransaction(ord, x)
		for _, g := range x.lenders {
			if g != agents.None && !w.approves(ord, op, g) {
				w.refused.set(w.approvalKey(ord, op, g), w.day)
			}
		}
		w.result.Refusals[RefusedApproval]++
		w.tell(ord, Event{What: Refused, Operation: op.step, Kind: w.step(op).kind, Tier: x.row.Tier, Others: x.lenders, Reason: RefusedApproval})
	}
	w.undo(i)
}

// decide settles the deals whose approvals are known today.
func (w *World) decide() {
	kept := w.pending[:0]
	for _, i := range w.pending {
		if !w.ops[i].waiting {
			continue
		}
		day, refused, _ := w.decision(i)
		switch {
		case day > w.day:
			kept = append(kept, i)
		case refused:
			w.turnDown(i)
		default:
			w.ops[i].waiting = false
			w.confirm(w.ops[i].order)
		}
	}
	w.pending = kept
}

// cancelPending undoes the deals of an order that wait for approval.
func (w *World) cancelPending(o int32) {
	ord := &w.orders.at[o]
	for i := ord.first; i < ord.first+int32(ord.steps); i++ {
		if w.ops[i].waiting {
			w.undo(i)
		}
	}
}
