package text

import "math"

// What other renderers share: the same number reads the same on paper and on a screen.

// Number returns n with thousands separators.
func Number(n uint64) string { return number(n) }

// Count returns n and its noun: "1 query", "12 queries".
func Count(n uint64, noun string) string { return count(n, noun) }

// Percent returns n as a share of all, "" where there is no whole. What is not all never shows as 100.0%, what is not none never as 0.0%.
func Percent(n, all uint64) string { return percent(n, all) }

// PerSecond returns a rate, "" for none.
func PerSecond(r float64) string {
	if !(r > 0) || math.IsInf(r, 1) {
		return ""
	}
	return perSecond(r)
}

// Millis returns a time in ms in the unit that keeps it short, with three digits.
func Millis(ms float64, ascii bool) string { return millis(ms, ascii) }

// Bound returns what [Millis] does without the zeros that say nothing.
func Bound(ms float64, ascii bool) string { return bound(ms, ascii) }

// Span returns a length of time in the two units that say most.
func Span(seconds float64, ascii bool) string { return span(seconds, ascii) }

// Bar returns a bar of share (0 to 1) times width columns.
func Bar(share float64, width int, ascii bool) string { return bar(share, width, ascii) }

// Spark draws counts as one character each, in at most width columns, to their own scale. Only 0 is a space.
func Spark(counts []uint64, width int, ascii bool) string {
	if len(counts) == 0 || width <= 0 {
		return ""
	}
	return spark(merged(counts, (len(counts)+width-1)/width), ascii)
}

// FormErrNote says what a reason for FORMERR means where the query has no anomaly, "" for one that is not known.
func FormErrNote(reason string) string { return formErrNotes[reason] }

// SolvedBy says what was different in the try of a lookup that was answered, by the report's word for it.
func SolvedBy(change string) string { return changeNotes[change] }
