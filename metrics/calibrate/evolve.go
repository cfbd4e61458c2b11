package calibrate

import (
	"errors"
	"math"
	"math/rand"
	"slices"

	"github.com/MaxHalford/eaopt"
)

// evolve searches by differential evolution (Storn and Price 1997) and returns
// the finalists. Generations, populations and their bookkeeping are eaopt's; how
// a generation follows from the one before is a model of our own, since eaopt's
// measures children one by one, holds them to no bounds and keeps a parent for
// ever that was lucky once.
func (f *fit) evolve() ([][]float64, error) {
	rng := rand.New(rand.NewSource(f.plan.Seed))
	first := f.spread(rng)
	model := &evolution{fit: f}
	if err := model.measure("search", first); err != nil {
		return nil, err
	}
	config := eaopt.NewDefaultGAConfig()
	config.NPops, config.PopSize, config.NGenerations = 1, uint(len(first)), uint(f.plan.Generations)
	config.Model, config.RNG = model, rng // without a generator eaopt takes the clock
	config.Callback = func(ga *eaopt.GA) { f.complete(int(ga.Generations), ga.Populations[0].Individuals.FitMin()) }
	config.EarlyStop = func(ga *eaopt.GA) bool { return ga.Populations[0].Individuals.FitMin() <= f.plan.Enough }
	ga, err := config.NewGA()
	if err != nil {
		return nil, err
	}
	next := 0
	if err := ga.Minimize(func(*rand.Rand) eaopt.Genome {
		next++
		return first[next-1]
	}); err != nil {
		return nil, err
	}
	var survivors [][]float64
	for _, one := range ga.Populations[0].Individuals { // sorted by eaopt
		survivors = append(survivors, one.Genome.(*candidate).x)
	}
	return f.distinct(survivors, f.plan.Finalists), nil
}

// spread is the first generation: the scenario as it is, and a Latin hypercube.
func (f *fit) spread(rng *rand.Rand) []*candidate {
	n, keys := f.plan.size(), len(f.plan.free)
	all := make([]*candidate, n)
	for i := range all {
		all[i] = &candidate{x: f.plan.start(), distance: math.NaN()}
	}
	for k := range keys {
		rank := rng.Perm(n - 1)
		for i, one := range all[1:] {
			one.x[k] = (float64(rank[i]) + rng.Float64()) / float64(n-1)
		}
	}
	return all
}

// A candidate is a genome: a point of the unit cube and its distance.
type candidate struct {
	x        []float64
	distance float64 // NaN before it is measured
}

var errUnmeasured = errors.New("a candidate was not measured")

// Evaluate is the distance that the model measured for all candidates at once.
func (c *candidate) Evaluate() (float64, error) {
	if math.IsNaN(c.distance) {
		return 0, errUnmeasured
	}
	return c.distance, nil
}

// Mutate and Crossover are not how this model breeds.
func (c *candidate) Mutate(*rand.Rand) {}

// Crossover does nothing, see Mutate.
func (c *candidate) Crossover(eaopt.Genome, *rand.Rand) {}

// Clone copies the candidate.
func (c *candidate) Clone() eaopt.Genome {
	return &candidate{slices.Clone(c.x), c.distance}
}

// An evolution makes a generation of the one before: it breeds all children,
// measures them together, and each child takes its parent's place if it is no
// farther off.
type evolution struct {
	fit   *fit
	block int // of worlds
	born  int // generations
}

// Validate has nothing to refuse.
func (m *evolution) Validate() error { return nil }

// measure measures all candidates over the worlds of the present block.
func (m *evolution) measure(phase string, all []*candidate) error {
	var xs [][]float64
	for _, c := range all {
		xs = append(xs, c.x)
	}
	n := m.fit.plan.Replicates
	got, err := m.fit.try(phase, m.born, xs, m.fit.worlds(m.block, n), n)
	if err != nil {
		return err
	}
	for i := range got {
		all[i].distance = got[i].Distance
	}
	return nil
}

// Apply makes the next generation.
func (m *evolution) Apply(pop *eaopt.Population) error {
	m.born++
	parents := pop.Individuals
	if m.born%m.fit.plan.Fresh == 0 {
		m.block++
		if err := m.anew(parents); err != nil {
			return err
		}
	}
	best := parents[0]
	for _, p := range parents {
		if p.Fitness < best.Fitness {
			best = p
		}
	}
	children := parents.Clone(pop.RNG)
	var unborn []*candidate
	for i := range children {
		child := children[i].Genome.(*candidate)
		child.x, child.distance = breed(pop.RNG, parents, i, best.Genome.(*candidate).x), math.NaN()
		children[i].Evaluated = false
		unborn = append(unborn, child)
	}
	if err := m.measure("search", unborn); err != nil {
		return err
	}
	if err := children.Evaluate(false); err != nil {
		return err
	}
	for i := range parents {
		if children[i].Fitness <= parents[i].Fitness {
			parents[i] = children[i]
		}
	}
	return nil
}

// anew measures the survivors over other worlds.
func (m *evolution) anew(parents eaopt.Individuals) error {
	var all []*candidate
	for i := range parents {
		c := parents[i].Genome.(*candidate)
		c.distance = math.NaN()
		parents[i].Evaluated = false
		all = append(all, c)
	}
	if err := m.measure("again", all); err != nil {
		return err
	}
	return parents.Evaluate(false)
}

// breed is a child of parent i: on the way to the best, moved by the difference
// of two others, crossed with the parent key by key, and folded into the cube
// (current-to-best/1/bin; the length of the step is drawn for each child).
func breed(rng *rand.Rand, parents eaopt.Individuals, i int, best []float64) []float64 {
	const crossover = 0.9
	self := parents[i].Genome.(*candidate).x
	a, b := i, i
	for a == i {
		a = rng.Intn(len(parents))
	}
	for b == i || b == a {
		b = rng.Intn(len(parents))
	}
	one, other := parents[a].Genome.(*candidate).x, parents[b].Genome.(*candidate).x
	step := 0.4 + 0.6*rng.Float64()
	sure := rng.Intn(len(self)) // one key at least comes from the others
	child := slices.Clone(self)
	for k := range child {
		if rng.Float64() < crossover || k == sure {
			child[k] = fold(self[k] + step*(best[k]-self[k]) + step*(one[k]-other[k]))
		}
	}
	return child
}
