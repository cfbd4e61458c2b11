package scenarios

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"idleshift/agents"
	"idleshift/agents/brokers"
)

// Most names of tables that firms hold as bits of one word.
const mostBits = 64

// check tells what is wrong between keys that are right each by itself.
func (d *decoder) check(sc *Scenario) {
	if d.unsure() {
		return
	}
	d.checkComparison(sc)
	d.checkRegion(sc)
	d.checkTime(sc)
	for _, name := range slices.Sorted(maps.Keys(sc.Kinds)) {
		k := sc.Kinds[name]
		d.checkKind(sc, &k, []string{"kinds", name})
	}
	for _, name := range slices.Sorted(maps.Keys(sc.Orders)) {
		c := sc.Orders[name]
		d.checkOrders(sc, &c, []string{"orders", name})
	}
	for _, name := range slices.Sorted(maps.Keys(sc.Tiers)) {
		t := sc.Tiers[name]
		d.checkTier(sc, &t, []string{"tiers", name})
	}
	for _, name := range slices.Sorted(maps.Keys(sc.Regimes)) {
		r := sc.Regimes[name]
		d.checkRegime(sc, &r, []string{"regimes", name})
	}
}

// rule reports a broken rule about the key at the path, unless that key or one
// that the rule also rests on has an error of its own or was not read.
func (d *decoder) rule(path []string, problem, allowed, near string, on ...[]string) {
	for _, p := range append(on, path) {
		if !d.sound(p) {
			return
		}
	}
	d.report(d.spot(path), path, problem, allowed, near)
}

// spot is where the value at the path stands, or the table that lacks it.
func (d *decoder) spot(path []string) spot {
	n := d.root
	for i, p := range path {
		var next *node
		if j, err := strconv.Atoi(p); n.isList && err == nil && j >= 1 && j <= len(n.list) {
			next = n.list[j-1]
		} else {
			next = n.table[p]
		}
		if next == nil {
			return n.key
		}
		if n = next; i == len(path)-1 && n.table == nil {
			return n.at
		}
	}
	return n.key
}

func path(keys ...string) []string { return keys }

func (d *decoder) checkComparison(sc *Scenario) {
	if len(sc.Compare) == 0 {
		d.rule(path("compare"), "names no regime to run", some(d.names("regimes")), "")
	}
	for i, r := range sc.Compare {
		if slices.Contains(sc.Compare[:i], r) {
			d.rule(path("compare", strconv.Itoa(i+1)), fmt.Sprintf("%q stands in the list twice", r), "", "")
		}
	}
	in := func(regime string, keys ...string) {
		if regime != "" && len(sc.Compare) > 0 && !slices.Contains(sc.Compare, regime) {
			d.rule(keys, fmt.Sprintf("%q is not among the regimes to run", regime), "one of compare: "+some(sc.Compare), Nearest(regime, sc.Compare), path("compare"))
		}
	}
	in(sc.Baseline, "baseline")
	in(sc.Headline, "headline")
	in(sc.Rival, "rival")
	if sc.Headline != "" && sc.Headline == sc.Baseline {
		d.rule(path("headline"), "measures the baseline from itself", "", "", path("baseline"))
	}
	if sc.Headline != "" && sc.Headline == sc.Rival {
		d.rule(path("rival"), "sets the headline against itself", "", "", path("headline"))
	}
	if c := sc.Decomposition; c != nil {
		seen := map[string]string{}
		for _, corner := range []struct{ key, regime string }{{"base", c.Base}, {"terms", c.Terms}, {"unit", c.Unit}, {"both", c.Both}} {
			in(corner.regime, "decomposition", corner.key)
			if other := seen[corner.regime]; other != "" && corner.regime != "" {
				d.rule(path("decomposition", corner.key), fmt.Sprintf("%q is also %s: the corners are four regimes", corner.regime, other), "", "", path("decomposition", other))
			}
			seen[corner.regime] = corner.key
		}
	}
}

