package hostile

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/miekg/dns"
)

var (
	noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	word = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

func TestCasesAreNamed(t *testing.T) {
	seen := map[string]bool{}
	id := regexp.MustCompile(`^[A-Z]\d\d$`)
	for _, c := range Cases() {
		if !word.MatchString(c.Name) || seen[c.Name] {
			t.Errorf("%s %q: no unique snake_case name", c.Anomaly, c.Name)
		}
		if !id.MatchString(c.Anomaly) {
			t.Errorf("%s: %q is no entry of the catalogue", c.Name, c.Anomaly)
		}
		if c.Raw && !c.TCP {
			t.Errorf("%s: raw without TCP", c.Name)
		}
		seen[c.Name] = true
	}
}

// Every entry of the groups that a query can have is attacked, or it is said why not.
func TestCatalogueIsCovered(t *testing.T) {
	got := map[string]bool{}
	for _, c := range Cases() {
		got[c.Anomaly] = true
	}
	reasons := NotQueries()
	for _, g := range []struct {
		group   string
		entries int
	}{{"H", 20}, {"N", 16}, {"R", 24}, {"O", 38}, {"T", 14}} {
		for i := 1; i <= g.entries; i++ {
			id := fmt.Sprintf("%s%02d", g.group, i)
			if got[id] == (reasons[id] != "") {
				t.Errorf("%s: case %v, reason for none %q", id, got[id], reasons[id])
			}
		}
	}
	for _, id := range []string{
		"U01", "U02", "U03", "U05", "U06", "U07", "U10", "U14", "U15", "U16",
		"Q01", "Q02", "Q03", "Q08", "Q09", "Q10", "Q11", "X01", "X02", "X03", "X07", "X10",
	} {
		if !got[id] {
			t.Errorf("%s: no case", id)
		}
	}
}

func TestOffsetsAreInTheMessage(t *testing.T) {
	for _, c := range Cases() {
		m := c.make(0x1234, noon)
		if len(m.open) != 0 {
			t.Errorf("%s: %d lengths left open", c.Name, len(m.open))
		}
		if len(m.b) == 0 || len(m.b) > 1232 && c.Name != "qname_of_1026_octets" {
			t.Errorf("%s: %d bytes", c.Name, len(m.b))
		}
		if m.fault < 0 || m.fault > len(m.b) {
			t.Errorf("%s: offset %d in %d bytes", c.Name, m.fault, len(m.b))
		}
		if c.Offset() != m.fault {
			t.Errorf("%s: offset %d depends on ID or time: %d", c.Name, m.fault, c.Offset())
		}
	}
}

// The bytes at fault, written down apart from how the cases are built.
func TestOffsets(t *testing.T) {
	at := map[string]struct {
		offset int
		bytes  string // from there
	}{
		"header_one_byte_short":           {11, ""},
		"opcode_15":                       {2, "\x78\x00"},
		"two_questions":                   {4, "\x00\x02"},
		"answer_missing":                  {6, "\x00\x01"},
		"additional_missing":              {10, "\x00\x01"},
		"qname_label_type_01":             {12, "\x47exa"},
		"qname_second_label_past_the_end": {16, "\x08example"},
		"qname_points_to_its_start":       {16, "\xc0\x0c"},
		"owner_points_to_itself":          {33, "\xc0\x21"},
		"owner_points_forward":            {33, "\xc0\x31"},
		"owner_points_into_rdata":         {65, "\xc0\x3d"},
		"nul_in_label":                    {14, "\x00w\x07example"},
		"question_without_class":          {29, "\x00\x01"},
		"address_cut":                     {58, "\x00\x04\xc0\x00"},
		"address_of_5_bytes":              {64, "\x09"},
		"mx_with_tail":                    {79, "\xde\xad"},
		"txt_string_past_rdlength":        {60, "\xc8lab"},
		"one_byte_left_over":              {33, "\x00"},
		"two_opts":                        {44, "\x00\x00\x29"},
		"edns_version_1":                  {39, "\x01\x00\x00"},
		"udp_size_511":                    {36, "\x01\xff"},
		"all_edns_flags":                  {40, "\xff\xff\x00\x00"},
		"option_one_byte_too_long":        {46, "\x00\x05"},
		"three_bytes_in_opt":              {44, "\x00\x00\x00"},
		"cookie_of_9_bytes":               {46, "\x00\x09"},
		"subnet_family_3":                 {48, "\x00\x03\x18"},
		"subnet_address_long":             {46, "\x00\x08"},
		"subnet_scope_in_query":           {51, "\x18\xc0"},
		"update_zone_class_any":           {27, "\x00\xff"},
		"qclass_0":                        {31, "\x00\x00"},
	}
	for _, c := range Cases() {
		want, ok := at[c.Name]
		if !ok {
			continue
		}
		delete(at, c.Name)
		if got := c.Message(0, noon); c.Offset() != want.offset || !bytes.HasPrefix(got[c.Offset():], []byte(want.bytes)) {
			t.Errorf("%s: %x at offset %d, want %x at %d", c.Name, got[c.Offset():], c.Offset(), want.bytes, want.offset)
		}
	}
	for name := range at {
		t.Errorf("%s: no such case", name)
	}
}

func TestMessageHasItsID(t *testing.T) {
	for _, c := range Cases() {
		b := c.Message(0xabcd, noon)
		if c.Raw || c.Anomaly == "H01" || c.Anomaly[0] == 'M' {
			continue
		}
		if id := binary.BigEndian.Uint16(b); id != 0xabcd {
			t.Errorf("%s: ID %#04x", c.Name, id)
		}
	}
}

func TestControlIsSound(t *testing.T) {
	var m dns.Msg
	if err := m.Unpack(Control(7)); err != nil {
		t.Fatal(err)
	}
	if m.Id != 7 || len(m.Question) != 1 || m.Question[0].Name != Host || !m.RecursionDesired || m.Len() != len(Control(7)) {
		t.Errorf("%v", &m)
	}
}

// What a case signs, another implementation verifies: only what the case is about is wrong.
func TestSignatureIsRight(t *testing.T) {
	if base64.StdEncoding.EncodeToString([]byte(Secret)) != SecretBase64 {
		t.Fatalf("SecretBase64 is not the secret %q", Secret)
	}
	for name, want := range map[string]bool{"opt_and_tsig": true, "tsig_mac_wrong": false, "tkey_mode_99": true} {
		c := find(t, name)
		err := dns.TsigVerify(c.Message(0x1234, time.Now()), SecretBase64, "", false)
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := dns.TsigVerify(find(t, "tsig_of_2020").Message(1, time.Now()), SecretBase64, "", false); !errors.Is(err, dns.ErrTime) {
		t.Errorf("tsig_of_2020: %v, want %v", err, dns.ErrTime)
	}
}

// find returns the case of a name.
func find(t *testing.T, name string) Case {
	t.Helper()
	for _, c := range Cases() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no case %s", name)
	return Case{}
}
