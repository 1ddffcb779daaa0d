package guide

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// catalogueName returns the short name of an anomaly by its ID, "" for another key.
func catalogueName(key string) string {
	id, err := anomaly.Parse(key)
	if err != nil {
		return ""
	}
	return id.Name()
}

// What a word is worth by where it stands.
const (
	inKey     = 20
	inTitle   = 8
	inSummary = 4
	inText    = 3 // the tenth time says little more than the third, so this is what they come to together
)

// index is the words of a page by where they stand.
type index struct {
	names                map[string]bool
	title, summary, text []string
}

func indexOf(p *Page) index {
	x := index{names: map[string]bool{}, title: wordsOf(p.Title), summary: wordsOf(p.Summary)}
	for _, name := range p.names() {
		x.names[name] = true
	}
	for _, s := range p.Sections {
		x.text = append(x.text, wordsOf(s.Text)...)
	}
	for _, f := range p.Facts {
		x.text = append(x.text, wordsOf(f.Text)...)
	}
	return x
}

// Search returns the pages that have all words of a query, or longer words that begin with them, the best first: words in keys and titles count for more
// than words of the text, and rare words for more than frequent ones. Pages that lack some of the words, but have more than half, come behind.
func (g *Guide) Search(query string) []Page {
	type hit struct {
		at    int
		words int
		score float64
	}
	hits, words := make([]hit, len(g.pages)), make([]index, len(g.pages))
	for i := range hits {
		hits[i].at, words[i] = i, indexOf(&g.pages[i])
	}
	scores := make([]float64, len(g.pages))
	wanted := wordsOf(query)
	for _, w := range wanted {
		having := 0
		for i := range scores {
			if scores[i] = words[i].score(w); scores[i] > 0 {
				having++
			}
		}
		for i, s := range scores {
			if s > 0 {
				hits[i].words++
				hits[i].score += s * math.Log(1+float64(len(scores))/float64(having))
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.words, a.words), cmp.Compare(b.score, a.score))
	})
	var out []Page
	for _, h := range hits {
		if 2*h.words > len(wanted) {
			out = append(out, g.pages[h.at])
		}
	}
	return out
}

// score says how much a page has of a word.
func (x *index) score(word string) float64 {
	n := count(x.text, word)
	score := inText*n/(n+2) + inSummary*min(count(x.summary, word), 1) + inTitle*min(count(x.title, word), 1)
	if x.names[word] {
		score += inKey
	}
	return score
}

// count returns how many words begin with a word.
func count(words []string, word string) float64 {
	n := 0
	for _, w := range words {
		if strings.HasPrefix(w, word) {
			n++
		}
	}
	return float64(n)
}

// wordsOf returns the words of a text in lower case, letters that stand alone left out.
func wordsOf(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return slices.DeleteFunc(words, func(w string) bool { return len(w) < 2 && (w < "0" || w > "9") })
}
