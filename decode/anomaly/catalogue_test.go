package anomaly

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

// entries returns the whole catalogue.
func entries(t testing.TB) []Entry {
	t.Helper()
	var all []Entry
	for id := range All {
		e, ok := id.Entry()
		if !ok {
			t.Fatalf("%v has no entry", id)
		}
		all = append(all, e)
	}
	return all
}

func TestGroupsAreComplete(t *testing.T) {
	want := map[byte]int{'H': 20, 'N': 16, 'R': 24, 'O': 38, 'T': 14, 'U': 18, 'Q': 14, 'S': 22, 'P': 16, 'X': 18, 'M': 8, 'C': 10}
	got := map[byte]int{}
	for _, e := range entries(t) {
		got[e.ID.Group()]++
		if n := int(byte(e.ID)); n != got[e.ID.Group()] {
			t.Errorf("%v comes as number %d of its group", e.ID, got[e.ID.Group()])
		}
		if e.ID.GroupTitle() == "" {
			t.Errorf("%v: its group has no title", e.ID)
		}
	}
	for letter, n := range want {
		if got[letter] != n {
			t.Errorf("group %c has %d entries, want %d", letter, got[letter], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d groups, want %d", len(got), len(want))
	}
}

func TestEntriesAreWellFormed(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	const one = `RFC [0-9]{3,4}( section [0-9]+(\.[0-9]+)*)?`
	rfc := regexp.MustCompile(`^` + one + `(, ` + one + `)*$`)
	sentence := regexp.MustCompile(`^[A-Z][ -~]{15,150}[A-Za-z0-9)]\.$`)
	names := map[string]ID{}
	meanings := map[string]ID{}
	for _, e := range entries(t) {
		if !name.MatchString(e.Name) || len(e.Name) > 30 {
			t.Errorf("%v: bad name %q", e.ID, e.Name)
		}
		if e.RFC != "" && !rfc.MatchString(e.RFC) {
			t.Errorf("%v: bad RFC %q", e.ID, e.RFC)
		}
		if !sentence.MatchString(e.Meaning) || strings.Contains(e.Meaning, ". ") {
			t.Errorf("%v: %q is not one sentence of plain text", e.ID, e.Meaning)
		}
		if e.Culprits == 0 || strings.HasSuffix(e.Culprits.String(), ", ") {
			t.Errorf("%v: culprits %q", e.ID, e.Culprits)
		}
		if other, dup := names[e.Name]; dup {
			t.Errorf("%v and %v share the name %q", other, e.ID, e.Name)
		}
		if other, dup := meanings[e.Meaning]; dup {
			t.Errorf("%v and %v share a meaning", other, e.ID)
		}
		names[e.Name], meanings[e.Meaning] = e.ID, e.ID
	}
}

// TestReasons holds every Undecidable entry to a reason, and every reason to such an entry.
func TestReasons(t *testing.T) {
	for _, e := range entries(t) {
		if (e.Level == Undecidable) != (e.Reason != "") {
			t.Errorf("%v is at level %v with the reason %q", e.ID, e.Level, e.Reason)
		}
		if e.Reason != "" && !strings.HasSuffix(e.Reason, ".") {
			t.Errorf("%v: the reason %q is not a sentence", e.ID, e.Reason)
		}
	}
	for _, r := range reasons {
		if r.id.Name() == "" {
			t.Errorf("a reason for %v, which is not in the catalogue", r.id)
		}
	}
}

func TestArtefactsAreNeverReported(t *testing.T) {
	for _, e := range entries(t) {
		if artefact := e.ID.Group() == 'C'; artefact != (e.Level == Never) || artefact && e.Severity != Info {
			t.Errorf("%v is %v at level %v", e.ID, e.Severity, e.Level)
		}
	}
}

// TestLegalIsInfo holds what the RFCs allow, and what a healthy network shows, to the mildest severity.
func TestLegalIsInfo(t *testing.T) {
	legal := map[string]string{
		"H06": "STATUS is an OPCODE of RFC 1035",
		"H13": "OPT with TSIG (RFC 6891 section 6.1.1)",
		"H17": "AA and RA are not forbidden in queries",
		"H18": "AD in a query, CD without DO (RFC 6840)",
		"N15": "any byte may be in a label (RFC 2181 section 11), and RFC 2317 uses slashes",
		"O08": "a requestor may take as much as it likes (RFC 6891 section 6.2.5)",
		"O15": "new cookies after a change of secret or address (RFC 7873 section 7.1)",
		"O35": "truncation (RFC 2181 section 9)",
		"O36": "fragments are legal",
		"Q04": "ANY",
		"Q08": "class CH",
		"Q14": "trust-anchor signals and priming",
		"S05": "NXDOMAIN after a CNAME (RFC 6604)",
		"S09": "a resolver's question to an authoritative server",
		"P15": "responses in any order (RFC 7766 section 7)",
		"X04": "the length in a segment of its own",
		"X05": "pipelining (RFC 7766 section 6.2.1.1)",
		"M01": "mDNS and its flags",
		"M08": "DSO",
	}
	for s, why := range legal {
		id, err := Parse(s)
		if err != nil || id.Severity() != Info {
			t.Errorf("%s is %v (%v), yet legal: %s", s, id.Severity(), err, why)
		}
	}
}

// TestSeverities pins one entry of each kind, by the rule that decides it.
func TestSeverities(t *testing.T) {
	for s, want := range map[string]Severity{
		"N05": Malformed,  // cannot be read
		"O02": Malformed,  // FORMERR for everybody
		"H09": Malformed,  // RFC 9619: MUST be treated as incorrectly formatted
		"U05": Malformed,  // RFC 2136: FORMERR
		"O14": Violation,  // FORMERR by those who know cookies
		"R14": Violation,  // MUST, and can be read
		"H08": Suspicious, // RFC 9619: MUST NOT be treated as malformed
		"O29": Suspicious, // what RFC 6891 tells servers without EDNS to do
		"P01": Info,
	} {
		if id, _ := Parse(s); id.Severity() != want {
			t.Errorf("%s is %v, want %v", s, id.Severity(), want)
		}
	}
}

func TestAllStops(t *testing.T) {
	n := 0
	for range All {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("All yielded %d IDs after a break at 3", n)
	}
}

func TestID(t *testing.T) {
	id := Make('N', 5)
	if id.String() != "N05" || id.Group() != 'N' || id.Severity() != Malformed || id.Name() != "ptr-loop" || id.GroupTitle() != "Names" {
		t.Errorf("N05 reads %v %c %v %q", id, id.Group(), id.Severity(), id.Name())
	}
	if got := Make('H', 15).RFC(); got != "RFC 1035 section 4.1.1" {
		t.Errorf("H15 has the RFC %q", got)
	}
	for _, unknown := range []ID{0, Make('A', 1), Make('N', 99), Make('N', 0), Make('z', 1), Make('H', 0), Make('H', 21), Make(0, 1), 0xffff} {
		e, ok := unknown.Entry()
		if ok || e.Name != "" || e.Meaning != "" || unknown.Severity() != Info || unknown.Name() != "" || unknown.RFC() != "" {
			t.Errorf("%v is not in the catalogue, yet it is %v %q", unknown, unknown.Severity(), unknown.Name())
		}
	}
	for _, none := range []ID{0, Make('A', 1), 0xffff} {
		if title := none.GroupTitle(); title != "" {
			t.Errorf("%v is of the group %q", none, title)
		}
	}
}

func TestParse(t *testing.T) {
	n05 := Make('N', 5)
	for s, want := range map[string]ID{"N05": n05, "n05": n05, "N5": n05, "ptr-loop": n05, "PTR-Loop": n05, "O10": Make('O', 10), "C01": Make('C', 1)} {
		if got, err := Parse(s); err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "N", "N00", "N0", "N99", "N005", "N05 ", "A01", "5", "ptr_loop", "ptr-loop\x00"} {
		if got, err := Parse(s); !errors.Is(err, ErrUnknown) || got != 0 {
			t.Errorf("Parse(%q) = %v, %v, want ErrUnknown", s, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"N05", "n5", "ptr-loop", "", "N00", "C10", "Z99", "\x80\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := Parse(s)
		if err != nil {
			return
		}
		if got := strings.ToUpper(s); got != id.String() && got != unpadded(id.String()) && !strings.EqualFold(s, id.Name()) {
			t.Errorf("Parse(%q) = %v", s, id)
		}
	})
}

func TestStrings(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Info.String(), "info"}, {Suspicious.String(), "suspicious"}, {Violation.String(), "violation"}, {Malformed.String(), "malformed"}, {Severity(9).String(), "unknown"},
		{Message.String(), "message"}, {Pair.String(), "pair"}, {Flow.String(), "flow"}, {History.String(), "history"},
		{Undecidable.String(), "undecidable"}, {Never.String(), "never reported"}, {Level(9).String(), "unknown"},
		{Either.String(), "either"}, {Query.String(), "query"}, {Response.String(), "response"}, {Kind(9).String(), "unknown"},
		{Culprits(0).String(), ""}, {NotDNS.String(), "not DNS"}, {(Client | Middlebox | Capture).String(), "client, middlebox, capture"},
		{(Server | Attack | Network).String(), "server, attack, network"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestLookupsDoNotAllocate(t *testing.T) {
	var names int
	var worst Severity
	if n := testing.AllocsPerRun(100, func() {
		for id := range All {
			e, _ := id.Entry()
			names += len(id.Name()) + len(id.RFC()) + len(e.Meaning)
			worst = max(worst, id.Severity())
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if names == 0 || worst != Malformed {
		t.Errorf("%d bytes of text, worst %v", names, worst)
	}
}

func BenchmarkSeverity(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Make('O', i&31).Severity()
	}
}
