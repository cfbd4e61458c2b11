// Package store keeps a dataset on disk: the tables of one experiment as
// Parquet files and a manifest that says what they are and what they were made
// from. A dataset is written whole or not at all.
//
// An experiment is jobs: points × replicates, a run being a sweep of one point.
// While it goes on, what a worker has finished in a while is a chunk: a folder
// below DIR/.chunks with the rows of some jobs in every table, and a record of
// which rows are whose and of the files' SHA-256. A chunk is filled under
// another name and moved into place when it is complete and on disk, so
// whatever interrupts the program, what stands is finished; chunks may overlap,
// since a job that is done twice has the same rows. Which jobs share a chunk
// depends on the clock, and shows in nothing that is merged.
//
// Beside the chunks stands the plan: the manifest to be, and of a sweep its
// points. Whoever fills the folder reads it, and need not see what it was made
// from.
//
// Merge joins the chunks in the order of the jobs, writes the new tables beside
// the old, and only then moves them into place, and the new manifest last. A
// folder without a manifest, or with chunks and tables that the manifest does
// not describe, is unfinished; one that holds the chunks can always be finished
// by the same command.
//
// Processes need not know of each other, and nothing is locked: whoever holds a
// lock may have died, and a shared file system may not have it. What several
// write has names of their own until it is renamed in one step, and those who
// do the same work make the same bytes.
//
// No byte of a dataset depends on the clock, the machine, the number of workers
// or the order in which chunks were finished.
//
// Note: chunks are joined row by row, at more than a million rows a second.
// Splicing their row groups would be a hundred times faster, but leaves files
// of many small row groups, which are slow to query.
package store
