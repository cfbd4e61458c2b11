package agents

// Policy is the Spec of an employer's standing rules for lending its capacity.
type Policy struct {
	Sectors         []string  `toml:"sectors" ref:"sectors" doc:"Sectors that the policy is for; empty means all."`
	Sizes           []string  `toml:"sizes" ref:"sizes" doc:"Size classes that the policy is for; empty means all. Of several that fit a firm, the one that names most of sector and size holds, then the first by name; a policy that the firm's row of region.firms_file names holds before all."`
	Kinds           []string  `toml:"kinds" ref:"kinds" doc:"Kinds exposed to others; empty means all."`
	Domains         []string  `toml:"domains" ref:"domains" doc:"Domains exposed to others; empty means all."`
	ExposeDays      int       `toml:"expose_days" unit:"days" range:"[0,1000]" default:"1000" doc:"How many days ahead, today excluded, free hours are exposed; 0 exposes today alone."`
	Reserve         float64   `toml:"reserve_share" unit:"1" range:"[0,1]" default:"0" doc:"Share of a day's capacity that is never lent."`
	SlackCharge     []float64 `toml:"slack_charge_per_hour" unit:"currency/h" range:"[0,1e6]" doc:"Charge for lending an hour 0, 1, 2, … days ahead (the expected cost of displacing own later work); the last value holds beyond."`
	Approval        string    `toml:"approval" enum:"automatic,asked" default:"automatic" doc:"automatic, or asked for deal by deal."`
	ApprovalShare   float64   `toml:"approval_share" unit:"1" range:"[0,1]" default:"1" doc:"Share of asked deals that are approved; a refusal is final."`
	ApprovalDays    int       `toml:"approval_days" unit:"days" range:"[0,250]" default:"0" doc:"Days until an asked approval is given; hours are held meanwhile."`
	ToleratesBlind  float64   `toml:"tolerates_blind" unit:"1" range:"[0,1]" default:"1" doc:"Share of firms that join a tier with blind disclosure."`
	ToleratesSealed float64   `toml:"tolerates_sealed" unit:"1" range:"[0,1]" default:"1" doc:"Share of firms that join a tier with sealed bids."`
	ToleratesOpen   float64   `toml:"tolerates_open" unit:"1" range:"[0,1]" default:"1" doc:"Share of firms that join a tier with open disclosure."`
}

// Tier is the Spec of one market of a regime.
type Tier struct {
	Title         string   `toml:"title" default:"" doc:"Name of the tier as people read it; the key if empty."`
	Broker        string   `toml:"broker" enum:"@brokers" default:"greedy" doc:"Matching institution (see idleshift brokers)."`
	Unit          string   `toml:"unit" enum:"operation,component" doc:"What a deal is about: operation (machine and operator of one host) or component (any single part, recombined)."`
	Kinds         []string `toml:"kinds" ref:"kinds" doc:"Kinds traded, operators apart who come with a machine of their own firm; empty means all."`
	Categories    []string `toml:"categories" enum:"machine,staff,lab,floor" doc:"Categories traded; empty means all."`
	Operators     string   `toml:"operators" enum:"provider,requester,any" default:"any" doc:"Who may run a borrowed machine: its provider's people, the requester's, or any firm's (tiers of components). A provider's people come with its machine; alone, people are lent where their kind is traded."`
	Reach         string   `toml:"reach" enum:"platform,partners" default:"platform" doc:"Whom a firm can deal with: every member within the radius, or its known partners."`
	RadiusSite    float64  `toml:"radius_site_km" unit:"km" range:"[0,20000]" default:"20000" doc:"Greatest road distance to a kind that stands at its site."`
	RadiusTravels float64  `toml:"radius_travels_km" unit:"km" range:"[0,20000]" default:"20000" doc:"Greatest road distance for a person who travels, to the firm served and to the site of the work."`
	RadiusRemote  float64  `toml:"radius_remote_km" unit:"km" range:"[0,20000]" default:"20000" doc:"Greatest road distance for a remote service."`
	ClearingDays  int      `toml:"clearing_days" unit:"days" range:"[1,250]" default:"1" doc:"The tier clears every so many days."`
	Minimum       float64  `toml:"minimum_hours" unit:"h" range:"[0,1e5]" default:"0" doc:"Least hours of a deal."`
	FirstCost     float64  `toml:"first_deal_cost" unit:"currency/side" range:"[0,1e12]" default:"0" doc:"Transaction cost of a pair's first deal, for each side."`
	FirstDays     []int    `toml:"first_deal_days" unit:"days" range:"[0,1000]" doc:"Days that a first deal takes before work can start: one number, or least and most (drawn once for the pair); empty means 0."`
	CallOffCost   float64  `toml:"call_off_cost" unit:"currency/side" range:"[0,1e12]" default:"0" doc:"Transaction cost of every later deal while the pair's contract runs, for each side."`
	CallOffDays   int      `toml:"call_off_days" unit:"days" range:"[0,1000]" default:"0" doc:"Days that such a call-off takes before work can start."`
	ContractDays  int      `toml:"contract_days" unit:"days" range:"[0,100000]" default:"0" doc:"How long a pair's contract runs from its first deal; 0 makes every deal a first one."`
	Adoption      float64  `toml:"adoption" unit:"1" range:"[0,1]" default:"1" doc:"Share of firms that join (reach platform)."`
	Disclosure    string   `toml:"disclosure" enum:"blind,sealed,open" default:"open" doc:"What the broker is shown: blind (kind, domain, hours, window, zone, certificates), sealed (also bids and asks), open (also exact positions and values)."`
	BookOf        string   `toml:"book" enum:"deficits,all" default:"deficits" doc:"Which operations enter a clearing: those that lack something, or all that have not begun, own units being offers at own variable cost."`
	JoinCost      float64  `toml:"join_cost" unit:"currency/firm/year" range:"[0,1e9]" default:"0" doc:"Cost of membership to a firm and year (onboarding written off over its life)."`
	PolicyCost    float64  `toml:"policy_cost" unit:"currency/firm/year" range:"[0,1e9]" default:"0" doc:"Cost to a member firm and year of keeping its sharing policy."`
	RunningCost   float64  `toml:"running_cost" unit:"currency/year" range:"[0,1e12]" default:"0" doc:"Cost of running the platform."`
	FeeShare      float64  `toml:"fee_share" unit:"1" range:"[0,1]" default:"0" doc:"Platform fee as a share of what the requester pays: a transfer."`
	Unfamiliar    float64  `toml:"unfamiliar_factor" unit:"1" range:"[1,10]" default:"1" doc:"Factor on hours when people or machines of another firm are used."`
	Rework        float64  `toml:"rework_probability" unit:"1" range:"[0,1]" default:"0" doc:"Probability that such work is done twice; hours are booked at its expectation."`
	Candidates    int      `toml:"candidates" unit:"lots" range:"[1,100000]" default:"16" doc:"Most suppliers per missing component that a request is shown: the nearest that show enough hours in its window, among eight times as many; cuts are counted."`
}

// Regime is the Spec of a form of cooperation: the markets it has, in order.
type Regime struct {
	Title  string   `toml:"title" default:"" doc:"Name of the regime as people read it; the key if empty."`
	Tiers  []string `toml:"tiers" ref:"tiers" doc:"Market tiers in the order in which they clear; empty is autarky."`
	Pooled bool     `toml:"pooled" default:"false" doc:"One merged firm owns every unit and certificate, takes every order and needs no market."`
}
