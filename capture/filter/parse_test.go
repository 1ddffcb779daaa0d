package filter

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestSyntaxErrors(t *testing.T) {
	tests := []struct {
		name, expr string
		column     int
		found      string
		expected   string // a part of it
	}{
		{"id_without_head", "53", 1, "53", `"port"`},
		{"address_without_head", "10.0.0.1", 1, "10.0.0.1", `"host"`},
		{"address_behind_protocol", "udp 53", 5, "53", `"and" or "or"`},
		{"id_after_protocol", "tcp or 53", 8, "53", `"port"`},
		{"id_after_brackets", "(host 10.0.0.1) or 10.0.0.2", 20, "10.0.0.2", `"host"`},
		{"nothing_after_and", "udp and", 8, "", "a test such as"},
		{"and_first", "and udp", 1, "and", "a test such as"},
		{"and_and", "udp and and tcp", 9, "and", "a test such as"},
		{"juxtaposed_tests", "tcp port 53 host 10.0.0.1", 13, "host", `"and" or "or"`},
		{"bracket_left_open", "(udp or tcp", 12, "", `")"`},
		{"bracket_too_many", "udp)", 4, ")", `"and" or "or"`},
		{"empty_brackets", "()", 2, ")", "a test such as"},
		{"ids_left_open", "port (53 or 54", 15, "", `")"`},
		{"head_among_ids", "port (53 or host 10.0.0.1)", 13, "host", "a port"},
		{"brackets_first_among_ids", "host ((10.0.0.1 or 10.0.0.2) or 10.0.0.3)", 8, "10.0.0.1", "a number"},
		{"number_left_open", "port ((53 or 54)", 11, "or", `")"`},
		{"port_is_a_name", "port http", 6, "http", "a port: 0 to 65535"},
		{"port_too_large", "port 65536", 6, "65536", "a port: 0 to 65535"},
		{"port_wraps_32_bits", "port 4294967349", 6, "4294967349", "a port"},
		{"port_in_octal", "port 053", 6, "053", "a port"},
		{"port_missing", "port", 5, "", "a port"},
		{"port_is_an_address", "port 10.0.0.1", 6, "10.0.0.1", "a port"},
		{"port_is_a_range", "port 53-54", 6, "53-54", "a port"},
		{"port_hex_without_digits", "port 0x", 6, "0x", "a port"},
		{"range_is_open", "portrange 53-", 11, "53-", "5300-5399"},
		{"range_of_three", "portrange 1-2-3", 11, "1-2-3", "5300-5399"},
		{"range_with_hex", "portrange 1-0x10", 11, "1-0x10", "5300-5399"},
		{"range_too_large", "portrange 1-65536", 11, "1-65536", "5300-5399"},
		{"range_of_names", "portrange domain-domain", 11, "domain-domain", "5300-5399"},
		{"host_is_a_name", "host example.com", 6, "example.com", "not looked up"},
		{"host_is_a_number", "host 10", 6, "10", "address"},
		{"host_of_two_octets", "host 10.1", 6, "10.1", "four octets"},
		{"host_of_five_octets", "host 10.1.2.3.4", 6, "10.1.2.3.4", "an IPv4 address"},
		{"host_octet_too_large", "host 10.1.2.256", 6, "10.1.2.256", "0 to 255"},
		{"host_octet_in_octal", "host 10.1.2.010", 6, "10.1.2.010", "leading zeros"},
		{"host_octet_missing", "host 10..2.1", 6, "10..2.1", "an IPv4 address"},
		{"host_with_mask", "host 10.0.0.0/8", 14, "/", `"net"`},
		{"host_with_prefix", "host 2001:db8::/32", 16, "/", `"net"`},
		{"host_with_zone", "host fe80::1%eth0", 13, "%", `"and" or "or"`},
		{"host_is_a_mac", "host 00:11:22:33:44:55", 6, "00:11:22:33:44:55", "an IPv6 address"},
		{"net_bits_outside", "net 10.0.0.1/8", 5, "10.0.0.1", "outside the mask"},
		{"net_bits_outside_6", "net 2001:db8::1/32", 5, "2001:db8::1", "outside the prefix"},
		{"net_prefix_too_long", "net 10.0.0.0/33", 14, "33", "0 to 32"},
		{"net_prefix_too_long_6", "net 2001:db8::/129", 16, "129", "0 to 128"},
		{"net_prefix_missing", "net 10.0.0.0/", 14, "", "0 to 32"},
		{"net_number_with_prefix", "net 10/8", 7, "/", `"and" or "or"`},
		{"net_zero", "net 0", 5, "0", "an IPv4 address"},
		{"net_is_a_name", "net localnet", 5, "localnet", "network"},
		{"mask_missing", "net 10.0.0.0 mask", 18, "", "a mask"},
		{"mask_is_a_number", "net 10.0.0.0 mask 8", 19, "8", "a mask"},
		{"proto_is_a_keyword", "proto udp", 7, "udp", `\tcp`},
		{"proto_too_large", "proto 256", 7, "256", "0 to 255"},
		{"proto_unknown", `proto \foo`, 7, `\foo`, `\tcp`},
		{"proto_with_direction", "src proto 17", 1, "src", "no direction"},
		{"proto_of_tcp", "tcp proto 17", 1, "tcp", `"ip", "ip6"`},
		{"port_of_ip", "ip port 53", 1, "ip", `"tcp", "udp"`},
		{"host_of_udp", "udp host 10.0.0.1", 1, "udp", `"ip", "ip6", "arp"`},
		{"ip6_host_of_ip", "ip host ::1", 9, "::1", "an IPv4 address"},
		{"ip_host_of_ip6", "ip6 host 10.0.0.1", 10, "10.0.0.1", "an IPv6 address"},
		{"direction_alone", "src", 4, "", "address"},
		{"direction_and_itself", "src or src port 53", 8, "src", `"dst"`},
		{"direction_and_test", "src and udp", 9, "udp", `"dst"`},
		{"vlan_too_large", "vlan 4096", 6, "4096", "0 to 4095"},
		{"vlan_is_a_name", "vlan (ten)", 7, "ten", "0 to 4095"},
		{"outside_rarp", "rarp", 1, "rarp", "tcpdump -ddd"},
		{"outside_ether", "udp and ether host 00:11:22:33:44:55", 9, "ether", "tcpdump -ddd"},
		{"outside_greater", "greater 100", 1, "greater", "tcpdump -ddd"},
		{"outside_arithmetic", "udp[8] & 1 = 1", 4, "[", `"and" or "or"`},
		{"single_bar", "udp | tcp", 5, "|", `"and" or "or"`},
		{"not_equal", "udp != tcp", 5, "!", `"and" or "or"`},
		{"upper_case", "UDP", 1, "UDP", `"udp"`},
		{"backslash_alone", `port \`, 6, `\`, "a port"},
		{"letters_beyond_ascii", "udp über", 5, "ü", `"and" or "or"`},
		{"control_characters", "udp \x1b[31m", 5, "\x1b", `"and" or "or"`},
		{"nul", "udp\x00", 4, "\x00", `"and" or "or"`},
		{"invalid_utf8", "udp \xff", 5, "\xff", `"and" or "or"`},
		{"nested_too_deeply", strings.Repeat("(", 2000) + "udp", 1001, "(", "1000 levels"},
		{"too_many_nots", strings.Repeat("!", 2000) + "udp", 1001, "!", "1000 levels"},
		{"too_many_nots_of_ids", "port " + strings.Repeat("!", 2000) + "53", 1005, "!", "1000 levels"},
		{"too_long", strings.Repeat(" ", 70000), 65537, "...", "64 KiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.expr)
			var e *SyntaxError
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
			if e.Column != tt.column || e.Found != tt.found || !strings.Contains(e.Expected, tt.expected) {
				t.Errorf("got column %d, %q, expected %s; want %d, %q, ...%s...", e.Column, e.Found, e.Expected, tt.column, tt.found, tt.expected)
			}
			if strings.ContainsFunc(e.Error(), func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%q is not fit for a terminal", e.Error())
			}
		})
	}
}

func TestSyntaxErrorText(t *testing.T) {
	for expr, want := range map[string]string{
		"udp and port http": `filter: column 14: "http": expected a port: 0 to 65535, domain or domain-s`,
		"udp and":           `filter: column 8: end of the expression: expected a test such as "host", "net", "port", "udp", "vlan" or "("`,
	} {
		if _, err := Parse(expr); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", expr, err, want)
		}
	}
}

// soup is what random expressions are stirred from: right and wrong words alike.
var soup = strings.Fields(`ip ip6 arp tcp udp icmp icmp6 vlan src dst host net mask port portrange proto and or not ( ) / && || ! 53 5353 0x35 053 10 8 16 64 4095
	10.1.2.3 10.1 10.1.0.0 10.0.0.0/8 255.255.0.0 192.0.2.53 2001:db8::1 2001:db8::/32 ::1 53-853 domain \udp \tcp 0 65536 4096 17 ether rarp sctp [ ] = less broadcast`)

// stir returns random words, or a right expression with some words dropped, put in, or swapped.
func stir(rng *rand.Rand) string {
	if rng.IntN(8) != 0 {
		words := make([]string, 2+rng.IntN(7))
		for i := range words {
			words[i] = soup[rng.IntN(len(soup))]
		}
		return strings.Join(words, " ")
	}
	w := &writer{rng: rng, vlans: true}
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(w.expr(2)))
	for range 1 + rng.IntN(2) {
		i, j := rng.IntN(len(words)), rng.IntN(len(words))
		switch rng.IntN(3) {
		case 0:
			words[i] = ""
		case 1:
			words[i] += " " + soup[rng.IntN(len(soup))]
		case 2:
			words[i], words[j] = words[j], words[i]
		}
	}
	return strings.Join(words, " ")
}

// TestSoupAgainstLibpcap is the promise of the package: an expression that we take means to libpcap what it means to us.
func TestSoupAgainstLibpcap(t *testing.T) {
	needTcpdump(t)
	tries := 100_000
	if testing.Short() {
		tries = 10_000
	}
	rng := rand.New(rand.NewPCG(5, 6))
	all := samples(t, 1)
	frames := framesFor(rng, linkEthernet, all)
	taken := map[string]bool{}
	for range tries {
		expr := stir(rng)
		f, err := Parse(expr)
		if err != nil || taken[expr] || len(taken) >= 600 {
			continue
		}
		taken[expr] = true
		agree(t, compileOurs(t, f, linkEthernet), compileLibpcap(t, "EN10MB", expr), frames)
	}
	t.Logf("%d of %d expressions taken, each with libpcap's meaning on %d frames", len(taken), tries, len(frames))
	if len(taken) < 20 {
		t.Error("too few to mean anything")
	}
}
