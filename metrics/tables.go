package metrics

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// The tables of a dataset, in the order in which they are written.
const (
	Runs  = "runs"  // a row per replicate and regime, a column per metric
	Needs = "needs" // a row per replicate, regime, order class and size of need
	Days  = "days"  // a row per replicate, measured day, regime and kind
	Firms = "firms" // a row per replicate, regime and firm
	Deals = "deals" // a row per deal for an order that arrived in the measured days
)

// The tables that a sweep has beside them.
const (
	Points   = "points"   // a row per point
	Failures = "failures" // a row per point and replicate that failed
)

// Tables lists the tables that a run may have.
var Tables = []string{Runs, Needs, Days, Firms, Deals}

// DayRow is a row of the days table.
type DayRow struct {
	Regime    string  `parquet:"regime,dict" doc:"Regime."`
	Replicate int32   `parquet:"replicate,delta" unit:"1" doc:"Replicate, from 0."`
	Day       int32   `parquet:"day,delta" unit:"day" doc:"Measured working day, from 0."`
	Kind      string  `parquet:"kind,dict" doc:"Resource kind."`
	Capacity  float64 `parquet:"capacity,dict" unit:"h" doc:"Hours that all units could run: own + late + shared + setup + travel + idle + down."`
	Own       float64 `parquet:"own,split" unit:"h" doc:"Worked for own orders, in time."`
	Shared    float64 `parquet:"shared,split" unit:"h" doc:"Worked for other firms."`
	Overtime  float64 `parquet:"overtime,split" unit:"h" doc:"Worked beyond capacity."`
	Outside   float64 `parquet:"outside,split" unit:"h" doc:"Bought on the outside market."`
	Late      float64 `parquet:"late,split" unit:"h" doc:"Worked for own orders after their due date."`
	Lost      float64 `parquet:"lost,split" unit:"h" doc:"Not served."`
	Setup     float64 `parquet:"setup,split" unit:"h" doc:"Set-up, unfamiliarity and rework."`
	Travel    float64 `parquet:"travel,split" unit:"h" doc:"Travel of people."`
	Idle      float64 `parquet:"idle,split" unit:"h" doc:"Free and not used."`
	Down      float64 `parquet:"down,split" unit:"h" doc:"Broken down or absent."`
	Normal    float64 `parquet:"normal,dict" unit:"h" doc:"Practical capacity: at normal shifts."`
}

// FirmRow is a row of the firms table: sums over the measured days, money of
// the orders that arrived in them.
type FirmRow struct {
	Regime      string  `parquet:"regime,dict" doc:"Regime."`
	Replicate   int32   `parquet:"replicate,delta" unit:"1" doc:"Replicate, from 0."`
	Firm        int32   `parquet:"firm,delta" unit:"1" doc:"Firm, from 0; -1 is the merged firm of a pooled regime."`
	Name        string  `parquet:"name,dict" doc:"Name in the table of firms; empty if the firm was drawn."`
	Place       string  `parquet:"place,dict" doc:"Place; empty if the firm was read from a table."`
	Sector      string  `parquet:"sector,dict" doc:"Sector."`
	Size        string  `parquet:"size,dict" doc:"Size class."`
	Employees   float64 `parquet:"employees,dict" unit:"employees" doc:"Employees."`
	Latitude    float64 `parquet:"latitude,split" unit:"°" doc:"Latitude, north positive."`
	Longitude   float64 `parquet:"longitude,split" unit:"°" doc:"Longitude, east positive."`
	Capacity    float64 `parquet:"capacity,dict" unit:"h" doc:"Hours that all units could run, down hours included."`
	Own         float64 `parquet:"own,split" unit:"h" doc:"Worked for own orders."`
	Provided    float64 `parquet:"provided,split" unit:"h" doc:"Worked for other firms."`
	Received    float64 `parquet:"received,split" unit:"h" doc:"Worked by other firms."`
	Idle        float64 `parquet:"idle,split" unit:"h" doc:"Free and not used."`
	Value       float64 `parquet:"value,split" unit:"currency" doc:"Value of orders delivered, net of materials."`
	Lateness    float64 `parquet:"lateness,split" unit:"currency" doc:"Lateness cost."`
	Variable    float64 `parquet:"variable,split" unit:"currency" doc:"Variable cost of hours worked, set-up apart."`
	Overtime    float64 `parquet:"overtime,split" unit:"currency" doc:"Overtime premium."`
	Outside     float64 `parquet:"outside,split" unit:"currency" doc:"Outside purchases, at their resource share."`
	Transaction float64 `parquet:"transaction,split" unit:"currency" doc:"Transaction cost, own side."`
	Travel      float64 `parquet:"travel,split" unit:"currency" doc:"Travel and freight."`
	Setup       float64 `parquet:"setup,split" unit:"currency" doc:"Variable cost of set-up, unfamiliarity and rework."`
	Membership  float64 `parquet:"membership,dict" unit:"currency" doc:"Joining and policies."`
	Running     float64 `parquet:"running,dict" unit:"currency" doc:"Platform running cost."`
	Fixed       float64 `parquet:"fixed,dict" unit:"currency" doc:"Fixed cost of all units."`
	Paid        float64 `parquet:"paid,split" unit:"currency" doc:"Transfer: paid to providers."`
	ReceivedPay float64 `parquet:"received_payments,split" unit:"currency" doc:"Transfer: received from requesters."`
	Fees        float64 `parquet:"fees,split" unit:"currency" doc:"Transfer: platform fees paid."`
	Abroad      float64 `parquet:"abroad,split" unit:"currency" doc:"Transfer: cost of outside purchases beyond their resource share."`
	Surplus     float64 `parquet:"surplus,split" unit:"currency" doc:"Value less all costs, before transfers."`
	Profit      float64 `parquet:"profit,split" unit:"currency" doc:"Surplus after transfers."`
}

