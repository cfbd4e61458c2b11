// Package metrics says what is measured: a Catalogue of numbers of one regime
// in one replicate, and the rows of the tables that a dataset is made of. A
// new metric is one line of the Catalogue and its function; files, reports and
// reference follow.
//
// Tables keep hours and money as float64 because that is what spreadsheets,
// SQL and data frames add up without ceremony. Nothing is lost: hours are whole
// seconds divided by 3600 and money is ten-thousandths divided by 10 000, so
// that rounding 3600 × hours or 10 000 × money gives the integers of the ledgers
// back.
//
// The runs table is per year, so that scenarios of different length compare;
// the other tables are sums over the measured days, or over one day.
package metrics
