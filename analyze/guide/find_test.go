package guide

import (
	"slices"
	"testing"
)

func TestFind(t *testing.T) {
	g := Load()
	for _, tt := range []struct {
		word string
		want []string
	}{
		{"FORMERR", []string{"FORMERR"}},
		{"formerr", []string{"FORMERR"}},
		{"1", []string{"FORMERR", "EDE1"}},
		{"rcode 1", []string{"FORMERR"}},
		{"RCODE1", []string{"FORMERR"}},
		{"format error", []string{"FORMERR"}},
		{"BADTIME", []string{"BADTIME"}},
		{"tsig 18", []string{"BADTIME"}},
		{"TSIG BADTIME", []string{"BADTIME", "T08"}},
		{"tsig 9", []string{"NOTAUTH"}},
		{"clock skew", []string{"BADTIME"}},
		{"ede 7", []string{"EDE7"}},
		{"EDE7", []string{"EDE7"}},
		{"EDE-7", []string{"EDE7"}},
		{"signature expired", []string{"EDE7"}},
		{"N05", []string{"N05"}},
		{"n5", []string{"N05"}},
		{"ptr-loop", []string{"N05"}},
		{"PTR LOOP", []string{"N05"}},
		{"anomaly n05", []string{"N05"}},
		{"", nil},
		{"-", nil},
		{"no-such-thing", nil},
		{"N99", nil},
		{"$(reboot)", nil},
	} {
		if got := keys(g.Find(tt.word)); !slices.Equal(got, tt.want) && (tt.word != "1" || len(got) == 0 || got[0] != "FORMERR") {
			t.Errorf("Find(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}

func TestNear(t *testing.T) {
	g := Load()
	for word, want := range map[string]string{"FORMER": "FORMERR", "FROMERR": "FORMERR", "badtme": "BADTIME", "ptr-lop": "N05", "signature exp": "EDE7"} {
		if got := keys(g.Near(word, 3)); !slices.Contains(got, want) {
			t.Errorf("Near(%q) = %q, want %s among them", word, got, want)
		}
	}
	for _, word := range []string{"", "qqqqqqqqqq", "\x00"} {
		if got := g.Near(word, 3); len(got) != 0 {
			t.Errorf("Near(%q) = %q, want nothing", word, keys(got))
		}
	}
	if got := g.Near("N", 3); len(got) != 3 {
		t.Errorf("%d pages, want the limit of 3", len(got))
	}
}

func TestSearch(t *testing.T) {
	g := Load()
	for query, want := range map[string]string{"clock fudge": "BADTIME", "signature expired": "EDE7", "compression pointer itself": "N05", "edns ignorant formerr": "FORMERR"} {
		got := keys(g.Search(query))
		if len(got) == 0 || !slices.Contains(got[:min(5, len(got))], want) {
			t.Errorf("Search(%q) = %q, want %s among the first five", query, got[:min(5, len(got))], want)
		}
	}
	if got := g.Search("qqqqqq"); len(got) != 0 {
		t.Errorf("found %q", keys(got))
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ab", 1}, {"abc", "xabc", 1}, {"abc", "cba", 2}} {
		if got := distance(tt.a, tt.b, 3); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
	if got := distance("a", "abcdefgh", 2); got <= 2 {
		t.Errorf("got %d, want more than 2", got)
	}
}
