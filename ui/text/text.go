// Package text prints reports and transactions as plain text, and transactions as JSON lines.
//
// What is printed is worked out by pure functions from a report to tables of values; one renderer lays the tables out. No byte of the traffic
// and no file name reaches the output but through the sanitiser, so no line is wider than asked for or holds a control character. What is to be
// copied, commands and rules, is not broken into lines.
package text

import (
	"io"

	"github.com/dnssniff/dnssniff/analyze"
)

// Options say how a report looks. The zero value is 80 columns of uncoloured UTF-8 and ten rows a table.
type Options struct {
	Width int  // columns; less than 80 counts as 80
	Color bool // use ANSI colours; they only repeat what the words say
	ASCII bool // print no byte above 0x7e
	Top   int  // rows in a table; 0 is 10
}

const (
	minWidth   = 80
	defaultTop = 10
)

// sections are the parts of a report in their order. Each is a pure function; one that has nothing to say returns an empty block.
var sections = []func(*analyze.Report, Options) block{
	findings, header, health, nothing,
	rcodes, tsigErrors, tkeyErrors, edeCodes,
	transactions, lookups, latency,
	queryTypes, opcodes, edns,
	anomalies, formErrors, multicast, offenders,
	activity,
	clients, servers, names, zones,
}

// Report prints r. The error is that of w.
func Report(w io.Writer, r *analyze.Report, o Options) error {
	o.Width = max(o.Width, minWidth)
	if o.Top <= 0 {
		o.Top = defaultTop
	}
	p := page{Options: o}
	for _, section := range sections {
		p.block(section(r, o))
	}
	for i := range r.Findings[:min(len(r.Findings), o.Top)] {
		p.block(details(&r.Findings[i], i+1, len(r.Source.Files)))
	}
	_, err := w.Write(p.out)
	return err
}
