// Package pcaps holds sample captures with independently counted truth. It imports nothing of the project.
package pcaps

import _ "embed" // for the captures

//go:embed office.pcap
var office string

//go:embed office.json
var officeCounts string

// Office returns the capture office.pcap: an office of six clients, its resolver (Unbound) and its name server (BIND) on one Ethernet,
// about twenty seconds; README.md says what is in it. The bytes are the caller's.
func Office() []byte { return []byte(office) }

// OfficeCounts returns office.json: what tshark counts in [Office], in the words of dnssniff's JSON report. The bytes are the caller's.
func OfficeCounts() []byte { return []byte(officeCounts) }
