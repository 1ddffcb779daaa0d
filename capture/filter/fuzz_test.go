package filter

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/dnssniff/dnssniff/capture"
)

// FuzzParse gives the parser anything: a filter whose programs assemble, or an error within the expression.
func FuzzParse(f *testing.F) {
	for _, e := range append(expressions, vlanExpressions...) {
		f.Add(e)
	}
	for _, w := range soup {
		f.Add("udp and " + w)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		flt, err := Parse(expr)
		if err != nil {
			checkError(t, expr, err)
			return
		}
		for _, l := range tcpdumpLinks {
			if flt.Supports(l.link) == nil {
				compileOurs(t, flt, l.link)
			}
		}
		if code, err := flt.KernelProgram(linkEthernet, 0); err == nil {
			if _, err := bpf.Assemble(code); err != nil {
				t.Fatal(err)
			}
		} else if !errors.Is(err, ErrTooLong) {
			t.Fatal(err)
		}
	})
}

func checkError(t *testing.T, expr string, err error) {
	t.Helper()
	var e *SyntaxError
	if !errors.As(err, &e) {
		if !errors.Is(err, ErrTooLong) {
			t.Fatal(err)
		}
		return
	}
	if e.Column < 1 || e.Column > len(expr)+1 || e.Expected == "" {
		t.Fatalf("%q: column %d, expected %q", expr, e.Column, e.Expected)
	}
	if e.Found != "..." && !strings.HasPrefix(expr[e.Column-1:], e.Found) {
		t.Fatalf("%q: column %d does not have %q", expr, e.Column, e.Found)
	}
}

// FuzzMatch gives the predicate any frame: its verdict is that of the program.
func FuzzMatch(f *testing.F) {
	exprs := []string{"port 53 or 5353", "not (host 10.1.2.3 or net 2001:db8::/32)", "vlan and vlan and portrange 1-1023", "proto 17 or icmp6", "arp net 10 or not udp"}
	filters := []*Filter{mustDNS(f, []uint16{5300}, nil)}
	for _, e := range exprs {
		filters = append(filters, mustParse(f, e))
	}
	var all []ours
	for _, flt := range filters {
		for _, l := range tcpdumpLinks {
			if flt.Supports(l.link) == nil {
				all = append(all, compileOurs(f, flt, l.link))
			}
		}
	}
	for _, c := range crafted() {
		for _, l := range tcpdumpLinks {
			f.Add(dress(l.link, c))
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		for _, o := range all {
			o.verdict(t, frame)
		}
	})
}

// FuzzDDD gives the reader of programs anything: an error, or a filter that runs.
func FuzzDDD(f *testing.F) {
	f.Add("1\n6 0 0 262144\n", []byte("frame"))
	f.Add("4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0\n", dress(linkEthernet, ip4(17, 0, 0, 53, 53)))
	f.Add("6\n1 0 0 7\n96 0 0 3\n60 0 0 0\n177 0 0 14\n72 0 0 14\n6 0 0 1\n", make([]byte, 64))
	f.Add("2\n32 0 0 4294963248\n6 0 0 1\n", []byte{})
	f.Fuzz(func(t *testing.T, text string, frame []byte) {
		flt, err := FromDDD(strings.NewReader(text), linkEthernet)
		if err != nil {
			return
		}
		match := flt.Match(&capture.Packet{Link: linkEthernet, Data: frame})
		code, err := flt.Program(linkEthernet, 0)
		if err != nil {
			var e *LinkError
			if match || !errors.As(err, &e) && !errors.Is(err, ErrTooLong) {
				t.Fatalf("%v, and matched: %v", err, match)
			}
			return
		}
		if got := verdict(t, machine(t, code), frame); got != match {
			t.Fatalf("program %v, predicate %v", got, match)
		}
	})
}
