package agents

// The tags of a Spec are the scenario language: toml is the key, unit its unit,
// range what is allowed ([a,b] closed, (a,b) open), enum the words that are
// allowed, ref the table whose names are allowed, default the value when the
// key is absent (a key without default is required; tables, lists and pointers
// are empty when absent) and doc one sentence. Everything that a user reads
// about a key comes from here.

// Kind is the Spec of a resource kind.
type Kind struct {
	Title         string         `toml:"title" default:"" doc:"Name of the kind as people read it; the key if empty."`
	Category      string         `toml:"category" enum:"machine,staff,lab,floor" doc:"What the kind is: machines, labs and floor stand at a site, staff are people."`
	Hours         float64        `toml:"hours_per_shift" unit:"h" range:"[0.1,24]" default:"8" doc:"Hours that one unit works in a shift."`
	Shifts        float64        `toml:"shifts" unit:"shifts/day" range:"[0.1,24]" default:"1" doc:"Shifts a day that one unit could run; a machine needs its operators in each."`
	NormalShifts  float64        `toml:"normal_shifts" unit:"shifts/day" range:"[0,24]" default:"0" doc:"Shifts a day that count as practical capacity when utilisation is reported; 0 means all of them."`
	FixedCost     float64        `toml:"fixed_cost_per_day" unit:"currency/unit/day" range:"[0,1e7]" default:"0" doc:"Cost of one unit on every working day, used or not."`
	VariableCost  float64        `toml:"variable_cost_per_hour" unit:"currency/h" range:"[0,1e6]" default:"0" doc:"Cost of one hour in use; also the public tariff that a blind broker works with."`
	CostCV        float64        `toml:"variable_cost_cv" unit:"1" range:"[0,1]" default:"0" doc:"Coefficient of variation of the variable cost between firms (lognormal, private to each firm)."`
	Operator      string         `toml:"operator" ref:"kinds" default:"" doc:"Staff kind that must be present while a unit works; empty if none."`
	OperatorHours float64        `toml:"operator_hours" unit:"h/h" range:"[0.001,10]" default:"1" doc:"Operator hours per hour of the kind."`
	Mobility      string         `toml:"mobility" enum:"site,travels,remote" default:"site" doc:"How the kind reaches another firm's work: site (the work travels to it), travels (the person travels to the work), remote (neither)."`
	Availability  Availability   `toml:"availability" doc:"Breakdowns of machines and absences of people."`
	OvertimeHours float64        `toml:"overtime_hours" unit:"h/unit/day" range:"[0,24]" default:"0" doc:"Overtime that one unit may add to a day."`
	Premium       float64        `toml:"overtime_premium" unit:"currency/h" range:"[0,1e6]" default:"0" doc:"Extra cost of an hour of overtime, on top of the variable cost."`
	Outside       *OutsideMarket `toml:"outside" doc:"Outside market that sells hours of the kind, operator included; absent if there is none."`
	MatchShare    float64        `toml:"match_share" unit:"1" range:"[0,1]" default:"1" doc:"Share of pairs of firms between which work of this kind fits at all."`
	Reference     float64        `toml:"reference_value_per_hour" unit:"currency/h" range:"[0,1e6]" default:"0" doc:"Published value of an hour of the kind, which a blind broker works with in place of the true value."`
}

// Availability is how units of a kind come and go.
type Availability struct {
	Process     string  `toml:"process" enum:"always,daily,sojourn" default:"always" doc:"always; daily (each unit is up with the given probability, afresh each day); sojourn (times between failures and to repair)."`
	Probability float64 `toml:"probability" unit:"1" range:"(0,1]" default:"1" doc:"Probability that a unit is up on a day (process daily)."`
	Between     float64 `toml:"mean_days_between_failures" unit:"days" range:"[1,1e6]" default:"250" doc:"Mean time between failures on the calendar clock (process sojourn)."`
	Repair      float64 `toml:"mean_days_to_repair" unit:"days" range:"[1,1000]" default:"1" doc:"Mean time to repair; a unit is down on those days (process sojourn)."`
}

// OutsideMarket is the market beyond the region for hours of one kind.
type OutsideMarket struct {
	Price    float64 `toml:"price_per_hour" unit:"currency/h" range:"[0,1e6]" doc:"Price of an hour, operator included."`
	LeadDays int     `toml:"lead_days" unit:"days" range:"[0,250]" default:"0" doc:"Days from commitment to delivery."`
	Minimum  float64 `toml:"minimum_hours" unit:"h" range:"[0,1e5]" default:"0" doc:"Least hours that are charged for."`
}

// Domain is the Spec of a capability within a kind.
type Domain struct {
	Title string  `toml:"title" default:"" doc:"Name of the domain as people read it; the key if empty."`
	Kind  string  `toml:"kind" ref:"kinds" doc:"Resource kind within which the capability lies."`
	Share float64 `toml:"share" unit:"1" range:"[0,1]" default:"1" doc:"Share of the kind's owners that hold it."`
}

// Certification is the Spec of a certificate that a firm may hold.
type Certification struct {
	Title string             `toml:"title" default:"" doc:"Name of the certificate as people read it; the key if empty."`
	Share float64            `toml:"share" unit:"1" range:"[0,1]" default:"0" doc:"Share of firms that hold it, where neither size nor the table of firms says otherwise."`
	Sizes map[string]float64 `toml:"sizes" unit:"1" range:"[0,1]" ref:"sizes" doc:"Share of firms that hold it, by size class."`
}
