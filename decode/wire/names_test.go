package wire

import (
	"strings"
	"testing"
)

func TestOddOctet(t *testing.T) {
	tests := []struct {
		name, wire string
		off        int // 0: none
	}{
		{"host", "03 'www' 07 'example' 03 'com' 00", 0},
		{"underscore_and_hyphen", "05 '_sip-' 04 '_tcp' 00", 0},
		{"punycode", "0a 'xn--bcher-' 00", 0},
		{"upper_case_and_digits", "04 'A1Z9' 00", 0},
		{"wildcard", "01 '*' 03 'com' 00", 0},
		{"length_of_32_is_no_space", "20 32*61 00", 0},
		{"root", "00", 0},
		{"space", "03 61 20 62 00", 2},
		{"nul", "01 00 00", 1},
		{"dot", "03 'a.b' 00", 2},
		{"slash_in_second_label", "01 'a' 03 'b/c' 00", 4},
		{"at", "01 '@' 00", 1},
		{"bracket_after_z", "01 '[' 00", 1},
		{"backquote_before_a", "01 '`' 00", 1},
		{"brace_after_z", "01 '{' 00", 1},
		{"delete", "01 7f 00", 1},
		{"utf8", "02 c3bc 00", 1},
		{"cut", "03 'ab'", 0},
		{"empty", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if off, odd := OddOctet(unhex(t, tt.wire)); off != tt.off || odd != (tt.off != 0) {
				t.Errorf("got %d, %v, want %d", off, odd, tt.off)
			}
		})
	}
}

func TestMisdirectedName(t *testing.T) {
	const arpa, arpa6 = " 07 'in-addr' 04 'arpa' 00", " 03 'ip6' 04 'arpa' 00"
	tests := []struct {
		name, wire string
		typ        uint16
		want       bool
	}{
		{"single_label", "09 'workgroup' 00", typeA, true},
		{"single_label_aaaa", "09 'localhost' 00", typeAAAA, true},
		{"top_level_domain_ds", "03 'com' 00", typeNS, false},
		{"country_with_address", "02 'ai' 00", typeA, false},
		{"root", "00", typeA, false},
		{"address", "02 '10' 01 '1' 01 '2' 03 '255' 00", typeA, true},
		{"four_labels", "01 'a' 01 '1' 01 '2' 01 '3' 00", typeA, false},
		{"label_of_four_digits", "04 '1000' 01 '1' 01 '2' 01 '3' 00", typeA, false},
		{"reverse_of_10", "01 '1' 01 '2' 01 '3' 02 '10'" + arpa, 12, true},
		{"reverse_of_192_168", "01 '1' 01 '1' 03 '168' 03 '192'" + arpa, 12, true},
		{"reverse_of_192_0", "01 '1' 01 '2' 01 '0' 03 '192'" + arpa, 12, false},
		{"reverse_of_172_16", "02 '16' 03 '172'" + arpa, 12, true},
		{"reverse_of_172_31", "02 '31' 03 '172'" + arpa, 12, true},
		{"reverse_of_172_32", "02 '32' 03 '172'" + arpa, 12, false},
		{"reverse_of_172_15", "02 '15' 03 '172'" + arpa, 12, false},
		{"reverse_of_172_2", "01 '2' 03 '172'" + arpa, 12, false},
		{"reverse_of_169_254", "03 '254' 03 '169'" + arpa, 12, true},
		{"reverse_of_172_1x", "02 '1x' 03 '172'" + arpa, 12, false},
		{"reverse_of_173_16", "02 '16' 03 '173'" + arpa, 12, false},
		{"reverse_of_127_0_0_1", "01 '1' 01 '0' 01 '0' 03 '127'" + arpa, 12, true},
		{"reverse_of_fd00", strings.Repeat("01 '0' ", 30) + "01 'd' 01 'F'" + arpa6, 12, true},
		{"reverse_of_fc00", strings.Repeat("01 '0' ", 30) + "01 'c' 01 'f'" + arpa6, 12, false},
		{"reverse_of_fe80", strings.Repeat("01 '0' ", 29) + "01 '8' 01 'e' 01 'f'" + arpa6, 12, true},
		{"reverse_of_febf", strings.Repeat("01 '0' ", 28) + "01 'f' 01 'b' 01 'e' 01 'f'" + arpa6, 12, true},
		{"reverse_of_fec0", strings.Repeat("01 '0' ", 29) + "01 'c' 01 'e' 01 'f'" + arpa6, 12, false},
		{"reverse_of_1", "01 '1' " + strings.Repeat("01 '0' ", 31) + arpa6, 12, true},
		{"reverse_of_2", "01 '2' " + strings.Repeat("01 '0' ", 31) + arpa6, 12, false},
		{"reverse_of_2001_db8", strings.Repeat("01 '0' ", 24) + "01 '8' 01 'b' 01 'd' 01 '0' 01 '1' 01 '0' 01 '0' 01 '2'" + arpa6, 12, false},
		{"label_that_ends_like_one", "04 'a' 02 '10'" + arpa, 12, false},
		{"reverse_of_8_8", "01 '8' 01 '8'" + arpa, 12, false},
		{"reverse_elsewhere", "02 '10' 02 '10' 07 'in-addr' 03 'com' 00", 12, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := MisdirectedName(unhex(t, tt.wire), tt.typ); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestForeign(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"zeros", "32*00", "M07"},
		{"dnscrypt_response", "'r6fnvWj8' 24*01", "M04"},
		{"http", "'GET' 20 '/' 20 'HTTP/1.1'", "M05"},
		{"quic_1", "c3 00000001 08 0102030405060708", "M05"},
		{"quic_2", "d3 6b3343cf 08 0102030405060708", "M05"},
		{"quic_draft", "c3 ff00001d 08 0102030405060708", "M05"},
		{"dtls_1_2", "16 fefd 0000 000000000000 0010 01", "M05"},
		{"wireguard_initiation", "01000000 144*9d", "M05"},
		{"wireguard_data", "04000000 28*9d", "M05"},
		{"openvpn_client", "38 0102030405060708 00 00000000", "M05"},
		{"stun", "0001 0000 2112a442 12*01", "M05"},
		{"empty", "", ""},
		{"quic_without_fixed_bit", "83 00000001 08 0102030405060708", ""},
		{"quic_with_id_of_21", "c3 00000001 15 0102030405060708", ""},
		{"wireguard_of_147_bytes", "01000000 143*9d", ""},
		{"query_with_id_of_post", "'PO' 0100 0001 0000 0000 0000 03 'www'", ""},
		{"query", queryHeader + "03 'www'", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id, ok := Foreign(unhex(t, tt.data))
			if ok != (tt.want != "") || ok && id.String() != tt.want {
				t.Errorf("got %v, %v, want %q", id, ok, tt.want)
			}
		})
	}
}

// TestMidLabelInLargeMessage: a message larger than the usual set of labels is for takes a larger one.
func TestMidLabelInLargeMessage(t *testing.T) {
	header := "1234 0100 0001 0000 0000 0002" + wwwQuestion
	txt := "c00c 0010 0001 0000003c 0bb8" + strings.Repeat(" f9 249*02", 12) // 45 to 3045
	m := parse(t, unhex(t, header+txt+" c800 0001 0001 0000003c 0004 c0000201"))
	if !hasAt(m.Anomalies, "N08", 33+12+3000) {
		t.Errorf("%v", seen(m.Anomalies))
	}
}
