package fields

import (
	"encoding/base32"
	"encoding/base64"
	"net/netip"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// rdata reads RDATA, whose text as master files write it is given, "" where there is none.
func (c *cursor) rdata(typ, class uint16, text string) {
	items, known := layouts[typ]
	if inOnly[typ] && class&0x7fff != dns.ClassINET && class != dns.ClassNONE { // NONE deletes in UPDATE (RFC 2136 section 2.5.4)
		known = false
	}
	switch {
	case c.left() == 0:
	case known:
		c.layout(items)
	default:
		c.rest(mnemonic.Type(typ), func(b []byte) string {
			if text == "" {
				return hexadecimal(b)
			}
			return text
		})
	}
}

// layout reads items one after the other.
func (c *cursor) layout(items []item) {
	for _, it := range items {
		if c.bad {
			return
		}
		c.item(it)
	}
}

// item reads one field.
func (c *cursor) item(it item) {
	if n, ok := integers[it.form]; ok {
		c.number(it.name, n.size, n.show)
		return
	}
	switch it.form {
	case keyFlags:
		c.flags(it.name, 2, hex16, dnskeyFlags)
	case n3Flags:
		c.flags(it.name, 1, hex8, nsec3Flags)
	case caaFlags:
		c.flags(it.name, 1, hex8, issuerFlags)
	case ipv4:
		c.bytes(it.name, 4, addressText)
	case ipv6:
		c.bytes(it.name, 16, addressText)
	case domain:
		c.name(it.name)
	case str, tag:
		c.counted(it.name, quoted)
	case strs:
		for !c.bad && c.left() > 0 {
			c.counted(it.name, quoted)
		}
	case salt:
		c.counted(it.name, orDash(hexadecimal))
	case hash32:
		c.counted(it.name, orDash(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString))
	case sized:
		c.sized(it.name, hexadecimal)
	case clock:
		c.sized(it.name, serverTime)
	case bitmap:
		c.typeBitmap(it.name)
	case params:
		for !c.bad && c.left() > 0 {
			c.param()
		}
	case hexRest:
		c.rest(it.name, hexadecimal)
	case base64Rest:
		c.rest(it.name, base64.StdEncoding.EncodeToString)
	case textRest:
		c.rest(it.name, quoted)
	}
}

// number is how an integer is read and shown.
type number struct {
	size int
	show func(uint64) string
}

var integers = map[form]number{
	u8: {1, decimal}, u16: {2, decimal}, u32: {4, decimal}, u64: {8, decimal},
	hex64:   {8, func(v uint64) string { return "0x" + hexadecimalOf(v) }},
	seconds: {4, secondsText}, moment: {4, timeText}, moment6: {6, timeText},
	rrtype: {2, typeText}, alg: {1, algorithmText}, digest: {1, digestText}, hashAlg: {1, nsec3HashText},
	tsigErr:  {2, func(v uint64) string { return mnemonic.TSIGError(uint16(v)) + " (" + decimal(v) + ")" }},
	tkeyMode: {2, func(v uint64) string { return named(tkeyModes[v], v) }},
}

// counted reads a length byte and as many bytes, as one field.
func (c *cursor) counted(name string, show func([]byte) string) {
	if c.bad || c.left() == 0 {
		c.fail(name)
		return
	}
	c.bytes(name, 1+int(c.m.Data[c.off]), func(b []byte) string { return show(b[1:]) })
}

// sized reads two bytes of length, and as many bytes.
func (c *cursor) sized(name string, show func([]byte) string) {
	n, _ := c.peek16(0)
	c.number(name+" length", 2, decimal)
	c.bytes(name, n, show)
}

// serverTime writes what a TSIG record has as its other data.
func serverTime(b []byte) string {
	if len(b) != 6 {
		return hexadecimal(b)
	}
	return "server time " + timeText(integer(b))
}

// typeBitmap reads the windows of a type bit map (RFC 4034 section 4.1.2).
func (c *cursor) typeBitmap(name string) {
	for last := -1; !c.bad && c.left() > 0; {
		if c.left() < 2 {
			c.fail(name)
			return
		}
		window, n := int(c.m.Data[c.off]), int(c.m.Data[c.off+1])
		if window <= last || n == 0 || n > 32 {
			c.fail(name)
			return
		}
		last = window
		c.bytes(name, 2+n, func(b []byte) string { return typesOf(window, b[2:]) })
	}
}

// typesOf names the types of a window's bits.
func typesOf(window int, bits []byte) string {
	var dst []byte
	for i := range 8 * len(bits) {
		if bits[i/8]&(0x80>>(i%8)) == 0 {
			continue
		}
		if len(dst) > 0 {
			dst = append(dst, ' ')
		}
		dst = mnemonic.AppendType(dst, uint16(window<<8|i))
	}
	return string(dst)
}

// param reads an SvcParam (RFC 9460 section 2.2).
func (c *cursor) param() {
	key, _ := c.peek16(0)
	n, ok := c.peek16(2)
	if !ok || 4+n > c.left() {
		c.fail("an SvcParam")
		return
	}
	c.bounded(Option, paramKey(uint64(key)), 4+n, func(c *cursor) {
		c.number("SvcParamKey", 2, func(v uint64) string { return paramKey(v) + " (" + decimal(v) + ")" })
		c.number("Length", 2, decimal)
		c.paramValue(key)
	}).Value = size(n)
}

// paramValue reads the value of an SvcParam (RFC 9460 section 7, RFC 9461 section 5).
func (c *cursor) paramValue(key int) {
	for !c.bad && c.left() > 0 {
		switch key {
		case 0:
			c.number("Mandatory key", 2, paramKey)
		case 1:
			c.counted("Protocol", quoted)
		case 3:
			c.number("Port", 2, decimal)
			return
		case 4:
			c.bytes("Address", 4, addressText)
		case 6:
			c.bytes("Address", 16, addressText)
		case 7:
			c.rest("Path", quoted)
		case 2, 8: // they have no value
			c.bad = true
		default:
			c.rest("Value", hexadecimal)
		}
	}
}

func paramKey(v uint64) string {
	if v < uint64(len(svcParamKeys)) {
		return svcParamKeys[v]
	}
	return "key" + decimal(v)
}

func addressText(b []byte) string {
	a, _ := netip.AddrFromSlice(b)
	return a.String()
}
