// Package scenarios reads what a run is made of: one Scenario value, from a TOML
// file laid over the scenarios that it extends, with overrides on top.
//
// The layers are parsed to trees that know where everything stands, merged, and
// decoded once, strictly, by the tags beside the fields: these are the language,
// and its reference, explanations and JSON Schema come from them as well. Rules
// between keys are checked afterwards. All that is wrong is told in one pass,
// each error with the layer, line and column that it comes from.
package scenarios

import (
	"fmt"
	"maps"
	"slices"

	"idleshift/agents"
)

// A Scenario is everything that the results depend on. Tables of names are
// worked through in the order of their names, except the regimes, which run in
// the order of Compare.
type Scenario struct {
	Title          string                          `toml:"title" default:"" doc:"One line that says what the scenario is."`
	Description    string                          `toml:"description" default:"" doc:"What it is for and where its values come from."`
	Seed           int64                           `toml:"seed" unit:"1" range:"[0,9e15]" default:"1" doc:"Root of every random draw."`
	Replicates     int                             `toml:"replicates" unit:"1" range:"[1,1e6]" default:"10" doc:"Independent random worlds; every regime runs in each."`
	Currency       string                          `toml:"currency" default:"CAD" doc:"Name of the currency of all money."`
	Compare        []string                        `toml:"compare" ref:"regimes" doc:"Regimes to run, in the order of the tables."`
	Baseline       string                          `toml:"baseline" ref:"regimes" doc:"Regime that gains are measured from."`
	Headline       string                          `toml:"headline" ref:"regimes" default:"" doc:"Regime that the headline is about; empty means the last of compare that is not pooled."`
	Rival          string                          `toml:"rival" ref:"regimes" default:"" doc:"Regime that the headline sets it against; empty means none."`
	Decomposition  *Decomposition                  `toml:"decomposition" doc:"Which regimes are the corners of the split into unit of assembly and terms; absent if none."`
	Time           Time                            `toml:"time" doc:"Length of a run."`
	Region         Region                          `toml:"region" doc:"How the firms are made."`
	Transport      Transport                       `toml:"transport" doc:"Roads, freight and travel."`
	Demand         Demand                          `toml:"demand" doc:"What moves the rates of all orders."`
	Accounts       Accounts                        `toml:"accounts" doc:"Conventions of the account."`
	Places         map[string]Place                `toml:"places" doc:"Towns."`
	Kinds          map[string]agents.Kind          `toml:"kinds" doc:"Resource kinds."`
	Domains        map[string]agents.Domain        `toml:"domains" doc:"Capabilities within kinds."`
	Certifications map[string]agents.Certification `toml:"certifications" doc:"Certificates of firms."`
	Sectors        map[string]Sector               `toml:"sectors" doc:"Sectors."`
	Sizes          map[string]Size                 `toml:"sizes" doc:"Size classes."`
	Orders         map[string]agents.OrderClass    `toml:"orders" doc:"Order classes and internal needs."`
	Policies       map[string]agents.Policy        `toml:"policies" doc:"Sharing policies; firms that none fits expose everything."`
	Tiers          map[string]agents.Tier          `toml:"tiers" doc:"Market tiers that regimes are made of."`
	Regimes        map[string]agents.Regime        `toml:"regimes" doc:"Forms of cooperation."`

	Firms []FirmRow `toml:"-"` // the table of region.firms_file, in the order of its rows; read with the scenario
}

// Restrict leaves of the regimes to run the named ones, in their order, the
// baseline before them if it is not among them, and of the headline and the
// decomposition what they allow. A name that no regime has is an error, and
// then nothing changes.
func (sc *Scenario) Restrict(regimes []string) error {
	var compare []string
	for _, name := range regimes {
		if _, ok := sc.Regimes[name]; !ok {
			names := slices.Sorted(maps.Keys(sc.Regimes))
			return fmt.Errorf("unknown regime %q%s (allowed: %s)", name, Meant(Nearest(name, names)), some(names))
		}
		if !slices.Contains(compare, name) {
			compare = append(compare, name)
		}
	}
	if !slices.Contains(compare, sc.Baseline) {
		compare = slices.Insert(compare, 0, sc.Baseline)
	}
	runs := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(compare, name) })
	}
	sc.Compare = compare
	if !runs(sc.Headline) {
		sc.Headline = ""
	}
	if !runs(sc.Rival) {
		sc.Rival = ""
	}
	if d := sc.Decomposition; d != nil && !runs(d.Base, d.Terms, d.Unit, d.Both) {
		sc.Decomposition = nil
	}
	return nil
}

