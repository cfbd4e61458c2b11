package scenarios

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A FirmRow is one firm of a table of real firms.
type FirmRow struct {
	Name                string
	Latitude, Longitude float64 // degrees
	Sector              string
	Employees           float64
	Units               map[string]int // by kind; kinds left blank are missing
	Certifications      []string
	Policy              string // name of its sharing policy; empty leaves that to sector and size
	Partners            []int  // positions of rows, of firms that this one may ask
}

// firms reads the scenario's table of firms, if it has one: CSV with a header of
// firmColumns, the last two of which are lists divided by semicolons. All that is
// wrong in it is told at once, with row and column of the file.
func (r *reader) firms(sc *Scenario) {
	key := []string{"region", "firms_file"}
	if sc.Region.File == "" || !r.d.sound(key) {
		return
	}
	at := r.d.spot(key)
	file := sc.Region.File
	if !filepath.IsAbs(file) {
		file = filepath.Join(r.layers[at.layer].dir, filepath.FromSlash(file))
	}
	text, err := r.read(file)
	if err != nil {
		r.d.misread(at, key, "cannot be read: "+reason(err), "a CSV file, relative to the file that names it", "")
		return
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(text))
	if want := sc.Region.FileSum; want != "" && want != sum {
		r.d.rule([]string{"region", "firms_sha256"}, "the table of firms is not the one that this was written for: its SHA-256 is "+sum, "", "")
	}
	if r.d.unsure() {
		return // names that the table needs may not have been read
	}
	rows, errs := parseFirms(file, len(r.layers), text, vocabulary{r.d.names("sectors"), r.d.names("kinds"), r.d.names("certifications"), r.d.names("policies")})
	r.d.errs = append(r.d.errs, errs...)
	for i, row := range rows {
		if len(row.Partners) > 0 && len(sc.Region.Partners) > 0 {
			r.d.rule([]string{"region", "partners"}, fmt.Sprintf("the table of firms also names partners, first for %q", rows[i].Name), "one of the two", "")
			break
		}
	}
	if len(errs) == 0 {
		r.d.checkPartners(sc, len(rows), fmt.Sprintf("the table has %d firms", len(rows)))
	}
	sc.Firms = rows
	sc.Region.File = filepath.Base(file)
	sc.Region.FileSum = sum
}

// reason is why a file cannot be read, without its path.
func reason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// A vocabulary is the names that a table of firms may use, sorted.
type vocabulary struct{ sectors, kinds, certifications, policies []string }

// firmTable is a table of firms while it is read.
type firmTable struct {
	file    string
	text    *text
	known   vocabulary
	columns []string
	errs    Errors
}

var firmColumns = []string{"name", "latitude", "longitude", "sector", "employees", "units.KIND", "policy", "certifications", "partners"}

func parseFirms(file string, layer int, data []byte, known vocabulary) ([]FirmRow, Errors) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // spreadsheets put it there
	t := &firmTable{file: file, text: newText(layer, data), known: known}
	if !utf8.Valid(data) {
		t.fail(1, 1, "", "the file is not in UTF-8", "UTF-8, the CSV format that spreadsheets call by that name", "")
		return nil, t.errs
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.FieldsPerRecord = -1
	in.TrimLeadingSpace = true
	header, err := in.Read()
	if err == io.EOF {
		t.fail(1, 1, "", "the file is empty", "a header with "+strings.Join(firmColumns, ", "), "")
		return nil, t.errs
	}
	if err != nil {
		t.syntax(err)
		return nil, t.errs
	}
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t") {
		t.fail(1, 1+strings.IndexAny(header[0], ";\t"), "", "the fields are divided by semicolons or tabs", "commas: CSV (comma delimited), in the words of spreadsheets", "")
		return nil, t.errs
	}
	t.header(in, header)
	var rows []FirmRow
	var cells []firmCells
	for {
		record, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.syntax(err)
			break
		}
		row, c := t.row(in, record)
		rows = append(rows, row)
		cells = append(cells, c)
	}
	if len(rows) == 0 && len(t.errs) == 0 {
		t.fail(2, 1, "", "the table has no firm", "", "")
	}
	t.link(rows, cells)
	return rows, t.errs
}

// fail notes an error at a line and, in bytes as the CSV reader counts, column.
func (t *firmTable) fail(line, column int, key, problem, allowed, near string) {
	if line <= len(t.text.lines) {
		if s := t.text.spot(t.text.lines[line-1] + column - 1); s.line == line {
			column = s.column
		}
	}
	t.errs = append(t.errs, Error{File: t.file, Line: line, Column: column, Key: key, Problem: problem, Allowed: allowed, Near: near, layer: t.text.layer})
}

func (t *firmTable) syntax(err error) {
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		t.fail(bad.Line, bad.Column, "", bad.Err.Error(), "", "")
		return
	}
	t.fail(1, 1, "", err.Error(), "", "")
}

func (t *firmTable) header(in *csv.Reader, header []string) {
	for i, c := range header {
		c = strings.TrimSpace(c)
		line, column := in.FieldPos(i)
		kind, units := strings.CutPrefix(c, "units.")
		switch {
		case slices.Contains(t.columns, c):
			t.fail(line, column, c, "the column stands in the header twice", "", "")
		case units && !slices.Contains(t.known.kinds, kind):
			t.fail(line, column, c, fmt.Sprintf("there is no kind %q", kind), some(t.known.kinds), prefixed("units.", Nearest(kind, t.known.kinds)))
		case !units && (c == "units.KIND" || !slices.Contains(firmColumns, c)):
			t.fail(line, column, cmp.Or(c, "column "+strconv.Itoa(i+1)), "unknown column", strings.Join(firmColumns, ", "), Nearest(c, firmColumns))
		}
		t.columns = append(t.columns, c)
	}
	for _, c := range firmColumns[:5] {
		if !slices.Contains(t.columns, c) {
			t.fail(1, 1, c, "the column is missing", "", "")
		}
	}
}

