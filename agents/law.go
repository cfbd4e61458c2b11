package agents

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"idleshift/agents/rng"
)

// A Sampler draws from a Law. It is read-only: many may draw from it at once.
type Sampler struct {
	law            lawKind
	whole          bool      // draws are rounded down to whole hours
	a, b, c        float64   // parameters, by law
	least, most    Hours     // clamps
	values         []Hours   // listed
	upTo           []float64 // listed: cumulative probabilities
	mean, variance float64   // in hours
}

type lawKind int8

const (
	fixed       lawKind = iota // a: hours
	listed                     // values, upTo
	geometric                  // a: step; b: 1/ln(1-p)
	exponential                // a: mean
	gamma                      // a: shape; b: scale
	lognormal                  // a, b: mean and standard deviation of the log
	normal                     // a, b: mean and standard deviation; c: probability below 0
)

// Compile prepares the law for drawing. Law, Step and Most left at zero stand
// for their defaults. A geometric mean below one step counts as one step.
func (l Law) Compile() Sampler {
	s := Sampler{least: HoursOf(l.Least), most: HoursOf(1e6)}
	if l.Most > 0 {
		s.most = HoursOf(l.Most)
	}
	switch {
	case l.Law == "listed" && len(l.Values) > 0:
		s.law = listed
		sum := 0.0
		for i, v := range l.Values {
			sum += l.Probabilities[i]
			s.values = append(s.values, s.clamp(HoursOf(v)))
			s.upTo = append(s.upTo, sum)
		}
	case l.Law == "geometric":
		step := l.Step
		if step == 0 {
			step = 1
		}
		s.law, s.a, s.b = geometric, step, 1/math.Log1p(-min(step/l.Mean, 1))
	case l.Law == "exponential" && l.Mean > 0:
		s.law, s.a = exponential, l.Mean
	case l.Law == "gamma" && l.Mean > 0 && l.CV > 0:
		s.law, s.a, s.b = gamma, 1/(l.CV*l.CV), l.Mean*l.CV*l.CV
	case l.Law == "lognormal" && l.Mean > 0 && l.CV > 0:
		v := math.Log1p(l.CV * l.CV)
		s.law, s.a, s.b = lognormal, math.Log(l.Mean)-v/2, math.Sqrt(v)
	case l.Law == "normal" && l.Mean > 0 && l.CV > 0:
		s.law, s.a, s.b, s.c = normal, l.Mean, l.Mean*l.CV, phi(-1/l.CV)
	default:
		s.law, s.a = fixed, l.Mean
	}
	s.mean, s.variance = s.moments()
	return s
}

// Compile prepares the days beyond the minimum for drawing: a gamma draw
// rounded down to whole days, in which an hour stands for a day.
func (l Lead) Compile() Sampler {
	s := Law{Law: "gamma", Mean: l.Mean, CV: l.CV}.Compile()
	s.whole = true
	if s.law == fixed {
		s.mean = math.Floor(s.a)
		return s
	}
	s.mean, s.variance = 0, 0
	for k := 1.0; ; k++ { // sums of the tail
		tail := mathext.GammaIncRegComp(s.a, k/s.b)
		if tail < 1e-15 {
			break
		}
		s.mean += tail
		s.variance += (2*k - 1) * tail
	}
	s.variance -= s.mean * s.mean
	return s
}

// Draw is a draw in whole seconds.
func (s *Sampler) Draw(draw *rng.Stream) Hours {
	var x float64 // hours
	switch s.law {
	case fixed:
		x = s.a
	case listed:
		return s.values[Listed(draw.Float64(), s.upTo)]
	case geometric:
		x = s.a * (1 + math.Floor(math.Log1p(-draw.Float64())*s.b))
	case exponential:
		x = -s.a * math.Log1p(-draw.Float64())
	case gamma:
		x = s.b * drawGamma(s.a, draw)
	case lognormal:
		x = math.Exp(s.a + s.b*draw.Normal())
	case normal:
		x = max(0, s.a+s.b*rng.Normal(s.c+draw.Float64()*(1-s.c)))
	}
	if s.whole {
		x = math.Floor(x)
	}
	return s.clamp(HoursOf(min(x, 1e6)))
}

// Mean is the mean in hours, clamps included, rounding to seconds not.
func (s *Sampler) Mean() float64 { return s.mean }

// Variance is the variance in hours², clamps included, rounding to seconds not.
func (s *Sampler) Variance() float64 { return s.variance }

