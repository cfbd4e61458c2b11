package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"idleshift/metrics"
	"idleshift/metrics/answer"
	"idleshift/scenarios"
	"idleshift/sim"
)

// traceFlags are those of trace alone.
type traceFlags struct {
	choice
	regime    string
	firm      string
	days      string
	replicate int
}

func (p *program) traceCommand() *cobra.Command {
	var f traceFlags
	cmd := &cobra.Command{
		Use:   "trace [scenario] --firm F",
		Short: "Tell the story of a firm's orders",
		Long: `trace runs one regime of one replicate and tells what became of every order that
arrived at a firm on the given days: loaded, requested, matched, fallen back,
delivered. Then it tells the deals in which the firm worked for others. Days
count as in the tables: 0 is the first measured day, the warm-up is negative. A
firm is its number in the firms table, or its name in a table of firms.`,
		Example: `  idleshift trace vignettes --regime cooperative --firm 12 --days 0..20
  idleshift trace region.toml --firm 'Acme Tool' --days=-5..5`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.trace(cmd.Context(), &f, args) },
	}
	f.flags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.regime, "regime", "", "regime to follow (default the headline's)")
	flags.StringVar(&f.firm, "firm", "", "number or name of the firm")
	flags.StringVar(&f.days, "days", "0..20", "days on which the orders arrive, as A..B or A")
	flags.IntVar(&f.replicate, "replicate", 0, "replicate to follow, from 0")
	complete(cmd, "regime", completeRegimes)
	complete(cmd, "firm", cobra.NoFileCompletions)
	return cmd
}

func (p *program) trace(ctx context.Context, f *traceFlags, args []string) error {
	sc, err := f.load(args)
	if err != nil {
		return err
	}
	f.regime = cmp.Or(f.regime, answer.Subject(sc), sc.Baseline)
	switch regime, ok := sc.Regimes[f.regime]; {
	case !ok:
		return badInput{metrics.Unknown("regime", f.regime, slices.Sorted(maps.Keys(sc.Regimes)))}
	case regime.Pooled:
		return badInputf("--regime %s: one merged firm takes every order, so there is no firm to follow", f.regime)
	}
	first, last, err := daysOf(f.days)
	if err != nil {
		return badInput{err}
	}
	if end := sc.Time.Days - 1; last < -sc.Time.Warmup || first > end {
		return badInputf("--days %s: the run has days %d to %d", f.days, -sc.Time.Warmup, end)
	}
	if f.replicate < 0 {
		return badInputf("--replicate %d: must be 0 or more", f.replicate)
	}
	// Alone, the regime sees the same draws as beside the others.
	alone := *sc
	alone.Compare, alone.Baseline, alone.Headline, alone.Rival, alone.Decomposition = []string{f.regime}, f.regime, "", "", nil
	region, err := sim.Build(&alone, f.replicate)
	if err != nil {
		return err
	}
	firm, err := findFirm(region, f.firm)
	if err != nil {
		return badInput{err}
	}
	s := story{region: region, firm: firm, first: first, last: last}
	if _, err := sim.Run(ctx, region, sim.Options{Trace: s.hear}, nil); err != nil {
		return err
	}
	return s.tell(p.out, &alone)
}

// daysOf reads A..B, or A alone.
func daysOf(text string) (first, last int, err error) {
	a, b, two := strings.Cut(text, "..")
	if !two {
		b = a
	}
	first, errA := strconv.Atoi(a)
	last, errB := strconv.Atoi(b)
	if errors.Join(errA, errB) != nil {
		return 0, 0, fmt.Errorf("--days %s: write A..B, two whole numbers, such as 0..20", text)
	}
	if first > last {
		return 0, 0, fmt.Errorf("--days %s: the first day lies after the last", text)
	}
	return first, last, nil
}

// findFirm is the firm of the given name or number.
func findFirm(region *sim.Region, name string) (int32, error) {
	if name == "" {
		return 0, errors.New("--firm is missing: the number or name of a firm")
	}
	firms := region.Firms
	var names []string
	for i := range firms {
		if firms[i].Name == name {
			return int32(i), nil
		}
		if firms[i].Name != "" {
			names = append(names, firms[i].Name)
		}
	}
	if n, err := strconv.Atoi(name); err == nil {
		if n >= 0 && n < len(firms) {
			return int32(n), nil
		}
		return 0, fmt.Errorf("--firm %d: the region has firms 0 to %d", n, len(firms)-1)
	}
	if len(names) == 0 {
		return 0, fmt.Errorf("--firm %s: firms that are drawn have numbers alone, here 0 to %d", name, len(firms)-1)
	}
	return 0, metrics.Unknown("firm", name, names)
}

// A story is what happened to a firm's orders that arrived from first to last,
// and the work that it did for others in that time.
type story struct {
	region      *sim.Region
	firm        int32
	first, last int // measured days
	orders      []int64
	events      map[int64][]sim.Event // by order
	lent        []sim.Event
}

// hear takes one event.
func (s *story) hear(e *sim.Event) {
	day := int(e.Day) - s.region.Scenario.Time.Warmup
	within := day >= s.first && day <= s.last
	switch {
	case e.Firm == s.firm && e.What == sim.Arrived && within:
		if s.events == nil {
			s.events = map[int64][]sim.Event{}
		}
		s.orders = append(s.orders, e.Order)
		s.events[e.Order] = append(s.events[e.Order], *e)
	case e.Firm == s.firm && s.events[e.Order] != nil:
		s.events[e.Order] = append(s.events[e.Order], *e)
	case e.What == sim.Matched && within && slices.Contains(e.Others[:], s.firm):
		s.lent = append(s.lent, *e)
	}
}

// tell writes the story.
func (s *story) tell(to io.Writer, sc *scenarios.Scenario) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "%s in %s, replicate %d, orders of days %d to %d\n", s.region.FirmName(s.firm), sc.Compare[0], s.region.Replicate, s.first, s.last)
	if len(s.orders) == 0 {
		fmt.Fprint(w, "\nno order arrived\n")
	}
	for _, order := range s.orders {
		fmt.Fprintln(w)
		for i := range s.events[order] {
			fmt.Fprintln(w, s.region.Tell(&s.events[order][i]))
		}
	}
	if len(s.lent) > 0 {
		fmt.Fprint(w, "\nwork for others\n")
	}
	for i := range s.lent {
		e := &s.lent[i]
		fmt.Fprintf(w, "for %s: %s\n", s.region.FirmName(e.Firm), s.region.Tell(e))
	}
	return w.Flush()
}
