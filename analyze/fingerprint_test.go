package analyze

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
)

// Messages of the fingerprint tests, with annotated hex.
const (
	headerRD    = "1234 0100 0001 0000 0000 0000"                              // RD, one question
	headerOPT   = "1234 0100 0001 0000 0000 0001"                              // and one additional record
	nameLower   = "03 777777 07 6578616d706c65 00"                             // www.example
	nameMixed   = "03 775777 07 6558616d506c45 00"                             // wWw.eXamPlE
	nameOther   = "03 667470 07 6578616d706c65 00"                             // ftp.example
	nameUpper   = "03 575757 07 4558414d504c45 00"                             // WWW.EXAMPLE
	nameLengths = "1a 6161616161616161616161616161616161616161616161616161 00" // a label of 26 letters: none of its octets is upper case
	typeA       = "0001 0001"
	typeAAAA    = "001c 0001"
	optPlain    = "00 0029 04d0 00000000 0000"                                      // 1232 bytes, no option
	optDO       = "00 0029 1000 00008000 0000"                                      // 4096 bytes, DO
	optCookie   = "00 0029 04d0 00000000 000c 000a 0008 0102030405060708"           // COOKIE
	optTwo      = "00 0029 04d0 00000000 0010 000a 0008 0102030405060708 0003 0000" // COOKIE, NSID
	optTwoTurn  = "00 0029 04d0 00000000 0010 0003 0000 000a 0008 0102030405060708" // NSID, COOKIE
)

// step is a query and what is changed about it.
type step struct {
	hex    string
	after  int64 // ms since the one before
	change func(*decode.Message)
}

func with(change func(*decode.Message), hex string) step {
	return step{hex: hex, after: 1, change: change}
}

func plain(parts ...string) step { return step{hex: strings.Join(parts, " "), after: 1} }

func later(ms int64, parts ...string) step { return step{hex: strings.Join(parts, " "), after: ms} }

