// Package calibrate fits keys of a scenario to targets: it looks for the values
// at which the moments that the scenario shows come nearest to those that it
// should have, and says which of the keys the targets do not pin down.
//
// The distance is the root of the weighted mean square of the deviations, each
// in tolerances: the simulated method of moments (McFadden 1989). All candidates
// of a generation meet the same random worlds. Worlds are exchanged after some
// generations, and those who survived are measured anew, so that nobody stays
// for having been lucky. The best of the search are measured once more, with
// the scenario as it was, over worlds that the search has not seen, and the best
// of these is the result.
//
// What a run has shown is in a journal before the next is begun, and every step
// follows from the plan alone: a calibration that was cut short is begun again
// and finds its way back through the journal without running anything twice.
package calibrate
