package hostile

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Packet is one packet of a capture that carries data over UDP or TCP, as tshark reads it.
type Packet struct {
	Number   int           // 1-based
	Time     time.Duration // since the first packet
	From, To netip.AddrPort
	TCP      bool
	Payload  []byte // of the datagram or segment

	DNS    bool // there is a message with a header, and what follows is valid
	RCode  int  // 12 bits
	Flags  uint16
	Counts [4]int
	OPT    bool
}

// fields are what Packets asks tshark for, in the order in which packet takes them.
var fields = []string{
	"frame.number", "ip.src", "ip.dst", "udp.srcport", "udp.dstport", "tcp.srcport", "tcp.dstport", "udp.payload", "tcp.payload",
	"dns.flags", "dns.resp.type", "dns.resp.ext_rcode", "frame.time_relative",
}

// Packets reads a capture of IPv4 with tshark. Packets without data, and ICMP errors, are left out.
func Packets(ctx context.Context, file string) ([]Packet, error) {
	args := []string{"-n", "-r", file, "-o", "tcp.desegment_tcp_streams:FALSE", "-Y", "!icmp && (udp || tcp.len > 0)", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.CommandContext(ctx, "tshark", args...).Output()
	if err != nil {
		return nil, fmt.Errorf("tshark: %s: %w", file, err)
	}
	var all []Packet
	for line := range strings.Lines(string(out)) {
		p, err := packet(strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
		if err != nil {
			return nil, fmt.Errorf("tshark: %s: %q: %w", file, line, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// packet makes a packet of tshark's fields. Of several messages in a packet it is the first.
func packet(values []string) (p Packet, err error) {
	if len(values) != len(fields) {
		return p, fmt.Errorf("%d fields, want %d", len(values), len(fields))
	}
	at := func(i int) string {
		first, _, _ := strings.Cut(values[i], ",")
		return first
	}
	number := func(i int) int {
		n, bad := strconv.ParseInt(at(i), 0, 32)
		if bad != nil && err == nil {
			err = bad
		}
		return int(n)
	}
	p.Number = number(0)
	seconds, err := strconv.ParseFloat(at(12), 64)
	if err != nil {
		return p, err
	}
	p.Time = time.Duration(seconds * float64(time.Second))
	ports, payload := 3, 7
	if p.TCP = values[3] == ""; p.TCP {
		ports, payload = 5, 8
	}
	if p.From, err = endpoint(at(1), number(ports)); err == nil {
		p.To, err = endpoint(at(2), number(ports+1))
	}
	if err != nil {
		return p, err
	}
	p.Payload, err = hex.DecodeString(at(payload))
	header := p.Message()
	if err != nil || values[9] == "" || len(header) < headerLen {
		return p, err
	}
	p.DNS, p.Flags = true, uint16(number(9))
	for i := range p.Counts { // tshark's fields for them differ by opcode
		p.Counts[i] = int(binary.BigEndian.Uint16(header[qdcount+2*i:]))
	}
	p.RCode = int(p.Flags & 15)
	if p.OPT = slices.Contains(strings.Split(values[10], ","), "41"); p.OPT && values[11] != "" {
		p.RCode |= number(11) << 4
	}
	return p, err
}

func endpoint(addr string, port int) (netip.AddrPort, error) {
	a, err := netip.ParseAddr(addr)
	return netip.AddrPortFrom(a, uint16(port)), err
}

// Message is the packet's payload without the length prefix of TCP.
func (p Packet) Message() []byte {
	if p.TCP && len(p.Payload) >= 2 {
		return p.Payload[2:]
	}
	return p.Payload
}

// RCode names an RCODE of 12 bits.
func RCode(code int) string {
	if code == dns.RcodeBadVers { // not BADSIG, which is of TSIG
		return "BADVERS"
	}
	if s := dns.RcodeToString[code]; s != "" {
		return s
	}
	return fmt.Sprintf("RCODE%d", code)
}