func prefixed(prefix, word string) string {
	if word == "" {
		return ""
	}
	return prefix + word
}

// A cell is a word of the table and where it stands.
type cell struct {
	text         string
	line, column int
	key          string
}

// firmCells are the cells of a firm that bear on other rows.
type firmCells struct {
	name     cell
	partners []cell
}

// row reads one firm.
func (t *firmTable) row(in *csv.Reader, record []string) (row FirmRow, others firmCells) {
	line, _ := in.FieldPos(0)
	if len(record) != len(t.columns) {
		t.fail(line, 1, "", fmt.Sprintf("the row has %d fields, the header %d", len(record), len(t.columns)), "", "")
	}
	for i, text := range record[:min(len(record), len(t.columns))] {
		l, column := in.FieldPos(i)
		c := cell{strings.TrimSpace(text), l, column, t.columns[i]}
		if kind, ok := strings.CutPrefix(c.key, "units."); ok {
			if n := t.number(c, newInterval("[0,1e6]"), true); c.text != "" {
				if row.Units == nil {
					row.Units = map[string]int{}
				}
				row.Units[kind] = int(n)
			}
			continue
		}
		switch c.key {
		case "name":
			row.Name = c.text
			others.name = c
			if c.text == "" {
				t.fail(l, column, c.key, "a firm has no name", "", "")
			}
		case "latitude":
			row.Latitude = t.number(c, newInterval("[-85,85]"), false)
		case "longitude":
			row.Longitude = t.number(c, newInterval("[-180,180]"), false)
		case "employees":
			row.Employees = t.number(c, newInterval("(0,1e6]"), false)
		case "sector":
			row.Sector = c.text
			t.refer(c, t.known.sectors, "sector")
		case "policy":
			if row.Policy = c.text; c.text != "" {
				t.refer(c, t.known.policies, "policy")
			}
		case "certifications":
			for _, w := range c.split() {
				t.refer(w, t.known.certifications, "certification")
				row.Certifications = append(row.Certifications, w.text)
			}
		case "partners":
			others.partners = c.split()
		}
	}
	return row, others
}

// split divides a list at its semicolons.
func (c cell) split() []cell {
	var words []cell
	for w := range strings.SplitSeq(c.text, ";") {
		if w = strings.TrimSpace(w); w != "" {
			words = append(words, cell{w, c.line, c.column, c.key})
		}
	}
	return words
}

func (t *firmTable) refer(c cell, names []string, what string) {
	if c.text == "" {
		t.fail(c.line, c.column, c.key, "is missing", some(names), "")
	} else if !slices.Contains(names, c.text) {
		t.fail(c.line, c.column, c.key, fmt.Sprintf("there is no %s %q", what, c.text), cmp.Or(some(names), "none is defined in the scenario"), Nearest(c.text, names))
	}
}

// number reads a number; a blank cell of units is none.
func (t *firmTable) number(c cell, allowed interval, wholes bool) float64 {
	if wholes && c.text == "" {
		return 0
	}
	x, err := strconv.ParseFloat(c.text, 64)
	what := "a number"
	if wholes {
		what = "a whole number"
	}
	switch {
	case c.text == "":
		t.fail(c.line, c.column, c.key, "is missing", allowed.String(), "")
	case err != nil || math.IsNaN(x) || math.IsInf(x, 0) || wholes && x != math.Trunc(x):
		t.fail(c.line, c.column, c.key, fmt.Sprintf("%q is not %s", c.text, what), allowed.String(), "")
	case !allowed.holds(x):
		t.fail(c.line, c.column, c.key, c.text+" is out of range", allowed.String(), "")
	default:
		return x
	}
	return 0
}

// link resolves the names of partners to rows.
func (t *firmTable) link(rows []FirmRow, cells []firmCells) {
	number := make(map[string]int, len(rows))
	var all []string
	for i, row := range rows {
		c := cells[i].name
		if first, twice := number[row.Name]; twice && row.Name != "" {
			t.fail(c.line, c.column, c.key, fmt.Sprintf("%q stands in the table twice, first in line %d", row.Name, cells[first].name.line), "", "")
			continue
		}
		number[row.Name] = i
		all = append(all, row.Name)
	}
	for i := range rows {
		for _, c := range cells[i].partners {
			switch j, ok := number[c.text]; {
			case !ok:
				near := ""
				if len(t.errs) < 100 { // to compare with every firm takes its time
					near = Nearest(c.text, all)
				}
				t.fail(c.line, c.column, c.key, fmt.Sprintf("there is no firm %q in the table", c.text), "", near)
			case j == i:
				t.fail(c.line, c.column, c.key, "a firm is no partner of itself", "", "")
			case slices.Contains(rows[i].Partners, j):
				t.fail(c.line, c.column, c.key, fmt.Sprintf("%q stands in the list twice", c.text), "", "")
			default:
				rows[i].Partners = append(rows[i].Partners, j)
			}
		}
	}
}
