// Package moments measures scenarios by few numbers: metrics of the catalogue,
// and moments of time series and of the orders of firms that are no metric of
// one run. Each is a smooth function of means over replicates, from which its
// estimate and standard error follow by the jackknife. Scenarios are run in
// many variants over the same random worlds, on all cores, and what was
// measured is kept in a journal as it comes, so that nothing is lost when a run
// is cut short.
//
// Facts are moments whose values are known from elsewhere.
package moments
