package agents

// OrderClass is the Spec of a class of orders or internal needs.
type OrderClass struct {
	Title         string      `toml:"title" default:"" doc:"Name of the class as people read it; the key if empty."`
	Purpose       string      `toml:"purpose" enum:"work,internal" default:"work" doc:"work for customers, or an internal need whose value is the damage it averts; results are given with and without the internal needs."`
	Arrivals      string      `toml:"arrivals" enum:"poisson,fixed,listed,breakdown" default:"poisson" doc:"poisson; fixed (rate every day, no noise, fractions carried over); listed (counts with probabilities, rate is ignored); breakdown (a failure of a unit raises it)."`
	Rate          float64     `toml:"rate" unit:"orders/day" range:"[0,1e6]" default:"0" doc:"Mean orders a day, per employee or per firm as per says."`
	Per           string      `toml:"per" enum:"employee,firm" default:"firm" doc:"What the rate is per."`
	Counts        []int       `toml:"counts" unit:"orders/day" range:"[0,1e6]" doc:"Numbers of orders a day (arrivals listed)."`
	Probabilities []float64   `toml:"probabilities" unit:"1" range:"[0,1]" doc:"Probability of each number in counts; they add to 1."`
	Breakdown     string      `toml:"breakdown_of" ref:"kinds" default:"" doc:"Kind whose failures raise the order (arrivals breakdown; the kind's availability must be a sojourn)."`
	RaiseShare    float64     `toml:"breakdown_share" unit:"1" range:"[0,1]" default:"1" doc:"Share of failures that raise the order."`
	CommonShare   float64     `toml:"common_share" unit:"1" range:"[0,1]" default:"0" doc:"Share of demand that is one draw common to all firms of the group: the correlation between firms."`
	CommonGroup   string      `toml:"common_group" enum:"region,sector" default:"region" doc:"Group of firms that shares the common draw."`
	Operations    []Operation `toml:"operations" doc:"Routing: operations in sequence."`
	Lead          Lead        `toml:"lead" doc:"Days from arrival to the due date."`
	Value         float64     `toml:"value" unit:"currency/order" range:"[0,1e9]" default:"0" doc:"Value of an order net of materials, beside the value per hour."`
	HourValue     float64     `toml:"value_per_hour" unit:"currency/h" range:"[0,1e6]" default:"0" doc:"Value net of materials per hour of the operations' primary kinds."`
	LateCost      float64     `toml:"lateness_cost" unit:"share of value/day" range:"[0,10]" default:"0" doc:"Cost of each day late, as a share of the order's value."`
	LateDays      int         `toml:"max_late_days" unit:"days" range:"[0,1000]" default:"0" doc:"Most days late that the customer accepts; 0 means due is due."`
	Certification string      `toml:"certification" ref:"certifications" default:"" doc:"Certificate that whoever does the work must hold; empty if none."`
	Completion    string      `toml:"completion" enum:"whole,partial" default:"whole" doc:"whole: delivered complete or lost; partial: each hour served earns its share of the value."`
	LostToRegion  float64     `toml:"lost_to_region" unit:"1" range:"[0,1]" default:"0" doc:"Share of lost work that other firms of the region win: its value less its variable cost at the firm that loses it."`
}

// Operation is one step of a routing.
type Operation struct {
	Kind     string  `toml:"kind" ref:"kinds" doc:"Resource kind that does the step; its operator comes with it."`
	Domain   string  `toml:"domain" ref:"domains" default:"" doc:"Capability within the kind that the step needs; empty if none."`
	Hours    Law     `toml:"hours" doc:"Hours of the kind."`
	Setup    float64 `toml:"setup_hours" unit:"h" range:"[0,1000]" default:"0" doc:"Set-up at every site that works on the step."`
	MaxUnits int     `toml:"max_units_per_day" unit:"units" range:"[1,100000]" default:"1" doc:"Most units that work on the step on one day."`
	MaxSites int     `toml:"max_sites" unit:"sites" range:"[1,1000]" default:"1" doc:"Most sites that the step may be divided between."`
}

// Law is a probability law of a non-negative quantity.
type Law struct {
	Law           string    `toml:"law" enum:"fixed,listed,geometric,exponential,gamma,lognormal,normal" default:"fixed" doc:"fixed; listed (values with probabilities); geometric (1, 2, … times step, by mean); exponential; gamma; lognormal; normal (cut off at 0)."`
	Mean          float64   `toml:"mean" unit:"h" range:"[0,1e6]" default:"0" doc:"Mean (before the cut for normal; not used by listed)."`
	CV            float64   `toml:"cv" unit:"1" range:"[0,20]" default:"0" doc:"Coefficient of variation (gamma, lognormal, normal)."`
	Step          float64   `toml:"step" unit:"h" range:"[0.001,1000]" default:"1" doc:"Size of one step of the geometric law."`
	Values        []float64 `toml:"values" unit:"h" range:"[0,1e6]" doc:"Values of the listed law."`
	Probabilities []float64 `toml:"probabilities" unit:"1" range:"[0,1]" doc:"Probability of each value; they add to 1."`
	Least         float64   `toml:"least" unit:"h" range:"[0,1e6]" default:"0" doc:"Smaller draws count as this."`
	Most          float64   `toml:"most" unit:"h" range:"[0,1e6]" default:"1e6" doc:"Larger draws count as this."`
}

// Lead is the law of lead times: a minimum plus a gamma draw.
type Lead struct {
	Minimum int     `toml:"minimum_days" unit:"days" range:"[0,1000]" default:"0" doc:"Least days from arrival to the due date; 0 means due on the day of arrival."`
	Mean    float64 `toml:"mean_extra_days" unit:"days" range:"[0,1000]" default:"0" doc:"Mean of the gamma draw that is added and rounded down to whole days."`
	CV      float64 `toml:"cv" unit:"1" range:"[0,5]" default:"0.5" doc:"Coefficient of variation of that draw."`
}
