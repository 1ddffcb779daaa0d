package fields

import "github.com/miekg/dns"

// form is how a piece of RDATA is read and shown.
type form uint8

// The forms.
const (
	u8 form = iota
	u16
	u32
	u64
	hex64
	seconds
	moment  // 32 bits: seconds since the epoch
	moment6 // the same in 48
	ipv4
	ipv6
	domain   // a name
	rrtype   // 16 bits: a type
	alg      // 8 bits: a DNSSEC algorithm
	digest   // 8 bits: a DS digest type
	hashAlg  // 8 bits: an NSEC3 hash
	keyFlags // 16 bits (RFC 4034 section 2.1.1, RFC 5011 section 7)
	n3Flags  // 8 bits (RFC 5155 section 3.1.2)
	caaFlags // 8 bits (RFC 8659 section 4.1)
	tsigErr  // 16 bits
	tkeyMode // 16 bits (RFC 2930 section 2.5)
	str      // a <character-string>
	strs     // as many as there are
	tag      // a length byte and so much ASCII
	salt     // a length byte and so many bytes in hex
	hash32   // a length byte and so many bytes in base32hex
	sized    // two bytes of length and so many bytes
	clock    // the same; six bytes are a time (RFC 8945 section 5.2.3)
	bitmap   // type bit map
	params   // SvcParams
	hexRest
	base64Rest
	textRest
)

// item is a field of RDATA.
type item struct {
	name string
	form form
}

var (
	dsLayout     = []item{{"Key tag", u16}, {"Algorithm", alg}, {"Digest type", digest}, {"Digest", hexRest}}
	dnskeyLayout = []item{{"Flags", keyFlags}, {"Protocol", u8}, {"Algorithm", alg}, {"Public key", base64Rest}}
	rrsigLayout  = []item{{"Type covered", rrtype}, {"Algorithm", alg}, {"Labels", u8}, {"Original TTL", seconds}, {"Signature expiration", moment},
		{"Signature inception", moment}, {"Key tag", u16}, {"Signer's name", domain}, {"Signature", base64Rest}}
	svcbLayout = []item{{"SvcPriority", u16}, {"TargetName", domain}, {"", params}}
	tlsaLayout = []item{{"Certificate usage", u8}, {"Selector", u8}, {"Matching type", u8}, {"Certificate association data", hexRest}}
	textLayout = []item{{"Text", strs}}
)