func (d *decoder) checkRegion(sc *Scenario) {
	for _, t := range []struct {
		key   string
		count int
	}{{"kinds", len(sc.Kinds)}, {"sectors", len(sc.Sectors)}, {"orders", len(sc.Orders)}} {
		if t.count == 0 {
			d.rule(path(t.key), "is empty: a region needs at least one", "a table ["+t.key+".NAME]", "")
		}
	}
	for _, t := range []struct {
		key   string
		count int
	}{{"domains", len(sc.Domains)}, {"certifications", len(sc.Certifications)}} {
		if t.count > mostBits {
			d.rule(path(t.key), fmt.Sprintf("%d tables are too many", t.count), fmt.Sprintf("at most %d", mostBits), "")
		}
	}
	shares := 0.0
	for _, s := range sc.Sectors {
		shares += s.Share
	}
	if len(sc.Sectors) > 0 && shares == 0 {
		d.rule(path("sectors"), "the shares of all sectors are 0", "at least one share above 0", "")
	}
	for _, name := range slices.Sorted(maps.Keys(sc.Sizes)) {
		d.checkSize(sc.Sizes[name], path("sizes", name))
	}
	if len(sc.Demand.Season) > 0 && total(sc.Demand.Season) == 0 {
		d.rule(path("demand", "season"), "all multipliers are 0", "at least one above 0", "")
	}
	if sc.Region.File == "" {
		d.checkDrawn(sc)
	}
}

// classed is how many firms the size classes have.
func (sc *Scenario) classed() int {
	firms := 0
	for _, s := range sc.Sizes {
		firms += s.Firms
	}
	return firms
}

// checkDrawn is about regions whose firms are drawn.
func (d *decoder) checkDrawn(sc *Scenario) {
	shares := 0.0
	for _, p := range sc.Places {
		shares += p.Share
	}
	switch {
	case len(sc.Places) == 0:
		d.rule(path("places"), "is empty: firms that are drawn need a place", "a table [places.NAME], or region.firms_file", "")
	case shares == 0:
		d.rule(path("places"), "the shares of all places are 0", "at least one share above 0", "")
	}
	firms := sc.classed()
	switch {
	case len(sc.Sizes) == 0:
		d.rule(path("sizes"), "is empty: firms that are drawn need a size class", "a table [sizes.NAME], or region.firms_file", "")
		return
	case firms == 0:
		d.rule(path("sizes"), "the numbers of firms of all size classes are 0", "at least one above 0", "")
		return
	}
	if sc.Region.Firms > 0 {
		firms = sc.Region.Firms
	}
	d.checkPartners(sc, firms, "region.firms or the size classes have "+strconv.Itoa(firms)+" firms")
}

func (d *decoder) checkPartners(sc *Scenario, firms int, why string) {
	seen := map[[2]int]bool{}
	for i, p := range sc.Region.Partners {
		here := path("region", "partners", strconv.Itoa(i+1))
		if len(p) != 2 {
			d.rule(here, fmt.Sprintf("a pair has two firm numbers, this has %d", len(p)), "[a, b]: firm a may ask firm b", "")
			continue
		}
		for j, firm := range p {
			if firm > firms {
				d.rule(within(here, strconv.Itoa(j+1)), fmt.Sprintf("there is no firm %d", firm), fmt.Sprintf("1 to %d: %s", firms, why), "")
			}
		}
		if p[0] == p[1] {
			d.rule(here, "a firm is no partner of itself", "", "")
		}
		if seen[[2]int{p[0], p[1]}] {
			d.rule(here, "this pair stands in the list twice", "", "")
		}
		seen[[2]int{p[0], p[1]}] = true
	}
}

