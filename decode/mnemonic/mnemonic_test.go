package mnemonic

import (
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		what, got, want string
	}{
		{"rcode", RCODE(0), "NOERROR"},
		{"rcode_notimp_not_notimpl", RCODE(4), "NOTIMP"},
		{"rcode_dso", RCODE(11), "DSOTYPENI"},
		{"rcode_gap", RCODE(12), "RCODE12"},
		{"rcode_16_is_badvers", RCODE(16), "BADVERS"},
		{"rcode_last", RCODE(23), "BADCOOKIE"},
		{"rcode_unassigned", RCODE(27), "RCODE27"},
		{"rcode_12_bits", RCODE(4095), "RCODE4095"},
		{"tsig_16_is_badsig", TSIGError(16), "BADSIG"},
		{"tsig_none", TSIGError(0), "NOERROR"},
		{"tsig_truncation", TSIGError(22), "BADTRUNC"},
		{"tsig_16_bits", TSIGError(65535), "RCODE65535"},
		{"tkey_16_is_badsig", TKEYError(16), "BADSIG"},
		{"tkey_algorithm", TKEYError(21), "BADALG"},
		{"type_zero", Type(0), "TYPE0"},
		{"type_hole", Type(54), "TYPE54"},
		{"type_dsync", Type(66), "DSYNC"},
		{"type_hhit", Type(67), "HHIT"},
		{"type_brid", Type(68), "BRID"},
		{"type_wallet", Type(262), "WALLET"},
		{"type_after_table", Type(265), "TYPE265"},
		{"type_dlv", Type(32769), "DLV"},
		{"type_private", Type(65534), "TYPE65534"},
		{"class_in", Class(1), "IN"},
		{"class_csnet_is_gone", Class(2), "CLASS2"},
		{"class_mdns_bit", Class(0x8001), "CLASS32769"},
		{"opcode", Opcode(5), "UPDATE"},
		{"opcode_gap", Opcode(3), "OPCODE3"},
		{"opcode_unassigned", Opcode(7), "OPCODE7"},
		{"option_subnet", Option(8), "ECS"},
		{"option_reserved", Option(4), "OPTION4"},
		{"option_chain", Option(13), "CHAIN"},
		{"option_mqtype", Option(20), "MQTYPE-QUERY"},
		{"option_umbrella", Option(20292), "UMBRELLA-IDENT"},
		{"option_local", Option(65001), "OPTION65001"},
		{"ede", EDE(22), "No Reachable Authority"},
		{"ede_private", EDE(49152), "EDE49152"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, tt.got, tt.want)
		}
	}
}

// The tables agree with miekg/dns wherever both know a number, save where IANA disagrees with it.
func TestNamesAgainstMiekg(t *testing.T) {
	differ := map[string]bool{"None": true, "Reserved": true, "Other": true}
	check := func(what string, n int, got, theirs string) {
		if !strings.EqualFold(got, theirs) && !differ[theirs] {
			t.Errorf("%s %d: got %q, miekg/dns has %q", what, n, got, theirs)
		}
	}
	for n, s := range dns.TypeToString {
		check("type", int(n), Type(n), s)
	}
	for n, s := range dns.RcodeToString {
		if n != 16 { // one name for two meanings
			check("rcode", n, RCODE(uint16(n)), s)
		}
	}
	for n, s := range dns.ExtendedErrorCodeToString {
		check("ede", int(n), EDE(n), s)
	}
	for n, s := range dns.OpcodeToString {
		check("opcode", n, Opcode(uint8(n)), s)
	}
	for _, n := range []uint16{1, 3, 4, 254, 255} {
		check("class", int(n), Class(n), dns.ClassToString[n])
	}
}

func TestAppendIsTheSame(t *testing.T) {
	pairs := []struct {
		what   string
		text   func(uint16) string
		append func([]byte, uint16) []byte
	}{
		{"rcode", RCODE, AppendRCODE}, {"type", Type, AppendType}, {"class", Class, AppendClass}, {"option", Option, AppendOption},
		{"ede", EDE, AppendEDE},
		{"opcode", func(n uint16) string { return Opcode(uint8(n)) }, func(dst []byte, n uint16) []byte { return AppendOpcode(dst, uint8(n)) }},
	}
	for _, p := range pairs {
		for n := range 1 << 16 {
			if want, got := "x"+p.text(uint16(n)), string(p.append([]byte{'x'}, uint16(n))); got != want {
				t.Fatalf("%s %d: appended %q, want %q", p.what, n, got, want)
			}
		}
	}
}

func TestParse(t *testing.T) {
	for n := range 1 << 12 {
		if got, ok := ParseRCODE(RCODE(uint16(n))); !ok || int(got) != n {
			t.Fatalf("ParseRCODE(%s) = %d, %v, want %d", RCODE(uint16(n)), got, ok, n)
		}
		if got, ok := ParseTSIGError(TSIGError(uint16(n))); !ok || int(got) != n {
			t.Fatalf("ParseTSIGError(%s) = %d, %v, want %d", TSIGError(uint16(n)), got, ok, n)
		}
	}
	for _, s := range []string{"", "RCODE", "RCODE65536", "RCODE-1", "27", "noerror", "RCODE1x"} {
		if n, ok := ParseRCODE(s); ok {
			t.Errorf("ParseRCODE(%q) = %d, want none", s, n)
		}
	}
}

func TestFlags(t *testing.T) {
	for _, tt := range []struct {
		flags uint16
		want  string
	}{
		{0, ""}, {0x8180, "rd ra"}, {0x8580, "aa rd ra"}, {0x0130, "rd ad cd"}, {0xffff, "aa tc rd ra z ad cd"}, {0xf80f, ""},
	} {
		if got := string(Flags([]byte("x"), tt.flags)); got != "x"+tt.want {
			t.Errorf("Flags(%04x) = %q, want %q", tt.flags, got[1:], tt.want)
		}
		if got := strings.Join(slices.Collect(FlagWords(tt.flags)), " "); got != tt.want {
			t.Errorf("FlagWords(%04x) = %q, want %q", tt.flags, got, tt.want)
		}
	}
	for range FlagWords(0xffff) {
		break // an early end is allowed
	}
}

func TestNoAllocation(t *testing.T) {
	buf := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() {
		_, _, _, _, _, _ = RCODE(23), Type(257), Class(1), Option(10), EDE(6), TSIGError(16)
		buf = AppendType(AppendRCODE(Flags(buf[:0], 0x8180), 27), 65534)
		for w := range FlagWords(0x8180) {
			buf = append(buf, w...)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