// layouts holds the RDATA of the types that are shown field by field. To add one, add its line: names as in its RFC. A type that is not here is one
// field with its text.
var layouts = map[uint16][]item{
	dns.TypeA:      {{"Address", ipv4}},
	dns.TypeNS:     {{"NSDNAME", domain}},
	dns.TypeCNAME:  {{"CNAME", domain}},
	dns.TypePTR:    {{"PTRDNAME", domain}},
	dns.TypeDNAME:  {{"DNAME target", domain}},
	dns.TypeMX:     {{"Preference", u16}, {"Exchange", domain}},
	dns.TypeAFSDB:  {{"Subtype", u16}, {"Hostname", domain}},
	dns.TypeKX:     {{"Preference", u16}, {"Exchanger", domain}},
	dns.TypeRP:     {{"Mailbox", domain}, {"TXT name", domain}},
	dns.TypeMINFO:  {{"RMAILBX", domain}, {"EMAILBX", domain}},
	dns.TypeSOA:    {{"MNAME", domain}, {"RNAME", domain}, {"SERIAL", u32}, {"REFRESH", seconds}, {"RETRY", seconds}, {"EXPIRE", seconds}, {"MINIMUM", seconds}},
	dns.TypeHINFO:  {{"CPU", str}, {"OS", str}},
	dns.TypeTXT:    textLayout,
	dns.TypeSPF:    textLayout,
	dns.TypeAVC:    textLayout,
	dns.TypeAAAA:   {{"Address", ipv6}},
	dns.TypeSRV:    {{"Priority", u16}, {"Weight", u16}, {"Port", u16}, {"Target", domain}},
	dns.TypeNAPTR:  {{"Order", u16}, {"Preference", u16}, {"Flags", str}, {"Services", str}, {"Regexp", str}, {"Replacement", domain}},
	dns.TypeCERT:   {{"Type", u16}, {"Key tag", u16}, {"Algorithm", alg}, {"Certificate", base64Rest}},
	dns.TypeSSHFP:  {{"Algorithm", u8}, {"Fingerprint type", u8}, {"Fingerprint", hexRest}},
	dns.TypeDS:     dsLayout,
	dns.TypeCDS:    dsLayout,
	dns.TypeDLV:    dsLayout,
	dns.TypeTA:     dsLayout,
	dns.TypeDNSKEY: dnskeyLayout, dns.TypeCDNSKEY: dnskeyLayout, dns.TypeKEY: dnskeyLayout,
	dns.TypeRRSIG: rrsigLayout, dns.TypeSIG: rrsigLayout,
	dns.TypeNSEC:       {{"Next domain name", domain}, {"Types", bitmap}},
	dns.TypeCSYNC:      {{"SOA serial", u32}, {"Flags", u16}, {"Types", bitmap}},
	dns.TypeNSEC3:      {{"Hash algorithm", hashAlg}, {"Flags", n3Flags}, {"Iterations", u16}, {"Salt", salt}, {"Next hashed owner", hash32}, {"Types", bitmap}},
	dns.TypeNSEC3PARAM: {{"Hash algorithm", hashAlg}, {"Flags", n3Flags}, {"Iterations", u16}, {"Salt", salt}},
	dns.TypeTLSA:       tlsaLayout,
	dns.TypeSMIMEA:     tlsaLayout,
	dns.TypeSVCB:       svcbLayout,
	dns.TypeHTTPS:      svcbLayout,
	dns.TypeURI:        {{"Priority", u16}, {"Weight", u16}, {"Target", textRest}},
	dns.TypeCAA:        {{"Flags", caaFlags}, {"Tag", tag}, {"Value", textRest}},
	dns.TypeZONEMD:     {{"Serial", u32}, {"Scheme", u8}, {"Hash algorithm", u8}, {"Digest", hexRest}},
	dns.TypeTKEY: {{"Algorithm", domain}, {"Inception", moment}, {"Expiration", moment}, {"Mode", tkeyMode}, {"Error", tsigErr}, {"Key", sized},
		{"Other", sized}},
	dns.TypeTSIG: {{"Algorithm name", domain}, {"Time signed", moment6}, {"Fudge", u16}, {"MAC", sized}, {"Original ID", u16}, {"Error", tsigErr},
		{"Other", clock}},
}

// inOnly are the types whose RDATA is known in class IN only.
var inOnly = map[uint16]bool{dns.TypeA: true, dns.TypeAAAA: true, dns.TypeSRV: true, dns.TypeNAPTR: true, dns.TypeKX: true, dns.TypeSVCB: true,
	dns.TypeHTTPS: true}

// Bits of DNSKEY, NSEC3 and CAA flags.
var (
	dnskeyFlags = []flag{
		{"ZONE", 0x100, word("no zone key", "zone key")},
		{"REVOKE", 0x80, word("not revoked", "revoked")},
		{"SEP", 1, word("no secure entry point", "secure entry point")},
		{"other", 0xfe7e, func(v uint16) string { return hex16(uint64(v)) }},
	}
	nsec3Flags = []flag{
		{"Opt-out", 1, word("no", "yes")},
		{"other", 0xfe, func(v uint16) string { return hex8(uint64(v)) }},
	}
	issuerFlags = []flag{
		{"Issuer critical", 0x80, word("no", "yes")},
		{"other", 0x7f, func(v uint16) string { return hex8(uint64(v)) }},
	}
)

// nsec3Hashes and tkeyModes are small registries (RFC 5155 section 11, RFC 2930 section 2.5).
var (
	nsec3Hashes = map[uint64]string{1: "SHA-1"}
	tkeyModes   = map[uint64]string{1: "server assignment", 2: "Diffie-Hellman", 3: "GSS-API", 4: "resolver assignment", 5: "key deletion"}
)

// svcParamKeys are the names of SvcParamKeys (IANA dns-svcb).
var svcParamKeys = [...]string{"mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp", "tls-supported-groups"}