func (d *decoder) checkSize(s Size, at []string) {
	least, mean, most := within(at, "employees_least"), within(at, "employees_mean"), within(at, "employees_most")
	switch {
	case s.Least > s.Most:
		d.rule(most, fmt.Sprintf("the most employees (%v) are fewer than the fewest (%v)", s.Most, s.Least), "", "", least)
	case math.Ceil(s.Least) > math.Floor(s.Most):
		d.rule(most, fmt.Sprintf("no whole number lies between %v and %v employees", s.Least, s.Most), "", "", least)
	case s.Mean < s.Least || s.Mean > s.Most:
		d.rule(mean, fmt.Sprintf("the mean of %v employees lies outside the class", s.Mean),
			fmt.Sprintf("%v to %v, which are employees_least and employees_most", s.Least, s.Most), "", least, most)
	}
}

func (d *decoder) checkTime(sc *Scenario) {
	horizon := (sc.Time.Horizon + 63) / 64 * 64
	for _, name := range slices.Sorted(maps.Keys(sc.Orders)) {
		lead := sc.Orders[name].Lead
		if days := float64(lead.Minimum) + lead.Mean; days > float64(horizon-1) {
			d.rule(path("orders", name, "lead"),
				fmt.Sprintf("a mean lead time of %v days reaches beyond the calendars, which end after %d", days, horizon-1),
				fmt.Sprintf("at most %d days, or a longer time.horizon_days", horizon-1), "", path("time", "horizon_days"))
		}
	}
}

func (d *decoder) checkKind(sc *Scenario, k *agents.Kind, at []string) {
	if hours := k.Hours*k.Shifts + k.OvertimeHours; hours > 24 {
		key := "shifts"
		if k.Hours*k.Shifts <= 24 {
			key = "overtime_hours"
		}
		d.rule(within(at, key), fmt.Sprintf("hours_per_shift × shifts + overtime_hours make a day of %v hours", hours), "at most 24", "",
			within(at, "hours_per_shift"), within(at, "shifts"), within(at, "overtime_hours"))
	}
	if k.NormalShifts > k.Shifts {
		d.rule(within(at, "normal_shifts"), fmt.Sprintf("%v are more than the %v shifts that a unit could run", k.NormalShifts, k.Shifts), "", "", within(at, "shifts"))
	}
	operator, category := within(at, "operator"), within(at, "category")
	if k.Operator != "" {
		other, ok := sc.Kinds[k.Operator]
		switch {
		case k.Category == "staff":
			d.rule(operator, "staff need no operator", "none: leave the key out", "", category)
		case ok && other.Category != "staff":
			staff := d.kinds(sc, func(k *agents.Kind) bool { return k.Category == "staff" })
			d.rule(operator, fmt.Sprintf("%q is no staff kind but %s", k.Operator, other.Category), cmp.Or(some(staff), "a kind of category staff"), Nearest(k.Operator, staff),
				path("kinds", k.Operator, "category"))
		}
	}
	if k.Mobility == "travels" && k.Category != "staff" {
		d.rule(within(at, "mobility"), "only people travel; this kind is "+k.Category, "site, remote", "", category)
	}
}

// kinds lists the kinds that fit, by name.
func (d *decoder) kinds(sc *Scenario, fits func(*agents.Kind) bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(sc.Kinds)) {
		if k := sc.Kinds[name]; fits(&k) {
			names = append(names, name)
		}
	}
	return names
}

