package packet

import "encoding/binary"

// Bits of the frame control field (IEEE 802.11-2020 section 9.2.4.1), read as a big-endian number.
const (
	wlanTypeMask  = 0x0c00
	wlanData      = 0x0800
	wlanNoData    = 0x4000 // of the subtype
	wlanQoS       = 0x8000 // of the subtype
	wlanToDS      = 0x0001
	wlanFromDS    = 0x0002
	wlanProtected = 0x0040
	wlanOrder     = 0x0080
)

// wlan reads an 802.11 data frame. Others, and encrypted ones, carry nothing to be read.
func (p *Parser) wlan(t *Transport, b []byte) {
	const fixed = 24
	if len(b) < 2 {
		p.short(t)
		return
	}
	fc := be16(b)
	if fc&0x0300 != 0 || fc&wlanTypeMask != wlanData || fc&(wlanNoData|wlanProtected) != 0 {
		return
	}
	size := fixed
	if fc&(wlanToDS|wlanFromDS) == wlanToDS|wlanFromDS {
		size += 6
	}
	if fc&wlanQoS != 0 {
		size += 2
		if fc&wlanOrder != 0 {
			size += 4
		}
	}
	if p.padWLAN {
		size = (size + 3) &^ 3
	}
	if len(b) < size {
		p.short(t)
		return
	}
	p.llc(t, b[size:])
}

// Radiotap: its flags field, and the flag that says that the 802.11 header is padded.
const (
	radiotapTSFT   = 1 << 0
	radiotapFlags  = 1 << 1
	radiotapMore   = 1 << 31
	radiotapPadded = 0x20
)

// radiotap reads a radiotap header (radiotap.org).
func (p *Parser) radiotap(t *Transport, b []byte) {
	const fixed = 8
	if len(b) < fixed {
		p.short(t)
		return
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	switch {
	case b[0] != 0 || n < fixed:
		p.bad(t, FaultHeader)
	case n > len(b):
		p.short(t)
	default:
		p.padWLAN = radiotapPads(b[:n])
		p.wlan(t, b[n:])
		p.padWLAN = false
	}
}

// radiotapPads says whether the 802.11 header after a radiotap header b is padded to 4 bytes.
func radiotapPads(b []byte) bool {
	present := binary.LittleEndian.Uint32(b[4:])
	off := 8
	for more := present; more&radiotapMore != 0; off += 4 {
		if off+4 > len(b) {
			return false
		}
		more = binary.LittleEndian.Uint32(b[off:])
	}
	if present&radiotapTSFT != 0 {
		off = (off+7)&^7 + 8
	}
	return present&radiotapFlags != 0 && off < len(b) && b[off]&radiotapPadded != 0
}

// prism reads a Prism II monitor header, or the AVS one that replaced it under the same link type.
func (p *Parser) prism(t *Transport, b []byte) {
	const fixed, avs = 8, 0x80211000
	if len(b) < fixed {
		p.short(t)
		return
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if binary.BigEndian.Uint32(b)&^0xfff == avs || n > 0xffff {
		n = binary.BigEndian.Uint32(b[4:])
	}
	switch {
	case n < fixed || n > 0xffff:
		p.bad(t, FaultHeader)
	default:
		p.wrapped(t, b, int(n), uint32(linkWLAN))
	}
}
