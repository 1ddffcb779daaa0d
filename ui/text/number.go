package text

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// number returns n with thousands separators.
func number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// some returns n as number does, and nothing for 0.
func some(n uint64) string {
	if n == 0 {
		return ""
	}
	return number(n)
}

// count returns n and its noun: "1 packet", "12 packets".
func count(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if l := len(noun); noun[l-1] == 'y' {
		noun = noun[:l-1] + "ie"
	}
	return number(n) + " " + noun + "s"
}

// percent returns n as a share of all, and nothing where there is no whole. What is not all never shows as 100.0%, what is not none never
// as 0.0%.
func percent(n, all uint64) string {
	if all == 0 {
		return ""
	}
	tenths := math.Round(ratio(n, all) * 1000)
	switch {
	case n > 0 && tenths < 1:
		return "<0.1%"
	case n < all && tenths >= 1000:
		return ">99.9%"
	}
	return strconv.FormatFloat(tenths/10, 'f', 1, 64) + "%"
}

// shareOf returns ", 12.3% of queries", and nothing where there is no whole.
func shareOf(n, all uint64, what string) string {
	if all == 0 {
		return ""
	}
	return ", " + percent(n, all) + " of " + what
}

func ratio(n, all uint64) float64 {
	if all == 0 {
		return 0
	}
	return float64(n) / float64(all)
}

// rate returns n events in some seconds as events per second, and nothing where no time passed.
func rate(n uint64, seconds float64) string {
	if !(seconds > 0) || n == 0 {
		return ""
	}
	return perSecond(float64(n) / seconds)
}

// perSecond writes a rate, which is above 0.
func perSecond(r float64) string {
	switch {
	case r >= 1<<63:
		return strconv.FormatFloat(r, 'g', 3, 64) + "/s"
	case r >= 99.95:
		return number(uint64(r+0.5)) + "/s"
	case r >= 9.995:
		return strconv.FormatFloat(r, 'f', 1, 64) + "/s"
	case r >= 0.01:
		return strconv.FormatFloat(r, 'f', 2, 64) + "/s"
	}
	return "<0.01/s"
}

// millis returns what appendMillis appends.
func millis(ms float64, ascii bool) string { return string(appendMillis(nil, ms, ascii)) }

// appendMillis appends a latency in the unit that keeps it short, with three digits: "850 µs", "1.25 ms", "4.90 s".
func appendMillis(dst []byte, ms float64, ascii bool) []byte {
	if ms < 0 {
		dst, ms = append(dst, '-'), -ms
	}
	micro := " µs"
	if ascii {
		micro = " us"
	}
	switch {
	case ms < 0.0995:
		return append(appendDigits(dst, ms*1000), micro...)
	case ms < 0.9995:
		return append(strconv.AppendFloat(dst, ms*1000, 'f', 0, 64), micro...)
	case ms < 999.5:
		return append(appendDigits(dst, ms), " ms"...)
	}
	return append(appendDigits(dst, ms/1000), " s"...)
}

// bound returns the bound of a latency bucket: as millis does, but without the zeros that say nothing.
func bound(ms float64, ascii bool) string {
	value, unit, _ := strings.Cut(millis(ms, ascii), " ")
	if strings.Contains(value, ".") {
		value = strings.TrimRight(strings.TrimRight(value, "0"), ".")
	}
	return value + " " + unit
}

// appendDigits appends v with three significant digits, or all before the point.
func appendDigits(dst []byte, v float64) []byte {
	switch {
	case v >= 99.95:
		return strconv.AppendFloat(dst, v, 'f', 0, 64)
	case v >= 9.995:
		return strconv.AppendFloat(dst, v, 'f', 1, 64)
	}
	return strconv.AppendFloat(dst, v, 'f', 2, 64)
}

// span returns a length of time in the two units that say most: "16m 40s", "3d 04h", "1.25 s".
func span(seconds float64, ascii bool) string {
	if seconds < 60 {
		return millis(seconds*1000, ascii)
	}
	s := uint64(min(seconds, 1e15) + 0.5)
	switch {
	case s < 3600:
		return fmt.Sprintf("%dm %02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh %02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%sd %02dh", number(s/86400), s/3600%24)
}

// period returns the times from first to last in UTC, the date only once where it is the same.
func period(first, last time.Time) string {
	const day, clock = "2006-01-02", "15:04:05.000"
	first, last = first.UTC(), last.UTC()
	layout := day + " " + clock
	if first.Format(day) == last.Format(day) {
		layout = clock
	}
	return first.Format(day+" "+clock) + " to " + last.Format(layout) + " UTC"
}
