package wire

import "github.com/miekg/dns"

// Types that the walk treats by themselves.
const (
	typeA     = dns.TypeA
	typeCNAME = dns.TypeCNAME
	typeSOA   = dns.TypeSOA
	typeNULL  = dns.TypeNULL
	typeSIG   = dns.TypeSIG
	typeAAAA  = dns.TypeAAAA
	typeDNAME = dns.TypeDNAME
	typeOPT   = dns.TypeOPT
	typeRRSIG = dns.TypeRRSIG
	typeNSEC3 = dns.TypeNSEC3
	typeTKEY  = dns.TypeTKEY
	typeTSIG  = dns.TypeTSIG
	typeIXFR  = dns.TypeIXFR
	typeANY   = dns.TypeANY
	typeDLV   = dns.TypeDLV
	typeTA    = dns.TypeTA
)

// field is a piece of RDATA. Values up to 20 are as many bytes of any content.
type field uint8

// The fields that have a structure.
const (
	cname   field = iota + 32 // a name that may be compressed (RFC 1035 section 3.3, RFC 3597 section 4)
	name                      // a name that must not be
	str                       // a <character-string>: a length byte and so many bytes
	strs                      // one or more of them, to the end
	sized                     // two bytes of length and so many bytes
	bitmap                    // windows of a type bit map (RFC 4034 section 4.1.2), at least one
	bitmap0                   // the same, or none
	params                    // SvcParams (RFC 9460 section 2.2)
	rest                      // anything, or nothing
	inOnly                    // heads a shape that holds in class IN only
)

// Sizes of integer fields in bytes.
const (
	u8  field = 1
	u16 field = 2
	u32 field = 4
	u48 field = 6
	u64 field = 8
)

// shapeDS is also that of the types that copy DS.
var shapeDS = []field{u16, u8, u8, rest}

// shapes holds the RDATA of the types whose structure can be checked. A type that is not here may hold anything (RFC 3597). To add one, add
// its line; the names of RFC 1035 alone may be compressed.
var shapes = [...][]field{
	dns.TypeA:          {inOnly, 4},
	dns.TypeNS:         {cname},
	dns.TypeMD:         {cname},
	dns.TypeMF:         {cname},
	dns.TypeCNAME:      {cname},
	dns.TypeSOA:        {cname, cname, 20},
	dns.TypeMB:         {cname},
	dns.TypeMG:         {cname},
	dns.TypeMR:         {cname},
	11:                 {inOnly, 4, u8, rest}, // WKS
	dns.TypePTR:        {cname},
	dns.TypeHINFO:      {str, str},
	dns.TypeMINFO:      {cname, cname},
	dns.TypeMX:         {u16, cname},
	dns.TypeTXT:        {strs},
	dns.TypeRP:         {name, name},
	dns.TypeAFSDB:      {u16, name},
	dns.TypeX25:        {str},
	dns.TypeISDN:       {strs},
	dns.TypeRT:         {u16, name},
	dns.TypeNSAPPTR:    {inOnly, name},
	dns.TypeSIG:        {u16, u8, u8, u32, u32, u32, u16, name, rest},
	dns.TypeKEY:        {u16, u8, u8, rest},
	dns.TypePX:         {inOnly, u16, name, name},
	dns.TypeGPOS:       {str, str, str},
	dns.TypeAAAA:       {inOnly, 16},
	dns.TypeNXT:        {name, rest},
	dns.TypeSRV:        {inOnly, u16, u16, u16, name},
	dns.TypeNAPTR:      {inOnly, u16, u16, str, str, str, name},
	dns.TypeKX:         {inOnly, u16, name},
	dns.TypeCERT:       {u16, u16, u8, rest},
	dns.TypeDNAME:      {name},
	dns.TypeDS:         shapeDS,
	dns.TypeSSHFP:      {u8, u8, rest},
	dns.TypeIPSECKEY:   {u8, u8, u8, rest},
	dns.TypeRRSIG:      {u16, u8, u8, u32, u32, u32, u16, name, rest},
	dns.TypeNSEC:       {name, bitmap},
	dns.TypeDNSKEY:     {u16, u8, u8, rest},
	dns.TypeNSEC3:      {u8, u8, u16, str, str, bitmap0},
	dns.TypeNSEC3PARAM: {u8, u8, u16, str},
	dns.TypeTLSA:       {u8, u8, u8, rest},
	dns.TypeSMIMEA:     {u8, u8, u8, rest},
	dns.TypeHIP:        {u8, u8, u16, rest},
	dns.TypeNINFO:      {strs},
	dns.TypeRKEY:       {u16, u8, u8, rest},
	dns.TypeTALINK:     {name, name},
	dns.TypeCDS:        shapeDS,
	dns.TypeCDNSKEY:    {u16, u8, u8, rest},
	dns.TypeCSYNC:      {u32, u16, bitmap0},
	dns.TypeZONEMD:     {u32, u8, u8, rest},
	dns.TypeSVCB:       {inOnly, u16, name, params},
	dns.TypeHTTPS:      {inOnly, u16, name, params},
	66:                 {u16, u8, u16, name}, // DSYNC (RFC 9859)
	dns.TypeSPF:        {strs},
	dns.TypeNID:        {u16, u64},
	dns.TypeL32:        {u16, u32},
	dns.TypeL64:        {u16, u64},
	dns.TypeLP:         {u16, name},
	dns.TypeEUI48:      {6},
	dns.TypeEUI64:      {8},
	dns.TypeTKEY:       {name, u32, u32, u16, u16, sized, sized},
	dns.TypeTSIG:       {name, u48, u16, sized, u16, u16, sized},
	dns.TypeURI:        {u16, u16, rest},
	dns.TypeCAA:        {u8, str, rest},
	dns.TypeAVC:        {strs},
	dns.TypeAMTRELAY:   {u8, u8, rest},
	dns.TypeRESINFO:    {strs},
	262:                {strs}, // WALLET
}

// shape returns the fields of a type in a class; nil where nothing is known. Bit 0x8000 of the class is the cache flush bit of mDNS.
func shape(typ, class uint16) []field {
	if int(typ) >= len(shapes) {
		if typ == typeTA || typ == typeDLV {
			return shapeDS
		}
		return nil
	}
	s := shapes[typ]
	if len(s) == 0 || s[0] != inOnly {
		return s
	}
	if class&0x7fff != classIN {
		return nil
	}
	return s[1:]
}
