// Package brokers holds the matching institutions: rules that map one
// clearing's book of requests and offers to deals. Each has its own file and
// one line in Table; whoever lists, checks or runs brokers reads that table.
//
// A broker is handed no more than it needs: the type of its book (agents.Book,
// agents.Sealed or agents.Open) is its disclosure. One that needs less than a
// tier discloses is handed the inner book. It works on a desk, a copy of the
// lots' hours on which it lays its matches exactly as the engine will, so that
// what it proposes fits; what else may stand in the way (an employer's
// refusal, a side that would be worse off) only the engine knows.
//
// A request is served in one go: its matches stand together, and one that is
// all or nothing is either complete or not there.
//
// To add a broker touch two places: its own file, with a type that clears one
// of the three books, and one line of Table. The contract test runs over the
// table.
package brokers
