package pcaps

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Matrix is what servers answered to hostile queries: by family (Debian's package name), then by version. matrix.yaml holds it; the lab
// makes it from the captures hostile-*.pcap, by way of tshark.
type Matrix map[string]map[string]Measurement

// Measurement is what one version of a server answered.
type Measurement struct {
	Capture string `yaml:"capture"` // the capture that shows it
	Made    string `yaml:"made"`    // the day it was recorded, YYYY-MM-DD
	Role    string `yaml:"role"`    // authoritative, recursive, forwarder or load balancer
	Cells   []Cell `yaml:"cells"`   // in the order they were sent
}

// Cell is what became of one hostile query.
type Cell struct {
	Anomaly string `yaml:"anomaly"`           // ID in the catalogue
	Case    string `yaml:"case"`              // which of the ways to have that anomaly; unique
	Answer  string `yaml:"answer"`            // RCODE, or "none"
	Shape   *Shape `yaml:"shape,omitempty"`   // nil iff Answer is "none"
	Crashed bool   `yaml:"crashed,omitempty"` // the server ended over it
	// Forwarded says that the query went on to the server behind this one before the answer came, which may then be that server's.
	Forwarded bool `yaml:"forwarded,omitempty"`
}

// Shape is the form of an answer, as far as it tells servers apart.
type Shape struct {
	Length int    `yaml:"length"`         // of the message, bytes
	Counts [4]int `yaml:"counts,flow"`    // QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT
	Flags  string `yaml:"flags"`          // those set, but for QR, in the order of the header: "aa tc rd ra z ad cd"
	Opcode int    `yaml:"opcode"`         // the header's
	OPT    bool   `yaml:"opt,omitempty"`  // there is an OPT record
	Echo   bool   `yaml:"echo,omitempty"` // all that follows the header is what followed the query's
}

// NoAnswer is the Answer of a cell, and of a [Message], to which no answer came.
const NoAnswer = "none"

// ReadMatrix reads the text of a matrix.yaml.
func ReadMatrix(text []byte) (Matrix, error) {
	var m Matrix
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&m); err != nil {
		return nil, fmt.Errorf("matrix.yaml: %w", err)
	}
	return m, nil
}

// Cell returns what a version answered to a case.
func (m Measurement) Cell(name string) (Cell, bool) {
	i := slices.IndexFunc(m.Cells, func(c Cell) bool { return c.Case == name })
	if i < 0 {
		return Cell{}, false
	}
	return m.Cells[i], true
}

// MarshalYAML writes a cell on one line.
func (c Cell) MarshalYAML() (any, error) {
	type plain Cell // without this method
	var n yaml.Node
	err := n.Encode(plain(c))
	n.Style = yaml.FlowStyle
	return &n, err
}
