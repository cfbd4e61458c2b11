// Package agents holds who lives in the region: resource kinds and the lumps
// that firms own, order classes, sharing policies, market tiers, calendars,
// and the book that a broker clears. Each agent's fixed Spec (what a scenario
// says of it), its changing state and its decision rules stand together.
//
// Agents are handed their random draws; they never seed a generator. Hours are
// whole seconds and money is ten-thousandths of the scenario's currency, both
// integers, so that accounts balance exactly.
package agents