func (d *decoder) checkOrders(sc *Scenario, c *agents.OrderClass, at []string) {
	arrivals := within(at, "arrivals")
	if c.Arrivals == "listed" {
		d.listed(at, "counts", len(c.Counts), c.Probabilities, "arrivals")
	} else {
		d.unused(at, "counts", len(c.Counts), "arrivals", c.Arrivals, "listed")
		d.unused(at, "probabilities", len(c.Probabilities), "arrivals", c.Arrivals, "listed")
	}
	breakdown := within(at, "breakdown_of")
	sojourn := func(k *agents.Kind) bool { return k.Availability.Process == "sojourn" }
	switch {
	case c.Arrivals == "breakdown" && c.Breakdown == "":
		d.rule(breakdown, `is missing: arrivals = "breakdown" need the kind that breaks down`, cmp.Or(some(d.kinds(sc, sojourn)), "a kind whose availability.process is sojourn"), "", arrivals)
	case c.Arrivals != "breakdown" && c.Breakdown != "":
		d.rule(breakdown, fmt.Sprintf("is not used with arrivals = %q", c.Arrivals), `arrivals = "breakdown"`, "", arrivals)
	case c.Breakdown != "":
		if k, ok := sc.Kinds[c.Breakdown]; ok && !sojourn(&k) {
			fit := d.kinds(sc, sojourn)
			d.rule(breakdown, fmt.Sprintf("units of %q do not break down: its availability.process is %s", c.Breakdown, k.Availability.Process),
				cmp.Or(some(fit), "a kind whose availability.process is sojourn"), Nearest(c.Breakdown, fit), path("kinds", c.Breakdown, "availability", "process"))
		}
	}
	if len(c.Operations) == 0 {
		d.rule(within(at, "operations"), "has no operation", "at least one [[orders."+at[1]+".operations]]", "")
	}
	for i := range c.Operations {
		d.checkOperation(sc, &c.Operations[i], within(within(at, "operations"), strconv.Itoa(i+1)))
	}
}

func (d *decoder) checkOperation(sc *Scenario, o *agents.Operation, at []string) {
	if dom, ok := sc.Domains[o.Domain]; ok && o.Domain != "" && dom.Kind != o.Kind {
		var fit []string
		for _, name := range slices.Sorted(maps.Keys(sc.Domains)) {
			if sc.Domains[name].Kind == o.Kind {
				fit = append(fit, name)
			}
		}
		d.rule(within(at, "domain"), fmt.Sprintf("%q lies within %s, the operation is one of %s", o.Domain, dom.Kind, o.Kind),
			cmp.Or(some(fit), "none: no domain lies within "+o.Kind), Nearest(o.Domain, fit), within(at, "kind"), path("domains", o.Domain, "kind"))
	}
	d.checkLaw(&o.Hours, within(at, "hours"))
}

// checkLaw is about laws of hours, of which no more than none would be nothing
// to do.
func (d *decoder) checkLaw(l *agents.Law, at []string) {
	law, mean := within(at, "law"), within(at, "mean")
	if l.Least > l.Most {
		d.rule(within(at, "most"), fmt.Sprintf("%v is less than the least, %v", l.Most, l.Least), "", "", within(at, "least"))
	}
	if l.Law == "listed" {
		d.listed(at, "values", len(l.Values), l.Probabilities, "law")
		return
	}
	d.unused(at, "values", len(l.Values), "law", l.Law, "listed")
	d.unused(at, "probabilities", len(l.Probabilities), "law", l.Law, "listed")
	switch {
	case l.Mean == 0:
		d.rule(mean, "is 0: an operation takes some hours", "above 0", "", law)
	case l.Law == "geometric" && l.Mean < l.Step:
		d.rule(mean, fmt.Sprintf("%v is less than one step of %v: a geometric draw has at least one", l.Mean, l.Step), fmt.Sprintf("at least %v", l.Step), "", law, within(at, "step"))
	}
}

// listed checks values with probabilities, which the key by needs.
func (d *decoder) listed(at []string, values string, n int, p []float64, by string) {
	key, prob := within(at, values), within(at, "probabilities")
	on := within(at, by)
	switch sum := total(p); {
	case n == 0:
		d.rule(key, fmt.Sprintf(`is missing: %s = "listed" needs it`, by), "a list such as [1, 2]", "", on)
	case len(p) != n:
		d.rule(prob, fmt.Sprintf("%d probabilities for %d %s", len(p), n, values), fmt.Sprintf("%d of them", n), "", on, key)
	case math.Abs(sum-1) > 1e-6:
		d.rule(prob, fmt.Sprintf("add to %.9g", sum), "a sum of 1", "", on)
	}
}