// DealRow is a row of the deals table: a deal made for an order that arrived in
// the measured days.
type DealRow struct {
	Regime      string  `parquet:"regime,dict" doc:"Regime."`
	Replicate   int32   `parquet:"replicate,delta" unit:"1" doc:"Replicate, from 0."`
	Day         int32   `parquet:"day,delta" unit:"day" doc:"Working day of the clearing, counted as in the days table; days beyond it are the run-out."`
	Tier        string  `parquet:"tier,dict" doc:"Market tier."`
	Kind        string  `parquet:"kind,dict" doc:"Primary resource kind of the operation."`
	Class       string  `parquet:"class,dict" doc:"Order class."`
	Requester   int32   `parquet:"requester,delta" unit:"1" doc:"Firm that needs the work."`
	Provider    int32   `parquet:"provider,delta" unit:"1" doc:"Firm that provides the primary hours; -1 if they are the requester's."`
	Operator    int32   `parquet:"operator_provider,delta" unit:"1" doc:"Firm that provides the operator; -1 if not part of the deal."`
	Hours       float64 `parquet:"hours,split" unit:"h" doc:"Hours of the request."`
	Booked      float64 `parquet:"booked,split" unit:"h" doc:"Primary hours booked, set-up included."`
	BookedOp    float64 `parquet:"operator_booked,split" unit:"h" doc:"Operator hours booked, set-up included."`
	TravelHours float64 `parquet:"travel_hours,dict" unit:"h" doc:"Travel hours off calendars."`
	Km          float64 `parquet:"km,split" unit:"km" doc:"Road distance between requester and site of the work."`
	Waited      int32   `parquet:"waited,delta" unit:"day" doc:"Working days from arrival to clearing."`
	First       bool    `parquet:"first" doc:"First deal of the pair."`
	Stake       float64 `parquet:"stake,split" unit:"currency" doc:"What the deal saves the requester."`
	Variable    float64 `parquet:"variable,split" unit:"currency" doc:"Variable cost of the hours of work."`
	Setup       float64 `parquet:"setup,split" unit:"currency" doc:"Variable cost of set-up, unfamiliarity and rework."`
	Slack       float64 `parquet:"slack,split" unit:"currency" doc:"Providers' charges for slack: in the price, not a cost."`
	Transaction float64 `parquet:"transaction,dict" unit:"currency" doc:"Transaction cost of both sides."`
	Freight     float64 `parquet:"freight,split" unit:"currency" doc:"Travel and freight, travelling hours included."`
	Price       float64 `parquet:"price,split" unit:"currency" doc:"Transfer: paid to the providers."`
	Fee         float64 `parquet:"fee,split" unit:"currency" doc:"Transfer: platform fee."`
}

