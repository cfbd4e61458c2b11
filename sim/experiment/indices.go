package experiment

import (
	"fmt"
	"strconv"
	"strings"
)

// FormatIndices writes ascending indices as schedulers do, as in "0-3,7".
func FormatIndices(indices []int) string {
	var parts []string
	for i := 0; i < len(indices); {
		last := i
		for last+1 < len(indices) && indices[last+1] == indices[last]+1 {
			last++
		}
		part := strconv.Itoa(indices[i])
		if last > i {
			part += "-" + strconv.Itoa(indices[last])
		}
		parts = append(parts, part)
		i = last + 1
	}
	return strings.Join(parts, ",")
}

// mostIndices is more than any scheduler's array has.
const mostIndices = 1 << 20

// ParseIndices reads what FormatIndices writes.
func ParseIndices(text string) (indices []int, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		from, to, span := strings.Cut(part, "-")
		first, err := strconv.Atoi(from)
		last := first
		if err == nil && span {
			last, err = strconv.Atoi(to)
		}
		sorted := len(indices) == 0 || indices[len(indices)-1] < first
		if err != nil || first < 0 || last < first || !sorted || last-first >= mostIndices {
			return nil, fmt.Errorf("%q is not a list of ascending numbers, as in 1-4,8", text)
		}
		for i := first; i <= last; i++ {
			indices = append(indices, i)
		}
	}
	return indices, nil
}