// Atoms are the values and probabilities of a discrete law, to a tail of less
// than 1e-12; none if the law is continuous or has more than most of them.
func (s *Sampler) Atoms(most int) (values []Hours, probabilities []float64) {
	switch s.law {
	case fixed:
		return []Hours{s.clamp(HoursOf(s.a))}, []float64{1}
	case listed:
		before := 0.0
		for i := range s.values {
			probabilities = append(probabilities, s.upTo[i]-before)
			before = s.upTo[i]
		}
		return s.values, probabilities
	case geometric:
		q := math.Exp(1 / s.b)
		if s.b == 0 {
			q = 0
		}
		left := 1.0
		for n := 1; left > 1e-12; n++ {
			if n > most {
				return nil, nil
			}
			values = append(values, s.clamp(HoursOf(s.a*float64(n))))
			probabilities = append(probabilities, left*(1-q))
			left *= q
		}
		probabilities[len(probabilities)-1] += left
	}
	return values, probabilities
}

// Listed is the position that goes with the uniform draw u, given cumulative
// probabilities; what rounding leaves at the end falls to the last.
func Listed(u float64, upTo []float64) int {
	i := 0
	for i < len(upTo)-1 && u >= upTo[i] {
		i++
	}
	return i
}

func (s *Sampler) clamp(h Hours) Hours { return min(max(h, s.least), s.most) }

// drawGamma is a gamma draw of scale 1 (Marsaglia and Tsang 2000).
func drawGamma(shape float64, draw *rng.Stream) float64 {
	boost := 1.0
	if shape < 1 {
		boost = math.Pow(1-draw.Float64(), 1/shape)
		shape++
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		z := draw.Normal()
		v := 1 + c*z
		if v <= 0 {
			continue
		}
		v *= v * v
		u := 1 - draw.Float64()
		if math.Log(u) < z*z/2+d*(1-v+math.Log(v)) {
			return boost * d * v
		}
	}
}

// moments is the mean and the variance of a draw between its clamps.
func (s *Sampler) moments() (mean, variance float64) {
	lo, hi := s.least.Float(), s.most.Float()
	var first, second float64
	switch s.law {
	case fixed:
		return min(max(s.a, lo), hi), 0
	case listed:
		before := 0.0
		for i, v := range s.values {
			p := s.upTo[i] - before
			before = s.upTo[i]
			first += p * v.Float()
			second += p * v.Float() * v.Float()
		}
	case geometric:
		first, second = s.geometricMoments(lo, hi)
	default:
		below, above := s.partial(lo), s.partial(hi)
		first = lo*below[0] + above[1] - below[1] + hi*(1-above[0])
		second = lo*lo*below[0] + above[2] - below[2] + hi*hi*(1-above[0])
	}
	return first, max(second-first*first, 0)
}

// geometricMoments are the first two moments between clamps, from the tail:
// lo + ∫ P(X > x) dx and lo² + ∫ 2x P(X > x) dx over [lo, hi].
func (s *Sampler) geometricMoments(lo, hi float64) (first, second float64) {
	lo, hi = lo/s.a, hi/s.a           // in steps
	tail := func(n float64) float64 { // P(more than n steps), n whole
		if s.b == 0 { // one step always
			return max(1-n, 0)
		}
		return math.Exp(n / s.b)
	}
	from, to := math.Ceil(lo), math.Floor(hi)
	first, second = lo, lo*lo
	if from > to {
		t := tail(to)
		first += (hi - lo) * t
		second += (hi*hi - lo*lo) * t
	} else {
		q := tail(1)
		p := 1 - q
		head, left, right := tail(math.Floor(lo)), tail(from), tail(to)
		sum := (left - right) / p // of qʲ, from ≤ j < to
		first += (from-lo)*head + sum + (hi-to)*right
		second += (from*from-lo*lo)*head + (hi*hi-to*to)*right +
			2*((from*left-to*right)/p+q*sum/p) + sum
	}
	return first * s.a, second * s.a * s.a
}

// partial is E[Xᵏ; X ≤ x] for k = 0, 1, 2.
func (s *Sampler) partial(x float64) [3]float64 {
	if x <= 0 {
		return [3]float64{}
	}
	switch s.law {
	case lognormal:
		var m [3]float64
		for k := range m {
			t := float64(k) * s.b
			m[k] = math.Exp(float64(k)*s.a+t*t/2) * phi((math.Log(x)-s.a)/s.b-t)
		}
		return m
	case normal:
		lo, hi := -s.a/s.b, (x-s.a)/s.b
		in := (phi(hi) - phi(lo)) / (1 - s.c)
		at, top := density(lo)/(1-s.c), density(hi)/(1-s.c)
		return [3]float64{
			in,
			s.a*in + s.b*(at-top),
			(s.a*s.a+s.b*s.b)*in + s.b*s.b*(lo*at-hi*top) + 2*s.a*s.b*(at-top),
		}
	}
	shape, scale := 1.0, s.a // exponential
	if s.law == gamma {
		shape, scale = s.a, s.b
	}
	return [3]float64{
		mathext.GammaIncReg(shape, x/scale),
		shape * scale * mathext.GammaIncReg(shape+1, x/scale),
		shape * (shape + 1) * scale * scale * mathext.GammaIncReg(shape+2, x/scale),
	}
}

// phi is the standard normal distribution function.
func phi(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

func density(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }
