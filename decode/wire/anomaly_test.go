package wire

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestAnomalies holds for each entry what triggers it, and a near miss without it. want lists all anomalies of the message.
func TestAnomalies(t *testing.T) {
	rr := func(typ, rdata string) string { return toAnswer + typ + " 0001 0000003c " + rdata }
	opt := func(rest string) string { return ednsQuery + "00 0029 04d0 00 00 0000 " + rest }
	tests := []struct{ name, data, want string }{
		{"empty", "", "H01@0+0"},
		{"header_cut", "1234 0100 0001 0000 0000 00", "H01@11+0"},
		{"header_alone", "1234 0100 0000 0000 0000 0000", "H08@4+2"},
		{"plain_query", plainQuery, ""},

		{"opcode_3", "1234 1900 0001 0000 0000 0000" + wwwQuestion, "H04@2+2"},
		{"opcode_iquery", "1234 0900 0001 0000 0000 0000" + wwwQuestion, "H05@2+2"},
		{"opcode_status", "1234 1100 0001 0000 0000 0000" + wwwQuestion, "H06@2+2"},
		{"opcode_notify", "1234 2400 0001 0000 0000 0000" + zoneQuestion, ""},
		{"opcode_dso", "1234 3000 0000 0000 0000 0000", "M08@2+2"},
		{"no_question_with_cookie", "1234 0100 0000 0000 0000 0001 00 0029 04d0 00 00 0000 000c 000a 0008 8*01", ""},
		{"no_question_without_cookie", "1234 0100 0000 0000 0000 0001 00 0029 04d0 00 00 0000 0000", "H08@4+2"},
		{"two_questions", "1234 0100 0002 0000 0000 0000" + wwwQuestion + "c00c 001c 0001", "H09@4+2 N13@33+2"},
		{"two_questions_in_response", "1234 8180 0002 0000 0000 0000" + wwwQuestion + "c00c 001c 0001", "H09@4+2"},
		{"two_entries_in_notify", "1234 2400 0002 0000 0000 0000" + zoneQuestion + "c00c 0006 0001", "U14@4+2 N13@29+2"},
		{"answer_count_overrun", responseHeader + wwwQuestion, "H10@6+2"},
		{"answer_count_overrun_but_truncated", "1234 8380 0001 0004 0000 0000" + wwwQuestion, "O35@2+2"},
		{"question_count_overrun", "1234 0100 0002 0000 0000 0000" + wwwQuestion, "H10@4+2 H09@4+2"},
		{"answer_in_query", "1234 0100 0001 0001 0000 0000" + wwwQuestion + "c00c 0001 0001 00000000 0004 7f000001", "H11@6+2"},
		{"authority_in_query", "1234 0100 0001 0000 0001 0000" + wwwQuestion + "c00c 0001 0001 00000000 0004 7f000001", "H12@8+2"},
		{"authority_in_ixfr", "1234 0100 0001 0000 0001 0000 00 00fb 0001 00 0006 0001 00000000 0016 00 00 20*00", ""},
		{"rcode_in_query", "1234 0102 0001 0000 0000 0000" + wwwQuestion, "H14@2+2"},
		{"z_bit_in_query", "1234 0140 0001 0000 0000 0000" + wwwQuestion, "H15@2+2"},
		{"z_bit_in_response", "1234 81c0 0001 0000 0000 0000" + wwwQuestion, "H15@2+2 S01@8+2"},
		{"tc_in_query", "1234 0300 0001 0000 0000 0000" + wwwQuestion, "H16@2+2"},
		{"aa_in_query", "1234 0500 0001 0000 0000 0000" + wwwQuestion, "H17@2+2"},
		{"aa_in_notify", "1234 2400 0001 0000 0000 0000" + zoneQuestion, ""},
		{"ad_in_query", "1234 0120 0001 0000 0000 0000" + wwwQuestion, ""},
		{"cd_without_do", "1234 0110 0001 0000 0000 0000" + wwwQuestion, "H18@2+2"},

		{"label_type_01", queryHeader + "03 'www' 41 00 0001 0001", "N01@16+1"},
		{"label_type_10", queryHeader + "03 'www' 80 00 0001 0001", "N02@16+1"},
		{"name_of_255_octets", queryHeader + "127*0161 00 0001 0001", ""},
		{"name_of_257_octets", queryHeader + "127*0161 0161 00 0001 0001", "N04@12+256"},
		{"name_of_256_octets", queryHeader + "126*0161 026161 00 0001 0001", "N04@12+255"},
		{"name_too_long_through_pointer", "1234 8180 0001 0001 0000 0000 127*0161 00 0001 0001 0162 c00c 0001 0001 00000000 0004 7f000001", "N04@271+4"},
		{"name_of_255_through_pointer", "1234 8180 0001 0001 0000 0000 126*0161 00 0001 0001 0162 c00c 0001 0001 00000000 0004 7f000001", "S16@269+18 S18@277+4"},
		{"pointer_to_itself", queryHeader + "c00c 0001 0001", "N13@12+2 N05@12+2"},
		{"pointer_to_own_labels", queryHeader + "03 'www' c00c 0001 0001", "N13@16+2 N05@16+2"},
		{"pointers_in_a_circle", responseHeader + wwwQuestion + "c021 0001 0001 0000003c 0004 c0000201", "N05@33+2"},
		{"pointer_forward", queryHeader + "c012 0001 0001 03 'abc' 00", "N13@12+2 N06@12+2"},
		{"pointer_into_own_label", queryHeader + "03 000000 c00e 0001 0001", "N13@16+2 N06@16+2"},
		{"pointer_into_header", responseHeader + wwwQuestion + "c004 0001 0001 0000003c 0004 c0000201", "N07@33+2"},
		{"pointer_to_first_byte_after_header", responseHeader + wwwQuestion + "c00c 0001 0001 0000003c 0004 c0000201", ""},
		{"pointer_into_second_label", responseHeader + wwwQuestion + "c010 0001 0001 0000003c 0004 c0000201", "S16@33+16"},
		{"pointer_past_end", queryHeader + "ffff 0001 0001", "N13@12+2 N09@12+2"},
		{"pointer_cut", queryHeader + "03 'www' c0", "N10@16+1"},
		{"label_runs_past_end", queryHeader + "03 'www' 07 'exam'", "N11@16+1"},
		{"name_without_root", queryHeader + "03 'www'", "N12@16+0"},
		{"owner_without_root", responseHeader + wwwQuestion + "01 'a'", "N12@35+0"},
		{"pointer_chain_of_127", chain(127), "S18@17+4 R20@13+2"},
		{"pointer_chain_of_128", chain(128), "S18@17+4 R20@13+2 N14@278+2"},

		{"question_without_class", queryHeader + "03 'www' 00 0001 00", "R01@17+3"},
		{"record_header_cut", toAnswer + "0001 0001 0000003c 00", "R02@35+9"},
		{"record_header_missing", toAnswer, "R02@35+0"},
		{"rdata_cut", rr("0001", "0004 c00002"), "R03@43+2"},
		{"rdata_cut_in_truncated", strings.Replace(rr("0001", "0004 c00002"), "8180", "8380", 1), "O35@2+2 R03@43+2"},
		{"a_of_4", rr("0001", "0004 c0000201"), ""},
		{"a_of_0", rr("0001", "0000"), "R04@43+2"},
		{"null_of_0", rr("000a", "0000"), "R20@35+2"},
		{"a_of_5", rr("0001", "0005 c000020100"), "R05@49+1"},
		{"a_of_3", rr("0001", "0003 c00002"), "R05@48+0"},
		{"aaaa_of_4", rr("001c", "0004 c0000201"), "R05@49+0"},
		{"a_of_5_in_chaos", toAnswer + "0001 0003 0000003c 0005 c000020100", "R18@37+2"},
		{"a_with_cache_flush_bit", toAnswer + "0001 8001 0000003c 0004 c0000201", "R18@37+2"},
		{"a_of_5_with_cache_flush_bit", toAnswer + "0001 8001 0000003c 0005 c000020100", "R18@37+2 R05@49+1"},
		{"mx_with_tail", rr("000f", "0005 0001 c00c 00"), "R06@49+1"},
		{"mx_name_past_rdlength", rr("000f", "0004 0001 03 'w'") + " 00", "R21@49+1 R06@49+0"},
		{"mx_pointer_past_rdlength", rr("000f", "0003 0001 c0"), "R06@48+0"},
		{"mx", rr("000f", "0004 0001 c00c"), ""},
		{"soa_short", rr("0006", "000f c00c c00c 11*00"), "R07@60+0"},
		{"soa_of_one_name", rr("0006", "0002 c00c"), "R07@47+0"},
		{"soa", rr("0006", "0018 c00c c00c 20*00"), "R23@33+36"},
		{"soa_with_tail", rr("0006", "0019 c00c c00c 21*00"), "R06@69+1"},
		{"txt_past_rdlength", rr("0010", "0004 04 'abc'"), "R08@45+1"},
		{"txt", rr("0010", "0004 03 'abc'"), ""},
		{"hinfo_of_one_string", rr("000d", "0004 03 'abc'"), "R08@49+0"},
		{"caa_tag_past_rdlength", rr("0101", "0004 00 05 'ab'"), "R08@46+1"},
		{"caa", rr("0101", "0007 00 05 'issue'"), ""},
		{"compressed_srv", rr("0021", "0008 0001 0001 0035 c00c"), "R09@51+2"},
		{"plain_srv", rr("0021", "0007 0001 0001 0035 00"), ""},
		{"compressed_dname", rr("0027", "0002 c00c"), "R09@45+2"},
		{"compressed_cname", rr("0005", "0002 c010"), ""},
		{"cname_to_itself", rr("0005", "0002 c02d"), "N05@45+2"},
		{"rdata_label_type", rr("0005", "0002 4100"), "N01@45+1"},
		{"svcb_keys_fall", rr("0040", "000d 0001 00 0003 0002 01bb 0002 0000"), "R10@54+2"},
		{"svcb_key_twice", rr("0040", "000b 0001 00 0002 0000 0002 0000"), "R10@52+2"},
		{"svcb_value_past_rdlength", rr("0041", "0009 0001 00 0003 0004 01bb"), "R10@50+2"},
		{"svcb_port_of_3", rr("0041", "000a 0001 00 0003 0003 0001bb"), "R10@50+2"},
		{"svcb_key_cut", rr("0041", "0005 0001 00 0003"), "R10@48+2"},
		{"https", rr("0041", "0018 0001 00 0001 0003 02 'h2' 0003 0002 01bb 0004 0004 c0000201"), ""},
		{"https_alias", rr("0041", "0003 0000 00"), ""},
		{"nsec_window_of_0", rr("002f", "0003 00 00 00"), "R11@46+2"},
		{"nsec_window_of_33", rr("002f", "0024 00 00 21 33*00"), "R11@46+2"},
		{"nsec_windows_fall", rr("002f", "0007 00 01 01 40 00 01 40"), "R11@49+2"},
		{"nsec_window_cut", rr("002f", "0002 00 00"), "R11@46+1"},
		{"nsec_without_types", rr("002f", "0001 00"), "R11@46+0"},
		{"nsec", rr("002f", "0004 00 00 01 40"), ""},
		{"nsec3_without_types", rr("0032", "000b 01 00 0000 00 05 'abcde'"), "R12@33+2"},
		{"ttl_msb", toAnswer + "0001 0001 80000000 0004 c0000201", "R14@39+4"},
		{"ttl_max", toAnswer + "0001 0001 7fffffff 0004 c0000201", "S18@39+4"},
		{"axfr_as_record", rr("00fc", "0000"), "R19@35+2"},
		{"any_in_update", "1234 2800 0001 0001 0000 0000" + zoneQuestion + "c00c 00ff 00ff 00000000 0000", ""},
		{"a_of_0_in_update", "1234 2800 0001 0000 0001 0000" + zoneQuestion + "c00c 0001 00ff 00000000 0000", ""},
		{"a_of_0_added_by_update", "1234 2800 0001 0000 0001 0000" + zoneQuestion + "c00c 0001 0001 00000000 0000", "R04@39+2"},
		{"trailing_bytes", plainQuery + "00", "R21@33+1"},
		{"trailing_opt", plainQuery + "00 0029 04d0 00 00 0000 0000", "R21@33+11 R22@33+11"},
		{"trailing_opt_cut", plainQuery + "00 0029 04d0 00 00 0000 0001", "R21@33+11"},
		{"trailing_a", plainQuery + "00 0001 0001 00000000 0000", "R21@33+11"},

		{"opt", opt("0000"), ""},
		{"opt_owner_not_root", ednsQuery + "c00c 0029 04d0 00 00 0000 0000", "O01@33+2"},
		{"opt_twice", "1234 0100 0001 0000 0000 0002" + wwwQuestion + "00 0029 04d0 00 00 0000 0000 00 0029 04d0 00 00 0000 0000", "H13@10+2 O02@44+11"},
		{"opt_in_answer", "1234 8180 0001 0001 0000 0000" + wwwQuestion + "00 0029 04d0 00 00 0000 0000", "O03@33+11"},
		{"opt_in_answer_by_wrong_count", "1234 8180 0001 0002 0000 0000" + wwwQuestion + "00 0029 04d0 00 00 0000 0000", "H10@6+2"},
		{"edns_version_1", ednsQuery + "00 0029 04d0 00 01 0000 0000", "O04@39+1"},
		{"udp_size_511", ednsQuery + "00 0029 01ff 00 00 0000 0000", "O07@36+2"},
		{"udp_size_512", ednsQuery + "00 0029 0200 00 00 0000 0000", ""},
		{"edns_z", ednsQuery + "00 0029 0200 00 00 2000 0000", "O09@40+2"},
		{"edns_do_and_co", ednsQuery + "00 0029 0200 00 00 c000 0000", ""},
		{"option_overrun", opt("0005 000a 0002 01"), "O11@46+2"},
		{"option_overrun_after_good", opt("000a fde9 0000 fdea 0005 0102"), "O11@50+2"},
		{"option_tail_of_3", opt("0007 fde9 0000 fdea 00"), "O12@48+3"},
		{"option_tail_of_1", opt("0001 00"), "O12@44+1"},
		{"cookie_of_8", opt("000c 000a 0008 8*01"), ""},
		{"cookie_of_9", opt("000d 000a 0009 9*01"), "O14@46+11"},
		{"cookie_of_40", opt("002c 000a 0028 40*01"), ""},
		{"cookie_of_41", opt("002d 000a 0029 41*01"), "O14@46+43"},

		{"tsig", signed("0001", tsig), "T05@46+3"},
		{"tsig_before_opt", signed("0002", tsig+"00 0029 04d0 00 00 0000 0000"), "H13@10+2 T01@33+36 T05@46+3"},
		{"opt_before_tsig", signed("0002", "00 0029 04d0 00 00 0000 0000"+tsig), "H13@10+2 T05@57+3"},
		{"tsig_in_answer", "1234 8180 0001 0001 0000 0000" + wwwQuestion + tsig, "T01@33+36 T05@46+3"},
		{"tsig_in_answer_by_wrong_count", "1234 8180 0001 0002 0000 0000" + wwwQuestion + tsig, "H10@6+2 T05@46+3"},
		{"tsig_twice", signed("0002", tsig+tsig), "H13@10+2 T05@46+3 T02@69+36"},
		{"tsig_class_in", signed("0001", strings.Replace(tsig, "00ff", "0001", 1)), "T03@38+2 T05@46+3"},
		{"tsig_ttl", signed("0001", strings.Replace(tsig, "00000000", "00000001", 1)), "T03@40+4 T05@46+3"},
		{"tsig_mac_overrun", signed("0001", strings.Replace(tsig, "0004 deadbeef", "0104 deadbeef", 1)), "T04@57+2"},
		{"tsig_other_overrun", signed("0001", strings.Replace(tsig, "0000 ; other", "0001 ; other", 1)), "T04@67+2"},
		{"tsig_of_0", signed("0001", "00 00fa 00ff 00000000 0000"), "T04@42+2"},
		{"tsig_compressed_algorithm", signed("0001", "00 00fa 00ff 00000000 0012 c00c 16*00"), "R09@44+2 T05@44+2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, unhex(t, tt.data))
			if got := seen(m.Anomalies); !sameSet(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for _, a := range m.Anomalies {
				if a.ID.Name() == "" {
					t.Errorf("%v is not in the catalogue", a.ID)
				}
			}
		})
	}
}

// tsig is a TSIG record of 36 bytes for the key "k.".
const tsig = "01 'k' 00 00fa 00ff 00000000 0017 01 'a' 00 000065000000 012c 0004 deadbeef 1234 0000 0000 ; other\n"

func signed(arcount, rest string) string {
	return "1234 0100 0001 0000 0000 " + arcount + "\n" + wwwQuestion + rest
}

// chain is a response whose second record's owner has that many pointers, each to the one before, the first to a root at 23.
func chain(hops int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "1234 8180 0000 0002 0000 0000 00 000a 0001 00000000 %04x 00", 1+2*(hops-1))
	at := 23
	for i := range hops - 1 {
		fmt.Fprintf(&b, " %04x", 0xc000|at)
		at = 24 + 2*i
	}
	fmt.Fprintf(&b, " %04x 0001 0001 00000000 0004 7f000001", 0xc000|at)
	return b.String()
}

func sameSet(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}
