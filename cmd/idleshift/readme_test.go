package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what commands print into the pages that show it")

// asWritten names a folder that holds the whole project: there the README's
// commands are run as they are written, the main job too.
const asWritten = "IDLESHIFT_CLONE"

// house is the folder of the project as the tests see it.
var house = filepath.Join("..", "..")

// TestPages runs the commands of every page: each block of sh, in the order of
// the page, in a folder of the page's own. A block of text is what the commands
// before it must print, and a picture that the page shows must be the one of
// its name that the commands drew. Go's own commands and the default scenario,
// which is large, are left to the check before merging, which sets
// IDLESHIFT_CLONE.
//
// A failure means that somebody who does what a page says gets something else.
func TestPages(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil || testing.Short() {
		t.Skip("there is no sh, or no time")
	}
	clone := os.Getenv(asWritten)
	for _, name := range pages(t) {
		t.Run(name, func(t *testing.T) {
			whole := clone != "" && name == "README.md"
			path := filepath.Join(house, filepath.FromSlash(name))
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			blocks := fenced(string(text))
			dir := t.TempDir()
			if whole {
				dir = clone
				defer restore(t, filepath.Join(clone, filepath.FromSlash(name)), string(text))()
				defer removeNew(t, clone)()
			}
			printed, ran := "", false
			for i := range blocks {
				b := &blocks[i]
				switch b.language {
				case "sh":
					commands := runnable(b.text, whole)
					if ran = commands != ""; !ran {
						continue
					}
					cmd := exec.Command(shell, "-eu", "-c", commands)
					var out, errs bytes.Buffer
					cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
					if err := cmd.Run(); err != nil {
						t.Fatalf("line %d: %v\n%s%s", b.line, err, commands, errs.String())
					}
					printed = out.String()
				case "text":
					if ran && *update {
						b.text = printed
					}
					if ran && b.text != printed {
						t.Errorf("line %d: the page says\n%s\nthe commands print\n%s", b.line, b.text, printed)
					}
				}
			}
			if *update {
				if err := os.WriteFile(path, []byte(joined(blocks)), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if !whole {
				comparePictures(t, dir, path, string(text))
			}
		})
	}
}

// pictures are the files of the pictures that a page shows.
func pictures(pagePath, page string) (files []string) {
	for rest := page; ; {
		_, after, found := strings.Cut(rest, "![")
		if !found {
			return files
		}
		_, after, _ = strings.Cut(after, "](")
		to, more, _ := strings.Cut(after, ")")
		files, rest = append(files, filepath.Join(filepath.Dir(pagePath), filepath.FromSlash(to))), more
	}
}

// restore remembers the pictures that a page shows, and afterwards puts back
// those that show the same as before: their bytes differ, since a picture says
// which version drew it.
func restore(t *testing.T, path, page string) func() {
	before := map[string][]byte{}
	for _, path := range pictures(path, page) {
		if file, err := os.ReadFile(path); err == nil {
			before[path] = file
		}
	}
	return func() {
		for path, old := range before {
			file, err := os.ReadFile(path)
			if err == nil && samePicture(path, old, file) {
				err = os.WriteFile(path, old, 0o666)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
}

// comparePictures holds the pictures that a page shows against those of the
// same name that its commands have drawn in dir.
func comparePictures(t *testing.T, dir, path, page string) {
	t.Helper()
	for _, shown := range pictures(path, page) {
		drawn, err := os.ReadFile(filepath.Join(dir, filepath.Base(shown)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // by no command that ran here
		}
		if err != nil {
			t.Fatal(err)
		}
		stored, err := os.ReadFile(shown)
		if err == nil && samePicture(shown, stored, drawn) {
			continue
		}
		if !*update {
			t.Errorf("%s is not what the commands draw (%v)", shown, err)
		} else if err := os.WriteFile(shown, drawn, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// samePicture reports whether two files of a name show the same.
func samePicture(name string, a, b []byte) bool {
	if filepath.Ext(name) == ".svg" {
		return bytes.Equal(withoutOrigin(a), withoutOrigin(b))
	}
	return samePixels(a, b)
}

// withoutOrigin is an SVG without what says which version drew it.
func withoutOrigin(svg []byte) []byte {
	before, rest, _ := bytes.Cut(svg, []byte("<metadata>"))
	_, after, _ := bytes.Cut(rest, []byte("</metadata>"))
	return slices.Concat(before, after)
}

// removeNew remembers the files of a folder, and afterwards removes those that
// have come to it: a reader's own scenario is none of the project's.
func removeNew(t *testing.T, dir string) func() {
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		after, err := os.ReadDir(dir)
		for _, file := range after {
			old := slices.ContainsFunc(before, func(b fs.DirEntry) bool { return b.Name() == file.Name() })
			if !old && !file.IsDir() {
				err = errors.Join(err, os.Remove(filepath.Join(dir, file.Name())))
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func samePixels(a, b []byte) bool {
	one, err := png.Decode(bytes.NewReader(a))
	two, err2 := png.Decode(bytes.NewReader(b))
	if err != nil || err2 != nil || one.Bounds() != two.Bounds() {
		return false
	}
	for y := range one.Bounds().Dy() {
		for x := range one.Bounds().Dx() {
			if one.At(x, y) != two.At(x, y) {
				return false
			}
		}
	}
	return true
}

// pages are the Markdown files of the project.
func pages(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(house), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path == "results" || len(path) > 1 && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case strings.HasSuffix(path, ".md"):
			names = append(names, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// runnable is the commands of a block, none if the block is left to the check
// before merging. As they are written, only the tests are left out: they are
// what is running.
func runnable(text string, whole bool) string {
	if whole {
		return strings.ReplaceAll(text, "go test ./...\n", "")
	}
	text = strings.ReplaceAll(text, "go run ./cmd/idleshift", "idleshift")
	for line := range strings.Lines(text) {
		words := " " + strings.Join(strings.Fields(line), " ") + " "
		for _, left := range []string{" go ", " git ", " bash ", " idleshift run --", "results/" + defaultScenario,
			" idleshift validate --facts ", " idleshift tornado ", " idleshift calibrate " + defaultScenario} {
			if strings.Contains(words, left) {
				return ""
			}
		}
		if words == " idleshift run " {
			return ""
		}
	}
	return text
}

// A block is a fenced block of a page, or what stands between two.
type block struct {
	language string // empty between blocks
	line     int    // of its first line of text, from 1
	text     string
}

const fence = "```"

// fenced takes a page apart.
func fenced(page string) []block {
	blocks := []block{{line: 1}}
	line, inside := 0, false
	for text := range strings.Lines(page) {
		line++
		last := &blocks[len(blocks)-1]
		language, opens := strings.CutPrefix(strings.TrimRight(text, "\r\n"), fence)
		switch {
		case opens && !inside:
			blocks = append(blocks, block{language: language, line: line + 1})
			inside = true
		case opens:
			blocks = append(blocks, block{line: line + 1})
			inside = false
		default:
			last.text += text
		}
	}
	return blocks
}

// joined puts a page together again: every second block is fenced.
func joined(blocks []block) string {
	var page strings.Builder
	for i, b := range blocks {
		if i%2 == 1 {
			fmt.Fprintf(&page, "%s%s\n%s%s\n", fence, b.language, b.text, fence)
		} else {
			page.WriteString(b.text)
		}
	}
	return page.String()
}

// A failure means that rewriting what a page shows would damage the rest of it.
func TestFencedPagesComeTogetherAgain(t *testing.T) {
	for _, name := range pages(t) {
		text, err := os.ReadFile(filepath.Join(house, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if joined(fenced(string(text))) != string(text) {
			t.Errorf("%s is not the same after it was taken apart and put together", name)
		}
	}
}

// A failure means that a page sends its reader to a file that is not there.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, name := range pages(t) {
		text, err := os.ReadFile(filepath.Join(house, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		for rest := string(text); ; {
			_, after, found := strings.Cut(rest, "](")
			if !found {
				break
			}
			to, more, _ := strings.Cut(after, ")")
			rest = more
			to, _, _ = strings.Cut(to, "#")
			if to == "" || strings.Contains(to, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(house, filepath.Dir(filepath.FromSlash(name)), filepath.FromSlash(to))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A failure means that a dependency has come in without a word on what it is
// for.
func TestDependenciesAreExplained(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(house, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(house, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mod)) {
		words := strings.Fields(line)
		if len(words) != 2 || !strings.HasPrefix(words[1], "v") {
			continue // no requirement, or an indirect one
		}
		name := strings.TrimPrefix(strings.TrimPrefix(words[0], "github.com/"), "gonum.org/v1/")
		if !strings.Contains(string(page), "`"+name+"`") && !strings.Contains(string(page), "gonum/"+name) {
			t.Errorf("CONTRIBUTING.md does not say what %s is for", words[0])
		}
	}
}
