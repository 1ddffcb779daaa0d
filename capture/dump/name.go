package dump

import (
	"fmt"
	"time"

	"github.com/ncruces/go-strftime"
)

// Slot says which of several files is meant.
type Slot struct {
	Time   time.Time // when it begins
	Number int       // from 0, among those of the same time
}

// Pattern makes the names of files, as tcpdump does.
type Pattern struct {
	// Text is the name; where it is Timed, with conversions of strftime, in local time.
	Text  string
	Timed bool
	// Digits is the least number of digits of the number after the name. Where it is 0, the first file has no number.
	Digits int
}

// Name returns the name of a file.
func (p Pattern) Name(at Slot) string {
	name := p.Text
	if p.Timed {
		name = strftime.Format(p.Text, at.Time.Local())
	}
	if at.Number == 0 && p.Digits == 0 {
		return name
	}
	return fmt.Sprintf("%s%0*d", name, p.Digits, at.Number)
}
