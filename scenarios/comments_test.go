package scenarios

import "testing"

// A failure means that a value is told with the source of another.
func TestWritten(t *testing.T) {
	read := func(path string) ([]byte, error) {
		return []byte(`extends = "vignettes"
title = "A # within" # mine
tiers.platform.adoption = 0.25
transport = { road_factor = 1.4 } # measured
`), nil
	}
	b, err := Open("mine.toml", read)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ key, value, comment string }{
		{"title", `"A # within"`, "mine"},
		{"tiers.platform.adoption", "0.25", ""}, // not that of the scenario below, whose value is another
		{"tiers.contract.adoption", "0.8", "assumption: a district knows itself"},
		{"transport.road_factor", "1.4", "measured"},
		{"kinds.mill5.outside.lead_days", "8", "shop rate US$90–150 (rate guides); the rest: assumption"},
		{"tiers.platform.rework_probability", "", ""},
		{"no.such.key", "", ""},
	} {
		value, comment := b.Written(x.key)
		if value.Text != x.value || comment != x.comment {
			t.Errorf("%s: %q, %q; want %q, %q", x.key, value.Text, comment, x.value, x.comment)
		}
	}
}