// fingerprintOf returns the fingerprint of queries, of which each has an ID and a port far from the one before, unless it is changed.
func fingerprintOf(t *testing.T, steps []step) Fingerprint {
	t.Helper()
	var f fingerprint
	now := int64(1_700_000_000e9)
	for i, s := range steps {
		raw, err := hex.DecodeString(strings.ReplaceAll(s.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		m := message(raw)
		if m.Malformed {
			t.Fatalf("query %d has %v", i, m.Anomalies)
		}
		now += s.after * 1e6
		m.Time, m.ID, m.ClientPort = now, uint16(i*7919), uint16(1024+i*104729)
		if s.change != nil {
			s.change(m)
		}
		f.observe(m)
	}
	return f.report()
}

func repeated(n int, s step) (all []step) {
	for range n {
		all = append(all, s)
	}
	return all
}

// numbered sets ID and port of the queries that come.
func numbered(id, port func(n int) uint16) func(*decode.Message) {
	n := -1
	return func(m *decode.Message) { n++; m.ID, m.ClientPort = id(n), port(n) }
}

func constant(int) uint16 { return 7 }

// TestFingerprint looks at one property at a time.
func TestFingerprint(t *testing.T) {
	ask := headerRD + nameLower + typeA
	wrap := func(n int) uint16 { return uint16(65530 + n) }
	byTwo := func(n int) uint16 { return uint16(2 * n) }
	almost := func(n int) uint16 { // nine of ten rise
		if n == 5 {
			return 5000
		}
		return uint16(n)
	}
	broken := func(n int) uint16 { return uint16(n + n/3*1000) } // two of three rise
	header := func(flags string) step { return plain("1234", flags, "0001 0000 0000 0000", nameLower, typeA) }
	for _, tt := range []struct {
		name  string
		of    func(Fingerprint) any
		steps []step
		want  any
	}{
		{"ids_too_few", func(f Fingerprint) any { return f.IDs }, repeated(3, with(numbered(constant, constant), ask)), "too few to say"},
		{"ids_constant", func(f Fingerprint) any { return f.IDs }, repeated(4, with(numbered(constant, constant), ask)), "constant"},
		{"ids_rise_over_the_end", func(f Fingerprint) any { return f.IDs }, repeated(12, with(numbered(wrap, constant), ask)), "rising by one"},
		{"ids_almost_rise", func(f Fingerprint) any { return f.IDs }, repeated(21, with(numbered(almost, constant), ask)), "rising by one"},
		{"ids_not_rise", func(f Fingerprint) any { return f.IDs }, repeated(21, with(numbered(broken, constant), ask)), "changing"},
		{"ids_not_by_one", func(f Fingerprint) any { return f.IDs }, repeated(12, with(numbered(byTwo, constant), ask)), "changing"},
		{"ports_constant", func(f Fingerprint) any { return f.Ports }, repeated(4, with(numbered(byTwo, constant), ask)), "constant"},
		{"ports_rise", func(f Fingerprint) any { return f.Ports }, repeated(4, with(numbered(byTwo, wrap), ask)), "rising by one"},
		{"ports_change", func(f Fingerprint) any { return f.Ports }, repeated(4, plain(ask)), "changing"},
		{"rd_always", func(f Fingerprint) any { return f.RD }, repeated(3, header("0100")), "always"},
		{"rd_never", func(f Fingerprint) any { return f.RD }, repeated(3, header("0000")), "never"},
		{"ad_a_third", func(f Fingerprint) any { return f.AD }, []step{header("0120"), header("0100"), header("0110")}, "33%"},
		{"cd_almost_never", func(f Fingerprint) any { return f.CD }, append(repeated(999, header("0100")), header("0110")), "1%"},
		{"cd_almost_always", func(f Fingerprint) any { return f.CD }, append(repeated(999, header("0110")), header("0100")), "99%"},
		{"edns_half", func(f Fingerprint) any { return f.EDNS }, []step{plain(ask), plain(headerOPT, nameLower, typeA, optPlain)}, "50%"},
		{"do_of_those_with_edns", func(f Fingerprint) any { return f.DO }, []step{plain(ask), plain(headerOPT, nameLower, typeA, optDO)}, "always"},
		{"do_without_edns", func(f Fingerprint) any { return f.DO }, []step{plain(ask)}, "never"},
		{"tcp", func(f Fingerprint) any { return f.TCP }, []step{plain(ask), with(func(m *decode.Message) { m.Proto = decode.TCP }, ask)}, "50%"},
		{"sizes_none", func(f Fingerprint) any { return f.UDPSizes }, []step{plain(ask)}, []uint16{}},
		{"sizes_one", func(f Fingerprint) any { return f.UDPSizes }, repeated(2, plain(headerOPT, nameLower, typeA, optPlain)), []uint16{1232}},
		{"sizes_least_and_most", func(f Fingerprint) any { return f.UDPSizes }, []step{plain(headerOPT, nameLower, typeA, optDO), plain(headerOPT, nameLower, typeA, optPlain)}, []uint16{1232, 4096}},
		{"options_in_order", func(f Fingerprint) any { return f.Options }, repeated(2, plain(headerOPT, nameLower, typeA, optTwo)), []string{"COOKIE", "NSID"}},
		{"options_of_the_first_with_any", func(f Fingerprint) any { return f.Options }, []step{plain(headerOPT, nameLower, typeA, optPlain), plain(headerOPT, nameLower, typeA, optCookie)}, []string{"COOKIE"}},
		{"options_do_not_vary", func(f Fingerprint) any { return f.OptionsVary }, []step{plain(headerOPT, nameLower, typeA, optTwo), plain(headerOPT, nameLower, typeA, optPlain), plain(headerOPT, nameLower, typeA, optTwo)}, false},
		{"options_vary_in_order", func(f Fingerprint) any { return f.OptionsVary }, []step{plain(headerOPT, nameLower, typeA, optTwo), plain(headerOPT, nameLower, typeA, optTwoTurn)}, true},
		{"options_vary_in_number", func(f Fingerprint) any { return f.OptionsVary }, []step{plain(headerOPT, nameLower, typeA, optTwo), plain(headerOPT, nameLower, typeA, optCookie)}, true},
		{"mixed_case", func(f Fingerprint) any { return f.MixedCase }, repeated(2, plain(headerRD, nameMixed, typeA)), "always"},
		{"mixed_case_not_upper", func(f Fingerprint) any { return f.MixedCase }, repeated(2, plain(headerRD, nameUpper, typeA)), "never"},
		{"mixed_case_not_a_length", func(f Fingerprint) any { return f.MixedCase }, repeated(2, plain(headerRD, nameLengths, typeA)), "never"},
		{"retry_ladder", func(f Fingerprint) any { return f.RetryMS }, []step{plain(ask), later(1000, ask), later(1003, ask), later(2000, ask), later(4000, ask)}, []uint32{1000, 2000, 4000}},
		{"retry_of_another_case", func(f Fingerprint) any { return f.RetryMS }, []step{plain(ask), later(800, headerRD, nameMixed, typeA)}, []uint32{800}},
		{"retry_of_two_types_at_once", func(f Fingerprint) any { return f.RetryMS },
			[]step{plain(ask), later(0, headerRD, nameLower, typeAAAA), later(5000, ask), later(0, headerRD, nameLower, typeAAAA)}, []uint32{5000}},
		{"retry_not_of_another_type", func(f Fingerprint) any { return f.RetryMS }, []step{plain(ask), later(1000, headerRD, nameLower, typeAAAA)}, []uint32{}},
		{"retry_not_of_another_name", func(f Fingerprint) any { return f.RetryMS }, []step{plain(ask), later(1000, headerRD, nameOther, typeA)}, []uint32{}},
		{"retry_not_at_once", func(f Fingerprint) any { return f.RetryMS }, []step{plain(ask), later(0, ask)}, []uint32{}},
		{"retry_not_back_in_time", func(f Fingerprint) any { return f.RetryMS }, []step{plain(ask), later(-50, ask)}, []uint32{}},
		{"retry_after_weeks", func(f Fingerprint) any { return f.RetryMS }, []step{plain(ask), later(1<<33, ask)}, []uint32{1 << 31}},
		{"retry_times_bounded", func(f Fingerprint) any { return f.RetryMS },
			[]step{plain(ask), later(1000, ask), later(2000, ask), later(4000, ask), later(8000, ask), later(16000, ask)}, []uint32{1000, 2000, 4000, 8000}},
		{"hop_limits_unknown", func(f Fingerprint) any { return f.HopLimits }, []step{plain(ask)}, []int{}},
		{"hop_limits", func(f Fingerprint) any { return f.HopLimits }, []step{plain(ask), with(func(m *decode.Message) { m.HopLimit = 61 }, ask),
			with(func(m *decode.Message) { m.HopLimit = 255 }, ask), with(func(m *decode.Message) { m.HopLimit = 64 }, ask)}, []int{61, 255}},
		{"hop_limit_one", func(f Fingerprint) any { return f.HopLimits }, repeated(2, with(func(m *decode.Message) { m.HopLimit = 64 }, ask)), []int{64}},
		{"vlan", func(f Fingerprint) any { return f.VLAN }, []step{with(func(m *decode.Message) { m.VLAN = 7 }, ask), plain(ask)}, uint16(7)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.of(fingerprintOf(t, tt.steps)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestSenderMAC: link types that have the sender's address, each with near misses.
func TestSenderMAC(t *testing.T) {
	const (
		ethernet = "020000000002 02000000000a 0800"
		sll      = "0000 0001 0006 02000000000a 0000 0800"
		sll2     = "0800 0000 00000002 0001 00 06 02000000000a 0000"
	)
	for _, tt := range []struct {
		name, frame string
		link        capture.LinkType
		want        string
	}{
		{"ethernet", ethernet, 1, "02:00:00:00:00:0a"},
		{"ethernet_cut", ethernet[:len(ethernet)-7], 1, ""},
		{"sll", sll, 113, "02:00:00:00:00:0a"},
		{"sll_of_loopback", strings.Replace(sll, "0006", "0000", 1), 113, ""},
		{"sll_of_infiniband", strings.Replace(sll, "0006", "0106", 1), 113, ""},
		{"sll_cut", sll[:21], 113, ""},
		{"sll2", sll2, 276, "02:00:00:00:00:0a"},
		{"sll2_of_eight_octets", strings.Replace(sll2, "00 06 02", "00 08 02", 1), 276, ""},
		{"sll2_cut", sll2[:30], 276, ""},
		{"raw_ip", ethernet, 101, ""},
		{"no_frame_as_of_tcp", "", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := hex.DecodeString(strings.ReplaceAll(tt.frame, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			s := with(func(m *decode.Message) { m.Link, m.Frame = tt.link, raw }, headerRD+nameLower+typeA)
			if got := fingerprintOf(t, []step{s}).MAC; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestFingerprintOfNothing has no null in its JSON form.
func TestFingerprintOfNothing(t *testing.T) {
	got := new(fingerprint).report()
	want := Fingerprint{IDs: "too few to say", Ports: "too few to say", RD: "never", AD: "never", CD: "never", EDNS: "never", DO: "never", TCP: "never",
		MixedCase: "never", UDPSizes: []uint16{}, Options: []string{}, RetryMS: []uint32{}, HopLimits: []int{}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}
