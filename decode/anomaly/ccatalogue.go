package anomaly

// captureEntries are what must not be held against a sender, because the capture made it.
var captureEntries = []entry{
	1:  {Info, Never, Either, Capture, "snaplen-cut", "", "The capture kept only the start of the packet."},
	2:  {Info, Never, Either, Capture, "checksum-offload", "", "The checksum was filled in by the network card, after the capture saw the packet."},
	3:  {Info, Never, Either, Capture, "frame-copied", "", "The capture has the same frame twice, from a mirror port, a tunnel or several interfaces."},
	4:  {Info, Never, Either, Capture, "one-way", "", "The capture has one direction of the traffic only."},
	5:  {Info, Never, Either, Capture, "vlan-one-way", "", "One direction of the traffic has a VLAN tag and the other has none."},
	6:  {Info, Never, Either, Capture, "tcp-mid-stream", "", "The capture started in the middle of a TCP connection."},
	7:  {Info, Never, Query, Capture, "capture-ends-early", "", "The capture ended before a response was due."},
	8:  {Info, Never, Either, Capture, "capture-drops", "", "The capture lost packets that the network delivered."},
	9:  {Info, Never, Either, Capture, "time-jumps", "", "The clock of the capture jumped or ran backwards."},
	10: {Info, Never, Response, Server, "tc-cut-at-record", "RFC 2181 section 9", "A truncated response ends before all that its header counts, as truncation leaves it."},
}
