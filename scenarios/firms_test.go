package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// loadFirms is the firms of a scenario that has the table.
func loadFirms(scenario, table string) ([]FirmRow, error) {
	if !filepath.IsAbs(table) {
		table, _ = filepath.Abs(filepath.Join("testdata", table))
	}
	sc, err := Load(scenario, LoadOptions{Set: []string{"region.firms_file=" + table}})
	if err != nil {
		return nil, err
	}
	return sc.Firms, nil
}

// Own firms must come out as the table has them, in its order.
func TestReadFirms(t *testing.T) {
	sc, err := Load("testdata/own_firms.toml", LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []FirmRow{
		{Name: "Alpha Machining", Latitude: 43.2567, Longitude: -79.8692, Sector: "metal", Employees: 12,
			Units: map[string]int{"mill": 2, "machinist": 3}, Certifications: []string{"iso"}, Partners: []int{1}},
		{Name: "Beta Works", Latitude: 43.3972, Longitude: -80.3114, Sector: "metal", Employees: 5,
			Units: map[string]int{"mill": 1}, Partners: []int{0, 2}},
		{Name: "Gamma", Latitude: 43.4186, Longitude: -80.4728, Sector: "metal", Employees: 140,
			Units: map[string]int{"machinist": 8}, Policy: "all"},
	}
	if !reflect.DeepEqual(sc.Firms, want) {
		t.Errorf("got %+v\nwant %+v", sc.Firms, want)
	}
	if sc.Region.File != "firms.csv" || len(sc.Region.FileSum) != 64 {
		t.Errorf("the record must name the table by its base name and sum, has %q, %q", sc.Region.File, sc.Region.FileSum)
	}
	var all Errors
	if _, err = loadFirms("testdata/own_firms.toml", "wrong/firms_wrong.csv"); !errors.As(err, &all) || len(all) < 10 {
		t.Errorf("all that is wrong with a table must be told at once: %v", err)
	}
	if _, err = loadFirms("testdata/own_firms.toml", "nothing.csv"); err == nil {
		t.Error("a table that is not there was read")
	}
}

// What spreadsheets write must be read: a byte order mark, CRLF, quotes,
// columns in any order.
func TestReadFirmsFromSpreadsheets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "firms.csv")
	text := "\ufeffsector,name,employees,longitude,latitude\r\nmetal,\"Alpha, \"\"the\"\" first\",7.5,-79.8,43.2\r\nmetal,Bêta,1,-80,43\r\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	rows, err := loadFirms("testdata/two_shops.toml", file)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Name != `Alpha, "the" first` || rows[0].Employees != 7.5 || rows[1].Name != "Bêta" {
		t.Errorf("got %+v", rows)
	}
	for what, text := range map[string]string{
		"the file is empty":        "",
		"the table has no firm":    "name,latitude,longitude,sector,employees\n",
		"the file is not in UTF-8": "name,latitude,longitude,sector,employees\nB\xeata,1,1,metal,1\n",
		"the column is missing":    "name\nAlpha\n",
		"the row has 6 fields":     "name,latitude,longitude,sector,employees\nAlpha,1,1,metal,1,\n",
		"twice, first in line 2":   "name,latitude,longitude,sector,employees\nAlpha,1,1,metal,1\n\nAlpha,1,1,metal,1\n",
		"4:1: name: \"Alpha\"":     "name,latitude,longitude,sector,employees\nAlpha,1,1,metal,1\n\nAlpha,1,1,metal,1\n",
		"2:12: sector: is missing": "name,latitude,longitude,sector,employees\nBêta,10,10,,1\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := loadFirms("testdata/two_shops.toml", file); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q, got %v", what, err)
		}
	}
}

// FuzzFirms reads any table: it must not panic, and every error must carry a
// row and a column within the table.
func FuzzFirms(f *testing.F) {
	for _, file := range []string{"testdata/firms.csv", "testdata/wrong/firms_wrong.csv", "testdata/wrong/firms_header.csv"} {
		f.Add(read(f, file))
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, errs := parseFirms("firms.csv", 0, []byte(text), vocabulary{[]string{"metal"}, []string{"machinist", "mill"}, []string{"iso"}, []string{"all"}})
		lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
		for _, e := range errs {
			if e.Line < 1 || e.Column < 1 || e.Line > len(lines)+1 || e.Problem == "" {
				t.Fatalf("no position in the table: %#v\n%s", e, text)
			}
		}
	})
}
