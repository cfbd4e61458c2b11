// Package design turns a design file into the points of an experiment. A file
// names a base scenario, the factors that move its keys, and how the points
// lie: on a grid, in a space-filling sequence, in the trajectories of Morris,
// in the matrices of Saltelli, one factor at a time, or in a table.
//
// A point is a list of overrides as --set takes them, so that any point can be
// run by itself. The points of a design depend on nothing but its text, the
// base scenario and the table it names: draws are keyed by the design's seed.
//
// Each factor has a coordinate between 0 and 1, which it turns into values of
// its keys. Designs place the coordinates; different coordinates may be one
// point (whole numbers, words), which is then run once: Rows says which point
// each row of the design is.
package design
