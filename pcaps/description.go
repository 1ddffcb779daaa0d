package pcaps

import (
	"bytes"
	"fmt"
	"io/fs"

	"go.yaml.in/yaml/v3"
)

// Description is what NAME.yaml says of the capture NAME beside it: what was played, by whom, and what has to be found in it.
// Its counts come from tshark, none from dnssniff.
type Description struct {
	Name    string `yaml:"name"`    // the capture's file name without its endings
	File    string `yaml:"file"`    // the capture's file name
	Title   string `yaml:"title"`   // one line
	Teaches string `yaml:"teaches"` // what one learns from it, a sentence
	Show    string `yaml:"show"`    // the command that shows it
	Played  string `yaml:"played"`  // what was done, in prose

	Made     string            `yaml:"made"`               // the day it was recorded, YYYY-MM-DD
	Versions map[string]string `yaml:"versions,omitempty"` // the software that spoke, by Debian's package name

	Healthy bool   `yaml:"healthy"`         // nothing is wrong in it: no warning is right
	Cause   *Cause `yaml:"cause,omitempty"` // what is wrong in it
	// Also is what has to be said beside it: a second cause, or what follows from the first.
	Also []Cause `yaml:"also,omitempty"`

	Counts Counts `yaml:"counts"` // what counts.sh prints
	// Debatable are the counts that tshark and dnssniff cannot agree on in this capture.
	Debatable []Debatable `yaml:"debatable,omitempty"`
	Messages  []Message   `yaml:"messages,omitempty"` // the messages that were made wrong on purpose
}

// Cause is the one thing wrong in a capture.
type Cause struct {
	ID    string            `yaml:"id"`              // a finding of dnssniff's guide
	Scope map[string]string `yaml:"scope,omitempty"` // whom it concerns: client, server, zone, subnet, link
}

// Counts are tshark's figures, in the words of dnssniff's JSON report. Absent means 0; rcodes, opcodes and qtypes are whole.
type Counts map[string]any

// Debatable is a count, or a table of counts, in which tshark and dnssniff differ by at most Most.
type Debatable struct {
	Path string `yaml:"path"` // in Counts: "qtypes" or "messages.total"
	Most int    `yaml:"most"`
	Why  string `yaml:"why"`
}

// Message is one message made wrong on purpose, and what became of it.
type Message struct {
	Packet  int    `yaml:"packet"`            // 1-based, of the packet that completes it
	Anomaly string `yaml:"anomaly"`           // ID in the catalogue
	Case    string `yaml:"case"`              // which of the ways to have that anomaly
	Offset  *int   `yaml:"offset,omitempty"`  // of the first byte at fault, in the message
	Server  string `yaml:"server"`            // who was asked
	Answer  string `yaml:"answer"`            // RCODE, or "none"
	Replied int    `yaml:"replied,omitempty"` // the packet of the answer
	Crashed bool   `yaml:"crashed,omitempty"` // the server ended over it, and was started again
}

// Describe returns the description of the capture NAME in a folder of captures.
func Describe(folder fs.FS, name string) (Description, error) {
	var d Description
	text, err := fs.ReadFile(folder, name+".yaml")
	if err != nil {
		return d, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&d); err != nil {
		return d, fmt.Errorf("%s.yaml: %w", name, err)
	}
	return d, nil
}
