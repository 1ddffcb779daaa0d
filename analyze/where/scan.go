package where

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// scanned is an expression as the parser can read it: durations, of which it knows nothing, stand as identifiers of the same length, so that all
// columns stay.
type scanned struct {
	text      string
	runes     int
	durations map[int]time.Duration // by place, in characters from 0
}

// scanner goes through the characters outside of strings.
type scanner struct {
	in    []rune
	out   []rune
	depth int
	found map[int]time.Duration
}

// scan finds the durations, and refuses nesting that is too deep.
func scan(text string) (*scanned, error) {
	s := scanner{in: []rune(text), found: map[int]time.Duration{}}
	s.out = []rune(text)
	for i := 0; i < len(s.in); {
		next, err := s.token(i)
		if err != nil {
			return nil, err
		}
		i = next
	}
	return &scanned{string(s.out), len(s.in), s.found}, nil
}

// token takes in the token at i, as far as it matters here, and returns where the next begins.
func (s *scanner) token(i int) (int, error) {
	switch r := s.in[i]; {
	case r == '"' || r == '\'' || r == '`':
		return s.quoted(i), nil
	case r == '/' && i+1 < len(s.in) && (s.in[i+1] == '/' || s.in[i+1] == '*'):
		return 0, &Error{i + 1, "comments are not part of expressions"}
	case '0' <= r && r <= '9':
		return s.number(i)
	case wordy(r):
		return s.word(i), nil
	case strings.ContainsRune("([{", r):
		if s.depth++; s.depth > maxDepth {
			return 0, &Error{i + 1, fmt.Sprintf("more than %d parentheses in each other", maxDepth)}
		}
	case strings.ContainsRune(")]}", r):
		s.depth--
	}
	return i + 1, nil
}

func (s *scanner) quoted(i int) int {
	quote := s.in[i]
	for i++; i < len(s.in); i++ {
		switch s.in[i] {
		case quote:
			return i + 1
		case '\\':
			if quote != '`' {
				i++
			}
		}
	}
	return len(s.in)
}

func wordy(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func (s *scanner) word(i int) int {
	for i < len(s.in) && wordy(s.in[i]) {
		i++
	}
	return i
}

// number takes in a number, or a duration: 500ms, 1.5s, 1m30s.
func (s *scanner) number(i int) (int, error) {
	end, unit := i, false
	for end < len(s.in) && (wordy(s.in[end]) || s.in[end] == '.' && s.digit(end+1)) {
		unit = unit || strings.ContainsRune("nuµmsh", s.in[end])
		end++
	}
	text := string(s.in[i:end])
	if !unit || strings.HasPrefix(text, "0x") {
		return end, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, &Error{i + 1, fmt.Sprintf("%q is no duration: write 500ms, 1.5s, 1m30s (units: ns us ms s m h)", text)}
	}
	s.found[i] = d
	for j := i; j < end; j++ {
		s.out[j] = '_'
	}
	return end, nil
}

func (s *scanner) digit(i int) bool { return i < len(s.in) && '0' <= s.in[i] && s.in[i] <= '9' }
