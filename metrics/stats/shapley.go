package stats

import "math/bits"

// Shapley divides what n players reach together among them: each gets the mean,
// over all orders in which they may join, of what it adds to those before it
// (Shapley 1953). worth gives what a coalition reaches, by the bits of its
// members, and is asked for each of the 2ⁿ once; what nobody reaches is taken
// off. The shares add up to worth(all) − worth(nobody).
func Shapley(n int, worth func(members uint) float64) []float64 {
	reached := make([]float64, 1<<n)
	for members := range reached {
		reached[members] = worth(uint(members))
	}
	// weight[k] is the chance that exactly k given players come before another
	weight := make([]float64, n)
	for k := range weight {
		weight[k] = 1 / float64(n)
		for i := range k {
			weight[k] *= float64(i+1) / float64(n-1-i)
		}
	}
	shares := make([]float64, n)
	for members := range reached {
		for i := range n {
			if members>>i&1 == 0 {
				shares[i] += weight[bits.OnesCount(uint(members))] * (reached[members|1<<i] - reached[members])
			}
		}
	}
	return shares
}
