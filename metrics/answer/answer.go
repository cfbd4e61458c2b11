// Package answer turns a finished dataset into the answer to the question:
// what each form of cooperation gains over the baseline, how sure that is, how
// much of what could be gained it is, where it comes from, and in what words
// that may be said. It reads what is on disk, so that a resumed run answers
// with the same numbers as an uninterrupted one.
//
// Gains are paired by replicate: every regime of a replicate saw the same
// world. Ratios have Fieller intervals, and are withheld where what they
// divide, or divide by, cannot be told from zero.
package answer

import (
	"encoding/json"
	"math"

	"idleshift/metrics/stats"
)

// Level is the coverage of all intervals.
const Level = 0.95

// An Answer is what a run has to say. Its JSON keys are stable: keys may be
// added, none changes its meaning.
type Answer struct {
	Title         string         `json:"title" doc:"Title of the scenario."`
	Version       string         `json:"version" doc:"Version of the program."`
	Command       string         `json:"command" doc:"Command that makes the dataset."`
	Currency      string         `json:"currency" doc:"Currency of all money."`
	Seed          int64          `json:"seed" doc:"Root of every random draw."`
	Replicates    int            `json:"replicates" doc:"Independent random worlds."`
	Days          int            `json:"days" doc:"Measured working days."`
	WarmupDays    int            `json:"warmup_days" doc:"Working days before the measured ones."`
	DaysPerYear   int            `json:"days_per_year" doc:"Working days of a year."`
	Level         float64        `json:"level" doc:"Coverage of all intervals."`
	Intervals     string         `json:"intervals" doc:"What the intervals of surplus and gain are of: replicates, batches (tenths of the measured days of one replicate) or none."`
	Warmup        *Warmup        `json:"warmup" doc:"Whether measuring began too early, by a stated rule; null if the dataset has no table of days."`
	Firms         Number         `json:"firms" doc:"Firms, mean over replicates."`
	Employees     Number         `json:"employees" doc:"Employees, mean over replicates."`
	Baseline      string         `json:"baseline" doc:"Regime that gains are measured from."`
	Regimes       []Regime       `json:"regimes" doc:"Regimes, in the order of the scenario's compare."`
	Clairvoyant   *Bound         `json:"clairvoyant_bound" doc:"What nobody could exceed who knew all orders and breakdowns beforehand, owned every unit and met no friction; null if the dataset does not have it."`
	Decomposition *Decomposition `json:"decomposition" doc:"The gain split into unit of assembly and terms; null if the scenario asks for none or lacks a corner."`
	Shortage      Shortage       `json:"shortage" doc:"What shortage costs in the baseline, and how much of it each regime recovers."`
	Headline      Headline       `json:"headline" doc:"The answer in one sentence, with its numbers."`
	Notes         []Note         `json:"notes" doc:"Warnings."`
}

// A Regime is one form of cooperation.
type Regime struct {
	Name        string   `json:"name" doc:"Name in the scenario."`
	Title       string   `json:"title" doc:"Name as people read it."`
	Pooled      bool     `json:"pooled" doc:"One merged firm: a benchmark under the same loader, not a bound."`
	Utilisation Estimate `json:"utilisation" doc:"Hours worked as a share of practical capacity."`
	FillRate    Estimate `json:"fill_rate" doc:"Share of the hours asked for that were delivered."`
	OnTime      Estimate `json:"on_time_share" doc:"Share of orders delivered by their due date."`
	Deals       Estimate `json:"deals_per_year" doc:"Deals a year."`
	Surplus     Estimate `json:"surplus_per_year" doc:"Surplus of firms and platform a year."`
	Gain        *Gain    `json:"gain" doc:"Surplus over that of the baseline, paired by replicate; null for the baseline."`
}

// A Gain is the surplus of a regime over that of the baseline.
type Gain struct {
	PerYear         Estimate  `json:"per_year" doc:"Gain a year."`
	PerEmployee     Estimate  `json:"per_employee" doc:"Gain a year and employee."`
	OfFixed         *Estimate `json:"share_of_fixed_cost" doc:"Gain as a share of the fixed cost of capacity; null if the gain is not distinguishable from zero."`
	OfPooled        *Estimate `json:"share_of_pooled" doc:"Gain as a share of the pooled gain, never clipped; null if either is not distinguishable from zero."`
	OfClairvoyant   *Estimate `json:"share_of_clairvoyant" doc:"Gain as a share of what the clairvoyant bound leaves to gain: of the achievable it is that or more; null if either is not distinguishable from zero, or there is no bound."`
	WithoutInternal Estimate  `json:"without_internal_needs" doc:"Gain a year when internal needs do not count."`
	AfterSlack      Estimate  `json:"after_slack_charges" doc:"Gain a year when the charges for slack count as costs."`
	WorseOff        *Estimate `json:"share_of_firms_worse_off" doc:"Share of firms whose profit, transfers included, is below that in the baseline; null for a merged firm."`
	Pairing         Number    `json:"pairing_variance_factor" doc:"Variance of the gain if replicates were not paired, relative to that as paired; null with fewer than two replicates or when the gain does not vary."`
	P               Number    `json:"p" doc:"Two-sided p-value of the gain being zero, by Student's t; null if there is no interval."`
	Holm            Number    `json:"p_holm" doc:"The same adjusted by Holm's method for all regimes that are compared with the baseline."`
	Verdict         string    `json:"verdict" doc:"gain, loss, not distinguishable from zero, or no interval: by the adjusted p-value."`
	Sources         []Source  `json:"sources" doc:"Lines of the account that the gain is the sum of."`
}

