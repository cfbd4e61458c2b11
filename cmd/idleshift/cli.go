package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"idleshift/metrics"
	"idleshift/metrics/store"
	"idleshift/scenarios"
	"idleshift/sim"
	"idleshift/sim/experiment"
	"idleshift/sim/experiment/cluster"
)

// Exit codes. Jobs of schedulers go by the last two.
const (
	exitOK          = 0
	exitFailure     = 1
	exitBadInput    = cluster.BadInput
	exitInterrupted = cluster.Interrupted // 128 + SIGINT, as shells have it
)

// program is what the commands share.
type program struct {
	args     []string
	version  string
	out, err io.Writer
	started  bool // the command line was understood
}

// run carries out one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := &program{args: args, version: version(), out: stdout, err: stderr}
	root := p.root()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	code := p.code(err)
	var wrong scenarios.Errors
	switch {
	case err == nil:
	case err == context.Canceled:
		fmt.Fprintln(stderr, "idleshift: interrupted")
	case errors.As(err, &wrong):
		fmt.Fprintln(stderr, err) // each line begins with file:line:column, for editors
	default:
		fmt.Fprintf(stderr, "idleshift: %v\n", err)
	}
	return code
}

// code is the exit code that the error stands for.
func (p *program) code(err error) int {
	var bad badInput
	var unservable *sim.Unservable
	var large *experiment.TooLarge
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case !p.started, errors.As(err, &bad), errors.As(err, &unservable), errors.As(err, &large), errors.Is(err, store.ErrRefused), errors.Is(err, store.ErrSweep):
		return exitBadInput
	}
	return exitFailure
}

// badInput is an error that the user can mend in what was asked for.
type badInput struct{ error }

func (e badInput) Unwrap() error { return e.error }

func badInputf(format string, args ...any) error { return badInput{fmt.Errorf(format, args...)} }

// workersOf is how many cores are used where so many are asked for.
func workersOf(asked int) (int, error) {
	switch {
	case asked < 0:
		return 0, badInputf("--workers %d: must be 0 (all cores) or more", asked)
	case asked == 0:
		return runtime.GOMAXPROCS(0), nil
	}
	return asked, nil
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "idleshift",
		Short: "What firms gain by sharing capacity that stands idle",
		Long: `idleshift simulates a region of small manufacturers that own whole machines,
people, labs and floor bays, and compares forms of cooperation between them:
none, today's few partners, firms placing whole operations with each other,
single machines and people booked across firm lines, and one merged firm.

Exit codes: 0 done, 1 failure, 2 bad input, 130 interrupted.`,
		Example: `  idleshift run
  idleshift run vignettes --replicates 20 --out results/twenty
  idleshift scenarios list`,
		Version:                    p.version,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		PersistentPreRun:           func(*cobra.Command, []string) { p.started = true },
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(suggestFlag)
	root.AddCommand(
		p.runCommand(),
		p.validateCommand(),
		p.scenariosCommand(),
		p.explainCommand(),
		p.schemaCommand(),
		p.brokersCommand(),
		p.traceCommand(),
		p.compareCommand(),
		p.sweepCommand(),
		p.designsCommand(),
		p.sensitivityCommand(),
		p.summarizeCommand(),
		p.calibrateCommand(),
		p.tornadoCommand(),
		p.exportCommand(),
		p.plotCommand(),
		p.reportCommand(),
		p.reproduceCommand(),
		p.verifyCommand(),
		p.versionCommand(),
	)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help": // of an unknown command cobra prints the usage, as if all were well
			c.RunE = func(_ *cobra.Command, args []string) error {
				of, _, err := root.Find(args)
				if err != nil {
					return badInput{err}
				}
				return of.Help()
			}
		case "completion":
			c.RunE = func(*cobra.Command, []string) error {
				return badInputf("completion: name a shell: bash, fish, powershell or zsh")
			}
			c.Args = cobra.ArbitraryArgs
		}
	}
	usage(root)
	return root
}

// usage adds how a command is written to the error for too many words or too
// few, for the command and those below it.
func usage(cmd *cobra.Command) {
	if allowed := cmd.Args; allowed != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := allowed(cmd, args); err != nil {
				return fmt.Errorf("%w\nit is written %s; see %s --help", err, cmd.UseLine(), cmd.CommandPath())
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		usage(c)
	}
}

// suggestFlag adds what was probably meant to the error for an unknown flag, and
// what a flag takes to that for a wrong value.
func suggestFlag(cmd *cobra.Command, err error) error {
	var wrong *pflag.InvalidValueError
	if errors.As(err, &wrong) && strings.HasPrefix(wrong.GetFlag().Value.Type(), "int") {
		return fmt.Errorf("--%s %s: must be a whole number\nsee %s --help", wrong.GetFlag().Name, wrong.GetValue(), cmd.CommandPath())
	}
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return fmt.Errorf("%w\nsee %s --help", err, cmd.CommandPath())
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return fmt.Errorf("%w\nsee %s --help", metrics.Unknown("flag", "--"+name, names), cmd.CommandPath())
}