// Decomposition names the four corners of {operation, component} × {contract, platform}.
type Decomposition struct {
	Base  string `toml:"base" ref:"regimes" doc:"Whole operations on contract terms."`
	Terms string `toml:"terms" ref:"regimes" doc:"Whole operations on platform terms: the terms alone."`
	Unit  string `toml:"unit" ref:"regimes" doc:"Components on contract terms: the unit alone."`
	Both  string `toml:"both" ref:"regimes" doc:"Components on platform terms."`
}

// Time is the length of a run in working days.
type Time struct {
	Days     int `toml:"days" unit:"days" range:"[1,100000]" default:"250" doc:"Measured days."`
	Warmup   int `toml:"warmup_days" unit:"days" range:"[0,100000]" default:"0" doc:"Days before the measured ones."`
	Runout   int `toml:"runout_days" unit:"days" range:"[0,100000]" default:"250" doc:"Most days after the measured ones in which their open orders are followed; what is open then counts as lost and is reported."`
	Horizon  int `toml:"horizon_days" unit:"days" range:"[1,4096]" default:"64" doc:"How far ahead calendars reach, rounded up to a multiple of 64; work that does not fit is counted as overflow."`
	YearDays int `toml:"days_per_year" unit:"days" range:"[1,366]" default:"250" doc:"Working days of a year, for yearly figures."`
}

// Region is how the population of firms is made.
type Region struct {
	Firms         int     `toml:"firms" unit:"firms" range:"[0,1e7]" default:"0" doc:"Number of firms, spread over the size classes in proportion to their firms; 0 takes those numbers as they are."`
	File          string  `toml:"firms_file" default:"" doc:"CSV of real firms, relative to the scenario file: name, latitude, longitude, sector, employees, units.KIND, policy, certifications, partners; then no firm is drawn."`
	FileSum       string  `toml:"firms_sha256" default:"" doc:"SHA-256 that the table of firms must have; written into the record of a run, empty takes any table."`
	Redraw        bool    `toml:"redraw" default:"true" doc:"Draw the firms afresh in every replicate; false keeps those of the seed."`
	Endowment     string  `toml:"endowment" enum:"given,optimal" default:"given" doc:"given: units as sizes, sectors or the table of firms say; optimal: the integer counts that cost a firm alone least, where none are given."`
	Partners      [][]int `toml:"partners" unit:"firm numbers" range:"[1,1e7]" doc:"Directed list of known partners: each pair [a, b] lets firm a ask firm b (numbers from 1)."`
	PartnersMean  float64 `toml:"partners_per_firm" unit:"firms" range:"[0,64]" default:"0" doc:"Mean number of partners that a firm knows (Poisson), drawn by proximity and sector, where no list is given."`
	PartnerKm     float64 `toml:"partner_km" unit:"km" range:"(0,20000]" default:"40" doc:"Distance over which knowing each other falls by a factor e."`
	PartnerSector float64 `toml:"partner_same_sector" unit:"1" range:"[0,1]" default:"0.5" doc:"Share of partners looked for within the own sector."`
	ZoneKm        float64 `toml:"zone_km" unit:"km" range:"[1,1000]" default:"10" doc:"Side of the coarse zones that blind brokers see in place of positions."`
}

// Place is a town.
type Place struct {
	Title     string  `toml:"title" default:"" doc:"Name of the town as people read it; the key if empty."`
	Latitude  float64 `toml:"latitude" unit:"°" range:"[-85,85]" doc:"Latitude, north positive."`
	Longitude float64 `toml:"longitude" unit:"°" range:"[-180,180]" doc:"Longitude, east positive."`
	Share     float64 `toml:"share" unit:"1" range:"[0,1e9]" default:"1" doc:"Weight of the town among the region's firms (shares are taken relative to their sum)."`
	Spread    float64 `toml:"spread_km" unit:"km" range:"[0,500]" default:"0" doc:"Standard deviation of firms' distance from the centre in each direction."`
}

