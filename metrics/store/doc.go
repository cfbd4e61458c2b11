// Package store keeps a dataset on disk: the tables of one experiment as
// Parquet files and a manifest that says what they are and what they were made
// from. A dataset is written whole or not at all.
//
// While an experiment runs, each finished replicate is a chunk: a folder below
// DIR/.chunks with its share of every table and a record of their SHA-256. A
// chunk is filled under another name and moved into place when it is complete
// and on disk, so whatever interrupts the program, what stands is finished.
// Merge then joins the chunks in the order of the replicates, writes the new
// tables beside the old, and only then takes the old manifest away, moves the
// tables into place and writes the new manifest, last. A folder without a
// manifest is unfinished; one that holds the chunks can always be finished by
// the same command.
//
// No byte of a dataset depends on the clock, the machine, the number of workers
// or the order in which chunks were finished.
//
// Note: chunks are joined row by row, at more than a million rows a second.
// Splicing their row groups would be a hundred times faster, but leaves files
// of many small row groups, which are slow to query.
package store