// A Bound is a surplus that no regime can exceed.
type Bound struct {
	Surplus  Estimate  `json:"surplus_per_year" doc:"The bound on the surplus of a year."`
	Gain     Estimate  `json:"gain_per_year" doc:"The bound less the surplus of the baseline, paired by replicate: the most that could be gained in a year."`
	OfPooled *Estimate `json:"share_of_pooled" doc:"That as a share of the pooled gain; null if either is not distinguishable from zero."`
	Beaten   int       `json:"beaten" doc:"Regimes and replicates with a surplus above the bound: an error of the program if it is not 0."`
}

// A Source is a line of the account.
type Source struct {
	Account string   `json:"account" doc:"Line of the account."`
	PerYear Estimate `json:"per_year" doc:"What the line adds to the gain a year: a cost that falls is positive."`
}

// A Decomposition splits the gain from whole operations on contract terms to
// components on platform terms.
type Decomposition struct {
	Base        string   `json:"base" doc:"Regime of whole operations on contract terms."`
	TermsRegime string   `json:"terms_regime" doc:"Regime of whole operations on platform terms."`
	UnitRegime  string   `json:"unit_regime" doc:"Regime of components on contract terms."`
	BothRegime  string   `json:"both_regime" doc:"Regime of components on platform terms."`
	Terms       Estimate `json:"terms" doc:"Gain a year over the base by the terms alone."`
	Unit        Estimate `json:"unit" doc:"Gain a year over the base by the unit of assembly alone."`
	Both        Estimate `json:"both" doc:"Gain a year over the base by both together."`
	Interaction Estimate `json:"interaction" doc:"Both less unit less terms: what each adds to the other."`
}

// A Shortage is what it costs that capacity was not where the work was:
// potential less realised value of the orders.
type Shortage struct {
	Total   ShortageRow   `json:"total" doc:"All orders."`
	Sizes   []ShortageRow `json:"sizes" doc:"By size of need, in primary hours of the order."`
	Classes []ShortageRow `json:"classes" doc:"By order class."`
}

// A ShortageRow is the shortage cost of one group of orders.
type ShortageRow struct {
	Name      string     `json:"name" doc:"Size of need in hours, or order class."`
	Title     string     `json:"title" doc:"The same as people read it."`
	Internal  bool       `json:"internal" doc:"An internal need, whose value is the damage it averts."`
	Orders    Estimate   `json:"orders_per_year" doc:"Orders a year."`
	Baseline  Estimate   `json:"baseline_per_year" doc:"Shortage cost a year in the baseline."`
	Recovered []Recovery `json:"recovered" doc:"What each other regime recovers of it."`
}

// A Recovery is the part of a shortage cost that a regime does away with.
type Recovery struct {
	Regime  string    `json:"regime" doc:"Regime."`
	PerYear Estimate  `json:"per_year" doc:"Shortage cost recovered a year."`
	Share   *Estimate `json:"share" doc:"The same as a share of the baseline's; null if either is not distinguishable from zero."`
}

// A Headline is the answer in one sentence.
type Headline struct {
	Regime     string    `json:"regime" doc:"Regime that the sentence is about."`
	Rival      string    `json:"rival" doc:"Regime that it is set against; empty if none."`
	Difference *Estimate `json:"difference_per_year" doc:"Gain of the regime less that of the rival; null without a rival."`
	Ratio      *Estimate `json:"ratio" doc:"Gain of the regime over that of the rival; null without a rival, if either is not distinguishable from zero, or if the rival's contracts are still young."`
	Sentence   string    `json:"sentence" doc:"The sentence."`
}

// A Note is a warning.
type Note struct {
	Code   string `json:"code" doc:"What kind of warning."`
	Regime string `json:"regime" doc:"Regime that it is about; empty if all."`
	Text   string `json:"text" doc:"The warning."`
}

// A Number is null in JSON where it is not defined.
type Number float64

// MarshalJSON writes the number, or null.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// An Estimate is a mean over replicates, or a ratio of two, with its interval.
type Estimate struct {
	Mean Number `json:"mean" doc:"Estimate; null if it is not defined."`
	Low  Number `json:"low" doc:"Lower bound of its interval; null if there is none."`
	High Number `json:"high" doc:"Upper bound of its interval; null if there is none."`
}

func estimate(i stats.Interval) Estimate {
	return Estimate{Number(i.Mean), Number(i.Low), Number(i.High)}
}

// bounded reports whether there is an interval.
func (e Estimate) bounded() bool {
	return !math.IsInf(float64(e.Low), 0) && !math.IsInf(float64(e.High), 0) && !math.IsNaN(float64(e.Low+e.High))
}

// Clear reports whether the estimate can be told from zero.
func (e Estimate) Clear() bool { return e.bounded() && (e.Low > 0 || e.High < 0) }
