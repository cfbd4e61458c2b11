package main

import "testing"

// A failure means that the recorded command, typed into a shell, makes another
// dataset.
func TestCommandCanBeTyped(t *testing.T) {
	got := command("idleshift", "run", "my region.toml", "--set", "title=it's [1, 2]", "--set", "time.days=3", "")
	want := `idleshift run 'my region.toml' --set 'title=it'\''s [1, 2]' --set time.days=3 ''`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