// NeedRow is a row of the needs table: orders of one class and size that
// arrived in the measured days.
type NeedRow struct {
	Regime    string  `parquet:"regime,dict" doc:"Regime."`
	Replicate int32   `parquet:"replicate,delta" unit:"1" doc:"Replicate, from 0."`
	Class     string  `parquet:"class,dict" doc:"Order class."`
	Purpose   string  `parquet:"purpose,dict" doc:"work for customers, or an internal need."`
	Size      string  `parquet:"size,dict" doc:"Size of the need by its primary hours: under 8, 8 to 40, 40 to 160, over 160."`
	Orders    int64   `parquet:"orders,delta" unit:"orders" doc:"Orders that arrived."`
	OnTime    int64   `parquet:"on_time,delta" unit:"orders" doc:"Delivered by the due date."`
	Late      int64   `parquet:"late,delta" unit:"orders" doc:"Delivered after the due date."`
	Lost      int64   `parquet:"lost,delta" unit:"orders" doc:"Lost."`
	Open      int64   `parquet:"open,delta" unit:"orders" doc:"Still open at the end of the run-out; counted as lost in all rates."`
	Hours     float64 `parquet:"hours,split" unit:"h" doc:"Primary hours asked for."`
	Potential float64 `parquet:"potential,split" unit:"currency" doc:"Value less variable cost if all were served at own cost and in time."`
	Realised  float64 `parquet:"realised,split" unit:"currency" doc:"Value less every cost that went with the orders."`
	Shortage  float64 `parquet:"shortage,split" unit:"currency" doc:"Shortage cost: potential less realised."`
}

// PointRow is a row of the points table, beside point and factors.
type PointRow struct {
	Hash    string `parquet:"scenario_sha256" doc:"SHA-256 of the point's scenario, as in the manifest of a run of it."`
	Command string `parquet:"command" doc:"Command that runs the point by itself and gives its rows."`
}

// FailureRow is a row of the failures table: a point's replicate of which the
// other tables have no rows.
type FailureRow struct {
	Replicate int32  `parquet:"replicate,delta" unit:"1" doc:"Replicate, from 0."`
	Error     string `parquet:"error" doc:"Why it failed."`
}

// NeedSizes names the sizes of need, by primary hours.
var NeedSizes = []string{"under 8", "8 to 40", "40 to 160", "over 160"}

// A Column describes a column of a table.
type Column struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"` // empty for words and truth values
	Doc  string `json:"doc"`
}

// RowType is the struct type of a table's rows; that of runs is made of the
// Catalogue.
func RowType(table string) (reflect.Type, error) {
	switch table {
	case Runs:
		return runType(), nil
	case Needs:
		return reflect.TypeFor[NeedRow](), nil
	case Days:
		return reflect.TypeFor[DayRow](), nil
	case Firms:
		return reflect.TypeFor[FirmRow](), nil
	case Deals:
		return reflect.TypeFor[DealRow](), nil
	case Points:
		return reflect.TypeFor[PointRow](), nil
	case Failures:
		return reflect.TypeFor[FailureRow](), nil
	}
	return nil, Unknown("table", table, Tables)
}

// runType has the fields regime and replicate, then one nullable number per metric.
func runType() reflect.Type {
	fields := []reflect.StructField{
		{Name: "Regime", Type: reflect.TypeFor[string](), Tag: `parquet:"regime,dict" doc:"Regime."`},
		{Name: "Replicate", Type: reflect.TypeFor[int32](), Tag: `parquet:"replicate,delta" unit:"1" doc:"Replicate, from 0."`},
	}
	for i, m := range Catalogue {
		fields = append(fields, reflect.StructField{
			Name: "Metric" + strconv.Itoa(i),
			Type: reflect.TypeFor[*float64](),
			Tag:  reflect.StructTag(fmt.Sprintf(`parquet:"%s,optional" unit:%q doc:%q`, m.Name, m.Unit, m.Doc)),
		})
	}
	return reflect.StructOf(fields)
}

// Columns describes the columns of a table, with the scenario's currency in
// the units.
func Columns(table, currency string) ([]Column, error) {
	t, err := RowType(table)
	if err != nil {
		return nil, err
	}
	columns := make([]Column, t.NumField())
	for i := range columns {
		tag := t.Field(i).Tag
		name, _, _ := strings.Cut(tag.Get("parquet"), ",")
		columns[i] = Column{name, strings.ReplaceAll(tag.Get("unit"), "currency", currency), tag.Get("doc")}
	}
	return columns, nil
}
