package hostile

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/pcaps"
	"go.yaml.in/yaml/v3"
)

// Measure reads the captures of the hostile queries in a directory, and their descriptions, with tshark and returns what they show.
func Measure(ctx context.Context, dir string) (pcaps.Matrix, error) {
	matrix := pcaps.Matrix{}
	for _, f := range Families() {
		d, err := pcaps.Describe(os.DirFS(dir), f.Capture)
		if err != nil {
			return nil, err
		}
		all, err := Packets(ctx, filepath.Join(dir, d.File))
		if err != nil {
			return nil, err
		}
		m := pcaps.Measurement{Capture: d.File, Made: d.Made, Role: f.Role}
		for _, q := range d.Messages {
			c, err := cell(all, q, f.Role == "forwarder" || f.Role == "load balancer")
			if err != nil {
				return nil, fmt.Errorf("%s: %w", d.File, err)
			}
			m.Cells = append(m.Cells, c)
		}
		version := d.Versions[f.Package]
		if version == "" {
			return nil, fmt.Errorf("%s.yaml: no version of %s", d.Name, f.Package)
		}
		matrix[f.Package] = map[string]pcaps.Measurement{version: m}
	}
	return matrix, nil
}

// cell is what a capture shows of one message. relays says that the server may pass queries on.
func cell(all []Packet, q pcaps.Message, relays bool) (pcaps.Cell, error) {
	c := pcaps.Cell{Anomaly: q.Anomaly, Case: q.Case, Answer: pcaps.NoAnswer, Crashed: q.Crashed}
	i := numbered(all, q.Packet)
	if i < 0 {
		return c, fmt.Errorf("%s: packet %d carries nothing", q.Case, q.Packet)
	}
	c.Forwarded = relays && forwarded(all[i:])
	if q.Replied == 0 {
		return c, nil
	}
	j := numbered(all, q.Replied)
	if j < 0 || !all[j].DNS || all[j].To != all[i].From {
		return c, fmt.Errorf("%s: packet %d is no answer to packet %d", q.Case, q.Replied, q.Packet)
	}
	c.Answer, c.Shape = RCode(all[j].RCode), shape(all[i], all[j])
	if c.Answer != q.Answer {
		return c, fmt.Errorf("%s: the description says %s, packet %d %s", q.Case, q.Answer, q.Replied, c.Answer)
	}
	return c, nil
}

// numbered is the index of the packet with a number, or -1.
func numbered(all []Packet, number int) int {
	i, ok := slices.BinarySearchFunc(all, number, func(p Packet, n int) int { return p.Number - n })
	if !ok {
		return -1
	}
	return i
}

// forwarded says whether the server asks anybody before it answers the first packet, or its client or another one sends the next.
func forwarded(all []Packet) bool {
	client, victim := all[0].From, all[0].To.Addr()
	for _, p := range all[1:] {
		switch {
		case p.To == client || p.To.Addr() == victim && p.From.Addr() != client.Addr() && p.To.Port() == 53 || p.From.Addr() == client.Addr() && p.From != client:
			return false
		case p.From.Addr() == victim && p.To.Port() == 53:
			return true
		}
	}
	return false
}

// flagNames are those of the header's bits, in its order.
var flagNames = []struct {
	bit  uint16
	name string
}{{aa, "aa"}, {tc, "tc"}, {rd, "rd"}, {ra, "ra"}, {z, "z"}, {ad, "ad"}, {cd, "cd"}}

// shape is the form of an answer.
func shape(query, reply Packet) *pcaps.Shape {
	q, r := query.Message(), reply.Message()
	var set []string
	for _, f := range flagNames {
		if reply.Flags&f.bit != 0 {
			set = append(set, f.name)
		}
	}
	return &pcaps.Shape{
		Length: len(r), Counts: reply.Counts, Flags: strings.Join(set, " "), Opcode: int(reply.Flags >> 11 & 15), OPT: reply.OPT,
		Echo: len(r) > headerLen && len(q) > headerLen && bytes.Equal(q[headerLen:], r[headerLen:]),
	}
}

// Write writes a matrix as YAML, a cell a line.
func Write(file string, m pcaps.Matrix) error {
	var b bytes.Buffer
	b.WriteString("# What servers answered to the hostile queries of pcaps/lab/hostile. Made by pcaps/lab/run matrix from the captures hostile-*.pcap.\n")
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(m); err != nil {
		return err
	}
	if err := e.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// versions returns a family's measurements with their versions, oldest first as far as their names tell.
func versions(m pcaps.Matrix, family string) []string { return slices.Sorted(maps.Keys(m[family])) }
