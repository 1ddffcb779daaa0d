package analyze

import (
	"encoding/binary"
	"fmt"
	"net"
	"slices"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Link types whose frames have the sender's link-layer address.
const (
	linkEthernet capture.LinkType = 1   // LINKTYPE_ETHERNET
	linkSLL      capture.LinkType = 113 // LINKTYPE_LINUX_SLL
	linkSLL2     capture.LinkType = 276 // LINKTYPE_LINUX_SLL2
)

// fingerprint is how a client makes its queries: what tells one resolver library from another. It begins with the client's first offence. Its fields
// stand in the order in which they are needed: see offender.
type fingerprint struct {
	queries          uint16
	id, port         uint16
	constant, rising uint16 // IDs equal to the one before, or one higher
	onePort, inOrder uint16 // ports likewise
	rd, ad, cd, do   uint16 // queries with the bit
	opt              uint16 // queries with an OPT, as are sizes and options
	mixedCase        uint16 // queries whose name has letters of both cases
	tcp              uint16
	minSize, maxSize uint16
	options          [8]uint16 // of the first OPT that has any, in its order
	nOptions         uint8
	otherOptions     bool // another OPT had others, or in another order
	minHop, maxHop   uint8
	vlan             uint16
	mac              [6]byte
	hasMAC           bool
	nAgain           uint8
	again            [4]uint32 // ms between a question and the same question, the first different ones
	// The last different questions, and when they were asked: clients ask for A and AAAA together, and retry both. A question is the hash of its name
	// and type; 0: none.
	last  [4]uint64
	times [4]int64 // ns
}

// fingerprintQueries is how many queries make a fingerprint: more of them tell little.
const fingerprintQueries = 1024

// bit returns 1 where something is so: counting with it is no branch that a processor could guess wrong.
func bit(yes bool) (n uint16) {
	if yes {
		n = 1
	}
	return n
}

// observe takes in a query, unless there were enough.
func (f *fingerprint) observe(m *decode.Message) {
	if f.queries == fingerprintQueries {
		return
	}
	if f.queries > 0 {
		f.constant += bit(m.ID == f.id)
		f.rising += bit(m.ID == f.id+1)
		f.onePort += bit(m.ClientPort == f.port)
		f.inOrder += bit(m.ClientPort == f.port+1)
	}
	f.queries++
	f.id, f.port = m.ID, m.ClientPort
	f.rd += bit(m.Flags&wire.FlagRD != 0)
	f.ad += bit(m.Flags&wire.FlagAD != 0)
	f.cd += bit(m.Flags&wire.FlagCD != 0)
	f.tcp += bit(m.Proto == decode.TCP)
	if m.HasOPT {
		f.edns(m)
	}
	if m.Parsed[wire.SectionQuestion] > 0 {
		f.mixedCase += bit(mixedCase(m.Question.Name))
		f.repetition(m)
	}
	f.path(m)
}

func (f *fingerprint) edns(m *decode.Message) {
	if f.opt++; f.opt == 1 {
		f.minSize, f.maxSize = m.EDNS.UDPSize, m.EDNS.UDPSize
	}
	f.minSize, f.maxSize = min(f.minSize, m.EDNS.UDPSize), max(f.maxSize, m.EDNS.UDPSize)
	f.do += bit(m.EDNS.Flags&wire.EDNSFlagDO != 0)
	if m.EDNS.NOptions == 0 {
		return
	}
	var room [len(f.options)]uint16
	order := room[:0]
	for o := range m.EDNS.All {
		if len(order) < len(room) {
			order = append(order, o.Code)
		}
	}
	if len(order) == 0 {
		return
	}
	if f.nOptions == 0 {
		f.nOptions = uint8(copy(f.options[:], order))
		return
	}
	f.otherOptions = f.otherOptions || !slices.Equal(order, f.options[:f.nOptions])
}

// repetition notes how long after a question the client asks the same again.
func (f *fingerprint) repetition(m *decode.Message) {
	q := m.NameHash + uint64(m.Question.Type)*spreading
	oldest := 0
	for i, known := range f.last {
		if known == q {
			f.retried(m.Time - f.times[i])
			f.times[i] = m.Time
			return
		}
		if known == 0 { // there are none after it
			oldest = i
			break
		}
		if f.times[i] < f.times[oldest] {
			oldest = i
		}
	}
	f.last[oldest], f.times[oldest] = q, m.Time
}

// retried notes a time between a question and the same question (ns), unless one near it is known.
func (f *fingerprint) retried(after int64) {
	ms := uint32(min(max(after, 0)+5e5, 1<<31*1e6) / 1e6)
	near := func(known uint32) bool { return ms <= known+known/8+2 && known <= ms+ms/8+2 }
	if ms > 0 && int(f.nAgain) < len(f.again) && !slices.ContainsFunc(f.again[:f.nAgain], near) {
		f.again[f.nAgain] = ms
		f.nAgain++
	}
}

// path notes what the frames show of where the client is.
func (f *fingerprint) path(m *decode.Message) {
	if m.HopLimit > 0 {
		if f.minHop == 0 {
			f.minHop = m.HopLimit
		}
		f.minHop, f.maxHop = min(f.minHop, m.HopLimit), max(f.maxHop, m.HopLimit)
	}
	if m.VLAN != 0 {
		f.vlan = m.VLAN
	}
	if mac := senderMAC(m.Link, m.Frame); mac != nil {
		f.mac, f.hasMAC = [6]byte(mac), true
	}
}

// senderMAC returns the Ethernet address that sent a frame, nil where it does not say. The cooked headers have a length before it, at 4 and 11.
func senderMAC(link capture.LinkType, frame []byte) []byte {
	switch {
	case link == linkEthernet && len(frame) >= 12:
		return frame[6:12]
	case link == linkSLL && len(frame) >= 16 && frame[4] == 0 && frame[5] == 6:
		return frame[6:12]
	case link == linkSLL2 && len(frame) >= 20 && frame[11] == 6:
		return frame[12:18]
	}
	return nil
}

// mixedCase says whether a wire name has letters of both cases (0x20). Lengths of labels are below the letters.
func mixedCase(name []byte) bool {
	var upper, lower uint64
	for ; len(name) >= 8; name = name[8:] {
		w := binary.LittleEndian.Uint64(name)
		upper |= within(w, 'A', 'Z')
		lower |= within(w, 'a', 'z')
	}
	for _, c := range name {
		upper |= within(uint64(c), 'A', 'Z')
		lower |= within(uint64(c), 'a', 'z')
	}
	return upper != 0 && lower != 0
}

// within sets the highest bit of each octet of w that lies from first to last, which are ASCII, and clears all others.
func within(w, first, last uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	low := w &^ highs
	return (low + (0x80-first)*ones) &^ (low + (0x7f-last)*ones) &^ w & highs
}

// share says how often something is: "never", "always", or the percentage, which is never 0 or 100.
func share(n, of uint16) string {
	switch {
	case of == 0 || n == 0:
		return "never"
	case n >= of:
		return "always"
	}
	return fmt.Sprintf("%.0f%%", min(max(100*float64(n)/float64(of), 1), 99))
}

// choice names how values follow each other, of which n were compared.
func choice(constant, rising, n uint16) string {
	switch {
	case n < 3:
		return "too few to say"
	case 10*int(constant) >= 9*int(n):
		return "constant"
	case 10*int(rising) >= 9*int(n):
		return "rising by one"
	}
	return "changing"
}

func (f *fingerprint) report() Fingerprint {
	compared := f.queries - min(f.queries, 1)
	r := Fingerprint{Queries: uint64(f.queries), IDs: choice(f.constant, f.rising, compared), Ports: choice(f.onePort, f.inOrder, compared), RD: share(f.rd, f.queries),
		AD: share(f.ad, f.queries), CD: share(f.cd, f.queries), EDNS: share(f.opt, f.queries), DO: share(f.do, f.opt), TCP: share(f.tcp, f.queries),
		MixedCase: share(f.mixedCase, f.queries), UDPSizes: []uint16{}, Options: []string{}, OptionsVary: f.otherOptions,
		RetryMS: slices.Clone(f.again[:f.nAgain]), HopLimits: []int{}, VLAN: f.vlan}
	if f.opt > 0 {
		r.UDPSizes = slices.Compact([]uint16{f.minSize, f.maxSize})
	}
	for _, code := range f.options[:f.nOptions] {
		r.Options = append(r.Options, mnemonic.Option(code))
	}
	if f.minHop > 0 {
		r.HopLimits = slices.Compact([]int{int(f.minHop), int(f.maxHop)})
	}
	if f.hasMAC {
		r.MAC = net.HardwareAddr(f.mac[:]).String()
	}
	return r
}
