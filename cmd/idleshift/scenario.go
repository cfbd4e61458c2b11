package main

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"idleshift/scenarios"
)

// defaultScenario is what is run when none is named.
const defaultScenario = "pocket"

// A choice is a scenario as the command line names and changes it.
type choice struct {
	name       string
	set        []string
	regimes    []string
	replicates int
	seed       int64
	days       int
	changed    func(flag string) bool
	sized      bool // has the flags of sizeFlags
	counted    bool // replicates was found by the program
}

// given reports whether the flag was set.
func (c *choice) given(flag string) bool { return (flag == "seed" || c.sized) && c.changed(flag) }

// flags adds the argument and the flags that choose a scenario.
func (c *choice) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	c.changed = f.Changed
	f.StringArrayVar(&c.set, "set", nil, "override `key=value`; may be given again (see idleshift explain)")
	f.Int64Var(&c.seed, "seed", 0, "root of all random draws (default the scenario's)")
	cmd.Args = cobra.MaximumNArgs(1)
	cmd.ValidArgsFunction = scenarioArgument
	complete(cmd, "set", completeKeys)
}

// sizeFlags adds the flags that say how much of it to run.
func (c *choice) sizeFlags(cmd *cobra.Command) {
	c.sized = true
	f := cmd.Flags()
	f.StringSliceVar(&c.regimes, "regimes", nil, "regimes to run, with commas between them; the baseline always is")
	f.IntVar(&c.replicates, "replicates", 0, "independent random worlds (default the scenario's)")
	f.IntVar(&c.days, "days", 0, "measured working days (default the scenario's)")
	complete(cmd, "regimes", completeRegimes)
}

// complete says how a flag of the command is completed.
func complete(cmd *cobra.Command, flag string, by cobra.CompletionFunc) {
	_ = cmd.RegisterFlagCompletionFunc(flag, by) // fails only where there is no such flag
}

// load reads the scenario and changes it as asked.
func (c *choice) load(args []string) (*scenarios.Scenario, error) {
	c.name = defaultScenario
	if len(args) > 0 {
		c.name = args[0]
	}
	set := slices.Clone(c.set)
	flags := map[string]string{} // what was typed for an override, by its name in errors
	for _, f := range []struct {
		name, key string
		value     int64
	}{{"replicates", "replicates", int64(c.replicates)}, {"seed", "seed", c.seed}, {"days", "time.days", int64(c.days)}} {
		if c.given(f.name) {
			value := strconv.FormatInt(f.value, 10)
			set = append(set, f.key+"="+value)
			flags["--set "+f.key+"="+value] = "--" + f.name + " " + value
		}
	}
	sc, err := scenarios.Load(c.name, scenarios.LoadOptions{Set: set})
	if wrong := (scenarios.Errors)(nil); errors.As(err, &wrong) {
		for i := range wrong {
			if flag := flags[wrong[i].File]; flag != "" {
				wrong[i].File, wrong[i].Line = flag, 0
			}
		}
	}
	if err != nil {
		return nil, badInput{err}
	}
	if len(c.regimes) > 0 {
		if err := sc.Restrict(c.regimes); err != nil {
			return nil, badInput{err}
		}
	}
	return sc, nil
}

// words are the scenario's part of the canonical command: what bears on the
// result, in a fixed order, a file by its name alone.
func (c *choice) words() []string {
	words := []string{filepath.Base(c.name)}
	for _, s := range c.set {
		words = append(words, "--set", s)
	}
	if len(c.regimes) > 0 {
		words = append(words, "--regimes", strings.Join(c.regimes, ","))
	}
	if c.given("replicates") || c.counted {
		words = append(words, "--replicates", strconv.Itoa(c.replicates))
	}
	if c.given("seed") {
		words = append(words, "--seed", strconv.FormatInt(c.seed, 10))
	}
	if c.given("days") {
		words = append(words, "--days", strconv.Itoa(c.days))
	}
	return words
}

// command writes the words of a command as one types them into a shell.
func command(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if w == "" || strings.ContainsFunc(w, unsafe) {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		quoted[i] = w
	}
	return strings.Join(quoted, " ")
}

// unsafe tells characters that a shell may not take as they are.
func unsafe(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,+@%", r))
}

// base is the name of a scenario or file without folder and extension.
func base(name string) string {
	return strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
}

func scenarioArgument(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	shipped, err := scenarios.Names()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var names []string
	for _, s := range shipped {
		names = append(names, s.Name+"\t"+s.Title)
	}
	return names, cobra.ShellCompDirectiveDefault // files too
}

// completeRegimes offers the regimes of the scenario that is named already.
func completeRegimes(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	name := defaultScenario
	if len(args) > 0 {
		name = args[0]
	}
	sc, err := scenarios.Load(name, scenarios.LoadOptions{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	var words []string
	for _, regime := range slices.Sorted(maps.Keys(sc.Regimes)) {
		words = append(words, fmt.Sprintf("%s%s\t%s", before, regime, sc.Regimes[regime].Title))
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func completeKeys(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var keys []string
	for _, k := range scenarios.Keys() {
		keys = append(keys, k.Path+"=\t"+k.Doc)
	}
	return keys, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}
