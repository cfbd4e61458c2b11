package main

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version: module and revision",
		Example: "  idleshift version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.out, "idleshift", p.version)
			return err
		},
	}
}

// version is that of the module and the revision it was built from, as the Go
// tool recorded them, or git where the Go tool does not. Where there is no
// revision, or files differed from it, a fingerprint of the program itself
// tells builds apart, so that results of two of them are never taken for one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	name, certain := versionOf(info)
	if !certain {
		info.Settings = append(info.Settings, running()...)
		name, certain = versionOf(info)
	}
	if !certain {
		name += " build " + fingerprint()
	}
	return name
}

// versionOf is "devel" where nothing was recorded; a revision follows it in
// short form, with "+dirty" if files differed from it. It is certain if it
// names one state of the files.
func versionOf(info *debug.BuildInfo) (name string, certain bool) {
	name = info.Main.Version
	released := name != "" && name != "(devel)"
	if !released {
		name = "devel"
	}
	revision, dirty := "", false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			dirty = s.Value == "true"
		}
	}
	if revision != "" {
		name += " " + revision[:min(12, len(revision))]
	}
	if dirty {
		name += "+dirty"
	}
	return name, !dirty && (released || revision != "")
}

// running is what git says of the files that a program of "go run" was built
// from just now: there the Go tool records no revision.
func running() []debug.BuildSetting {
	path, err := os.Executable()
	_, source, _, ok := runtime.Caller(0)
	if err != nil || !ok || !strings.Contains(path, "go-build") { // in the cache, or a temporary folder
		return nil
	}
	git := func(args ...string) (string, error) {
		out, err := exec.Command("git", append([]string{"-C", filepath.Dir(source)}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	revision, err := git("rev-parse", "HEAD")
	if err != nil {
		return nil
	}
	changed, err := git("status", "--porcelain")
	if err != nil {
		return nil
	}
	return []debug.BuildSetting{{Key: "vcs.revision", Value: revision}, {Key: "vcs.modified", Value: strconv.FormatBool(changed != "")}}
}

// fingerprint tells the running program from others, or is "unknown" where its
// file cannot be read.
func fingerprint() string {
	path, err := os.Executable()
	if err != nil {
		return "unknown"
	}
	f, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	sum := sha256.New()
	if id := buildID(f); id != nil {
		sum.Write(id)
	} else if _, err := io.Copy(sum, f); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// buildID is what the Go tool wrote into a program to tell what it is made of,
// nil if it is not there: to read it takes no time, where to hash the whole
// file takes a twentieth of a second.
func buildID(program io.ReaderAt) []byte {
	f, err := elf.NewFile(program)
	if err != nil {
		return nil // Windows and macOS have other formats
	}
	s := f.Section(".note.go.buildid")
	if s == nil {
		return nil
	}
	id, err := s.Data()
	if err != nil || len(id) < 64 || bytes.Count(id[16:], []byte("/")) != 3 { // a header of 16 bytes, then four hashes, unless somebody chose another ID
		return nil
	}
	return id
}