func total(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum
}

// unused reports a list that the word chosen for the key by does not look at.
func (d *decoder) unused(at []string, key string, n int, by, word, instead string) {
	if n > 0 && word != "" {
		d.rule(within(at, key), fmt.Sprintf("is not used with %s = %q", by, word), fmt.Sprintf("%s = %q", by, instead), "", within(at, by))
	}
}

func (d *decoder) checkTier(sc *Scenario, t *agents.Tier, at []string) {
	days := within(at, "first_deal_days")
	switch n := len(t.FirstDays); {
	case n > 2:
		d.rule(days, fmt.Sprintf("has %d numbers", n), "one, or least and most", "")
	case n == 2 && t.FirstDays[0] > t.FirstDays[1]:
		d.rule(days, fmt.Sprintf("the least, %d, is more than the most, %d", t.FirstDays[0], t.FirstDays[1]), "[least, most]", "")
	}
	if t.Reach == "partners" {
		for _, x := range []struct {
			key  string
			used bool
		}{{"adoption", t.Adoption != 1}, {"join_cost", t.JoinCost != 0}, {"policy_cost", t.PolicyCost != 0}, {"running_cost", t.RunningCost != 0}} {
			if x.used {
				d.rule(within(at, x.key), "is not used with reach = \"partners\": who knows each other needs no platform", "none: leave the key out", "", within(at, "reach"))
			}
		}
	}
	broker, ok := brokers.ByName(t.Broker)
	shown, known := brokers.DisclosureOf(t.Disclosure)
	if ok && known && shown < broker.Needs() {
		d.rule(within(at, "disclosure"), fmt.Sprintf("%s shows the broker less than %s needs", t.Disclosure, t.Broker), enough(broker), "", within(at, "broker"))
	}
	if t.BookOf == "all" {
		for _, name := range slices.Sorted(maps.Keys(sc.Policies)) {
			if p := sc.Policies[name]; p.Approval == "asked" && p.ApprovalDays > 0 {
				d.rule(within(at, "book"), fmt.Sprintf(`"all" leaves nothing that could be held for an order while it waits %d days for an approval`, p.ApprovalDays),
					`"deficits", or approval_days = 0`, "", path("policies", name, "approval_days"))
			}
		}
	}
	for i, kind := range t.Kinds {
		if k, ok := sc.Kinds[kind]; ok && len(t.Categories) > 0 && !slices.Contains(t.Categories, k.Category) {
			d.rule(within(within(at, "kinds"), strconv.Itoa(i+1)), fmt.Sprintf("%q is %s, which is not among the categories traded", kind, k.Category), "kinds of category "+strings.Join(t.Categories, ", "), "",
				within(at, "categories"), path("kinds", kind, "category"))
		}
	}
}

// enough lists the disclosures that the broker can work with.
func enough(b brokers.Broker) string {
	var names []string
	for d := b.Needs(); d <= brokers.Open; d++ {
		names = append(names, d.String())
	}
	return strings.Join(names, ", ")
}

func (d *decoder) checkRegime(sc *Scenario, r *agents.Regime, at []string) {
	tiers := within(at, "tiers")
	if r.Pooled && len(r.Tiers) > 0 {
		d.rule(tiers, "a pooled regime is one firm and has no market", "none: leave the key out", "", within(at, "pooled"))
	}
	all := ""
	for i, name := range r.Tiers {
		here := within(tiers, strconv.Itoa(i+1))
		if slices.Contains(r.Tiers[:i], name) {
			d.rule(here, fmt.Sprintf("%q stands in the list twice", name), "", "")
			continue
		}
		if sc.Tiers[name].BookOf != "all" {
			continue
		}
		if all != "" {
			d.rule(here, fmt.Sprintf(`%q has book = "all", and so has %q: an operation that has not begun can be in one such book only`, name, all), `one tier with book = "all"`, "", path("tiers", name, "book"))
		}
		all = name
	}
}
