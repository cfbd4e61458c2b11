package report

import (
	"regexp"
	"slices"
	"strings"

	"idleshift/metrics/answer"
	"idleshift/scenarios"
)

// assumptions are values of the scenario that belong together.
type assumptions struct {
	Title string
	Rows  []assumption
}

// An assumption is what a key is for some names, and where that comes from.
type assumption struct {
	Key, Doc, Value, Unit string
	For                   string // names that have this value; empty if all have, or there are none
	Source                string
}

// hangsOn are the keys that an answer to what cooperation gains hangs on before
// others: who joins, on what terms, how far, for which work, against which
// alternative, and how demand moves.
var hangsOn = []struct {
	title string
	keys  []string
}{
	{"Who joins, and on what terms", []string{
		"tiers.*.adoption", "tiers.*.first_deal_cost", "tiers.*.first_deal_days", "tiers.*.call_off_cost", "tiers.*.call_off_days", "tiers.*.contract_days",
		"tiers.*.clearing_days", "tiers.*.join_cost", "tiers.*.policy_cost", "tiers.*.running_cost", "tiers.*.fee_share", "tiers.*.unfamiliar_factor", "tiers.*.rework_probability", "tiers.*.candidates",
	}},
	{"Who knows whom", []string{"region.partners_per_firm", "region.partner_km", "region.partner_same_sector"}},
	{"What firms are willing to share", []string{
		"policies.*.reserve_share", "policies.*.expose_days", "policies.*.slack_charge_per_hour", "policies.*.approval", "policies.*.approval_share",
		"policies.*.tolerates_blind", "policies.*.tolerates_sealed", "policies.*.tolerates_open",
	}},
	{"What others' machines and people can do", []string{"kinds.*.match_share", "kinds.*.mobility"}},
	{"What distance costs", []string{"transport.road_factor", "transport.freight_per_consignment", "transport.freight_per_km", "transport.travel_per_km", "transport.travel_kmh"}},
	{"What it costs to buy outside", []string{"kinds.*.outside.price_per_hour", "kinds.*.outside.lead_days", "accounts.outside_resource_share"}},
	{"How demand moves", []string{
		"demand.phase.amplitude", "demand.phase.mean_days_high", "demand.phase.mean_days_low", "demand.phase.size_elasticity", "demand.cycle.sd", "demand.cycle.quarterly_autocorrelation", "demand.sector_cycle.sd",
	}},
	{"What firms own", []string{"region.endowment", "kinds.*.fixed_cost_per_day", "kinds.*.shifts", "kinds.*.normal_shifts"}},
}

// assumptions lists the values of hangsOn with their sources.
func (p *page) assumptions(sc *scenarios.Scenario, text *scenarios.Base) error {
	probe, err := scenarios.NewProbe(sc)
	if err != nil {
		return err
	}
	used := map[string]bool{} // tiers
	for _, r := range sc.Compare {
		for _, t := range sc.Regimes[r].Tiers {
			used[t] = true
		}
	}
	moved := map[string]bool{}
	for _, key := range p.moved {
		for _, one := range probe.Match(key) {
			moved[one] = true
		}
	}
	for _, h := range hangsOn {
		group := assumptions{Title: h.title}
		for _, pattern := range h.keys {
			var rows []assumption
			names := map[int][]string{}
			all := 0
			for _, key := range probe.Match(pattern) {
				words := strings.Split(key, ".")
				value := probe.Value(key)
				if words[0] == "tiers" && !used[words[1]] || value.Absent() || value.IsTable() {
					continue
				}
				about, wrong := probe.Key(key)
				if wrong != nil {
					return *wrong
				}
				source := sourceOf(text, key, value, about)
				if moved[key] {
					source = "varied by the sweep; this is the base (" + source + ")"
				}
				p.Values++
				if strings.Contains(source, "assumption") {
					p.Assumed++
				}
				all++
				row := assumption{Key: about.Path, Doc: about.Doc, Value: shown(value), Unit: unit(about.Unit, sc.Currency), Source: source}
				at := slices.Index(rows, row)
				if at < 0 {
					at = len(rows)
					rows = append(rows, row)
				}
				if strings.Contains(pattern, "*") {
					names[at] = append(names[at], title(sc, words[0], words[1]))
				}
			}
			for i := range rows {
				if len(names[i]) < all || len(rows) > 1 {
					rows[i].For = strings.Join(names[i], ", ")
				}
			}
			group.Rows = append(group.Rows, rows...)
		}
		if len(group.Rows) > 0 {
			p.Assumptions = append(p.Assumptions, group)
		}
	}
	return nil
}

// sourceOf is the comment beside the value in the scenario's text, or why there
// is none.
func sourceOf(text *scenarios.Base, key string, value scenarios.Value, about scenarios.Key) string {
	if text == nil {
		if value.Text == about.Default || sameNumber(value.Text, about.Default) {
			return "as the program has it by default; the scenario's text was not at hand"
		}
		return "the scenario's text was not at hand"
	}
	written, comment := text.Written(key)
	switch {
	case written.Absent() && (about.Default == "" || sameNumber(value.Text, about.Default)):
		return "default of the program: an assumption"
	case written.Absent():
		return "set for this run: an assumption"
	case !same(written, value):
		said := "the scenario has " + shown(written)
		if comment != "" {
			said += ", " + comment
		}
		return "changed for this run: an assumption (" + said + ")"
	case comment == "":
		return "no source given"
	}
	return comment
}

var trailing = regexp.MustCompile(`(\d)\.0\b`)

// plain is a value without the point that TOML asks of whole numbers.
func plain(text string) string { return trailing.ReplaceAllString(text, "$1") }

func sameNumber(a, b string) bool { return plain(a) == plain(b) }

func same(a, b scenarios.Value) bool {
	if a.IsNumber && b.IsNumber {
		return a.Number == b.Number
	}
	return sameNumber(a.Text, b.Text)
}

func shown(v scenarios.Value) string {
	if v.IsWord {
		return v.Word
	}
	return plain(v.Text)
}

// unit puts the currency in place of its word; pure numbers have none.
func unit(u, currency string) string {
	if u == "1" {
		return ""
	}
	return strings.ReplaceAll(u, "currency", currency)
}

// title is what people read for a name of a table of the scenario.
func title(sc *scenarios.Scenario, table, name string) string {
	switch table {
	case "tiers":
		return answer.Inner(called(sc.Tiers[name].Title, name))
	case "kinds":
		return answer.Inner(called(sc.Kinds[name].Title, name))
	}
	return answer.Readable(name)
}
