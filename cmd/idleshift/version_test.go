package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// A failure means that a dataset does not say which program made it, or that
// results of two programs could be mixed.
func TestVersionOf(t *testing.T) {
	set := func(kv ...string) (all []debug.BuildSetting) {
		for i := 0; i < len(kv); i += 2 {
			all = append(all, debug.BuildSetting{Key: kv[i], Value: kv[i+1]})
		}
		return all
	}
	for _, c := range []struct {
		module   string
		settings []debug.BuildSetting
		want     string
		certain  bool
	}{
		{"", nil, "devel", false},
		{"(devel)", nil, "devel", false},
		{"v1.2.0", nil, "v1.2.0", true},
		{"(devel)", set("vcs.revision", "0123456789abcdef", "vcs.modified", "false"), "devel 0123456789ab", true},
		{"v0.0.0-2026", set("vcs.revision", "0123456789abcdef", "vcs.modified", "true"), "v0.0.0-2026 0123456789ab+dirty", false},
	} {
		got, certain := versionOf(&debug.BuildInfo{Main: debug.Module{Version: c.module}, Settings: c.settings})
		if got != c.want || certain != c.certain {
			t.Errorf("module %q, %v: %q (certain: %v), want %q (%v)", c.module, c.settings, got, certain, c.want, c.certain)
		}
	}
}

// A failure means that two builds of the program could be taken for one.
func TestBuildID(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" {
		id := buildID(bytes.NewReader(program))
		if id == nil {
			t.Fatal("the program has no build ID")
		}
		chosen := bytes.ReplaceAll(program, id[16:], bytes.Repeat([]byte("a"), len(id)-16))
		if id := buildID(bytes.NewReader(chosen)); id != nil {
			t.Errorf("%q, an ID that somebody chose, is taken for one that tells builds apart", id)
		}
	}
	if id := buildID(strings.NewReader("another format")); id != nil {
		t.Errorf("a file that is no program has the build ID %q", id)
	}
	if x := fingerprint(); len(x) != 12 {
		t.Errorf("the fingerprint is %q", x)
	}
}