// Sector is an industry.
type Sector struct {
	Title       string             `toml:"title" default:"" doc:"Name of the sector as people read it; the key if empty."`
	Share       float64            `toml:"share" unit:"1" range:"[0,1e9]" default:"1" doc:"Weight of the sector among firms (shares are taken relative to their sum)."`
	Mix         map[string]float64 `toml:"mix" unit:"1" range:"[0,1e6]" ref:"orders" doc:"Multiplier on the rate of each order class; a class that is not named has none if any is named, otherwise all have 1."`
	Units       map[string]int     `toml:"units" unit:"units/firm" range:"[0,1e6]" ref:"kinds" doc:"Units of each kind that a firm owns."`
	PerEmployee map[string]float64 `toml:"units_per_employee" unit:"units/employee" range:"[0,100]" ref:"kinds" doc:"Units of each kind per employee, rounded up or down at random to keep the mean."`
}

// Size is a class of firms by employees.
type Size struct {
	Firms int            `toml:"firms" unit:"firms" range:"[0,1e7]" default:"1" doc:"Number of firms."`
	Least float64        `toml:"employees_least" unit:"employees" range:"[0,1e6]" default:"1" doc:"Fewest employees."`
	Most  float64        `toml:"employees_most" unit:"employees" range:"[0,1e6]" default:"1" doc:"Most employees."`
	Mean  float64        `toml:"employees_mean" unit:"employees" range:"[0,1e6]" default:"1" doc:"Mean employees; the draw is whole, between least and most."`
	Units map[string]int `toml:"units" unit:"units/firm" range:"[0,1e6]" ref:"kinds" doc:"Units of each kind that a firm owns, before what the sector says."`
	Phase *float64       `toml:"phase_amplitude" unit:"1" range:"[0,1]" doc:"Amplitude of the contract phase in this class, in place of demand.phase.amplitude."`
}

// Transport is what distance costs.
type Transport struct {
	RoadFactor  float64 `toml:"road_factor" unit:"1" range:"[1,5]" default:"1" doc:"Road distance per great-circle distance."`
	Consignment float64 `toml:"freight_per_consignment" unit:"currency" range:"[0,1e12]" default:"0" doc:"Fixed freight of sending work to another site and back."`
	FreightKm   float64 `toml:"freight_per_km" unit:"currency/km" range:"[0,1e9]" default:"0" doc:"Freight by road kilometre, paid both ways."`
	TravelKm    float64 `toml:"travel_per_km" unit:"currency/km" range:"[0,1e9]" default:"0" doc:"Cost of a person's travel by road kilometre, paid for a round trip per person and day."`
	Speed       float64 `toml:"travel_kmh" unit:"km/h" range:"[0,1000]" default:"0" doc:"Speed of travel; its hours come off the person's calendar; 0 means travel takes no time."`
}

// Demand is what moves rates over time; every multiplier has mean 1.
type Demand struct {
	Phase       Phase     `toml:"phase" doc:"Two states of a firm: a contract runs, or has ended."`
	Cycle       Cycle     `toml:"cycle" doc:"Business cycle of the region (AR(1) in logs)."`
	SectorCycle Cycle     `toml:"sector_cycle" doc:"Cycle of each sector (AR(1) in logs)."`
	Season      []float64 `toml:"season" unit:"1" range:"[0,100]" doc:"Multipliers over equal parts of the year, scaled to mean 1; empty means none."`
}

// Phase is a two-state Markov chain per firm.
type Phase struct {
	Amplitude  float64 `toml:"amplitude" unit:"1" range:"[0,1]" default:"0" doc:"Fall of demand when no contract runs, as a share of its mean; the high state makes up for it."`
	HighDays   float64 `toml:"mean_days_high" unit:"days" range:"[1,1e6]" default:"60" doc:"Mean length of a running contract."`
	LowDays    float64 `toml:"mean_days_low" unit:"days" range:"[1,1e6]" default:"60" doc:"Mean length of a gap."`
	Elasticity float64 `toml:"size_elasticity" unit:"1" range:"[-2,0]" default:"0" doc:"Elasticity of the amplitude to employees, relative to a firm of ten: volatility falls with size."`
}

// Cycle is an autoregression in logs.
type Cycle struct {
	SD   float64 `toml:"sd" unit:"1" range:"[0,2]" default:"0" doc:"Standard deviation of the log multiplier."`
	Auto float64 `toml:"quarterly_autocorrelation" unit:"1" range:"[0,1)" default:"0.7" doc:"Correlation with itself a quarter of a year later."`
}

// Accounts are the conventions by which surplus is counted.
type Accounts struct {
	OutsideShare float64 `toml:"outside_resource_share" unit:"1" range:"[0,1]" default:"1" doc:"Share of the outside market's price that is a resource cost: 1 is the regional account, the supplier's marginal cost share the social one."`
}
