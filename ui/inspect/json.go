package inspect

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/decode/wire/fields"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// Schema names the form of what JSON writes. Fields are added, never renamed; what is absent is 0, false, empty or not known.
const Schema = "dnssniff.inspect/1"

// Document is what JSON writes.
type Document struct {
	Schema    string         `json:"schema"`
	Exchanges []JSONExchange `json:"exchanges"`
}

// JSONExchange is an [Exchange].
type JSONExchange struct {
	Packet      uint64        `json:"packet"`           // the packet asked for
	Holds       string        `json:"holds"`            // what that packet holds: "query" or "response"
	Status      string        `json:"status,omitempty"` // answered, unanswered, pending, unsolicited, duplicate, conflicting, mismatched or late
	RTT         *float64      `json:"rtt_ms,omitempty"` // from the first query to the response
	FirstQuery  uint64        `json:"first_query,omitempty"`
	Repetitions int           `json:"retransmissions,omitempty"`
	ICMP        *JSONICMP     `json:"icmp,omitempty"` // the last ICMP error that quoted the query
	Query       *JSONMessage  `json:"query,omitempty"`
	Response    *JSONMessage  `json:"response,omitempty"`
	Anomalies   []JSONAnomaly `json:"anomalies,omitempty"` // of the two together, at offsets in the response, or in the query where there is none
	Remarks     []string      `json:"remarks,omitempty"`
}

// JSONICMP is an ICMP error.
type JSONICMP struct {
	Type uint8  `json:"type"`
	Code uint8  `json:"code"`
	From string `json:"from"`
}

// JSONMessage is a [Message]. Offsets are in bytes from the start of the message; frame_offset is where it begins in its packet, and absent where
// it lies in several.
type JSONMessage struct {
	File        string        `json:"file"`
	Packet      uint64        `json:"packet"` // that completed the message
	FirstPacket uint64        `json:"first_packet,omitempty"`
	Time        string        `json:"time"` // RFC 3339, of the packet
	Proto       string        `json:"proto"`
	From        string        `json:"from"` // address and port
	To          string        `json:"to"`
	Length      int           `json:"length"`   // as sent
	Captured    int           `json:"captured"` // bytes that the capture has
	FrameOffset *int          `json:"frame_offset,omitempty"`
	Fragments   int           `json:"fragments,omitempty"`
	Segments    int           `json:"segments,omitempty"`
	RCODE       string        `json:"rcode,omitempty"` // 12 bits; of responses
	Malformed   bool          `json:"malformed,omitempty"`
	Bytes       string        `json:"bytes"` // hex
	Fields      []JSONField   `json:"fields"`
	Anomalies   []JSONAnomaly `json:"anomalies,omitempty"`
}

// JSONField is a field. The leaves, which have no fields, cover the captured bytes in their order, each byte once.
type JSONField struct {
	Name       string      `json:"name"`
	Value      string      `json:"value,omitempty"`
	Offset     int         `json:"offset"`
	Length     int         `json:"length"`
	Understood *bool       `json:"understood,omitempty"` // false for bytes without a meaning; absent else
	Bits       []JSONBit   `json:"bits,omitempty"`
	Fields     []JSONField `json:"fields,omitempty"`
}

// JSONBit is a part of a flags field: its bits within the field, and their value as a number and in words.
type JSONBit struct {
	Name  string `json:"name"`
	Mask  uint16 `json:"mask"`
	Bits  uint16 `json:"bits"`
	Value string `json:"value"`
}

// JSONAnomaly is an entry of the catalogue that was seen. Offset and length are those of the bytes at fault; length 0 says that bytes are missing
// there, or with offset 0 that it is about no bytes.
type JSONAnomaly struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Severity    string       `json:"severity"`
	Sentence    string       `json:"sentence"` // what is wrong, with the values seen
	RFC         string       `json:"rfc,omitempty"`
	Offset      int          `json:"offset"`
	Length      int          `json:"length"`
	FrameOffset *int         `json:"frame_offset,omitempty"`
	Servers     []JSONAnswer `json:"servers,omitempty"`
}

// JSONAnswer is an [Answer].
type JSONAnswer struct {
	Server string `json:"server"`
	Does   string `json:"does"`
}

// JSON writes exchanges as one document, and all of their fields: at most some 60 MB for a message. The error is that of w.
func JSON(w io.Writer, all []Exchange, o Options) error {
	d := Document{Schema: Schema, Exchanges: make([]JSONExchange, 0, len(all))}
	for i := range all {
		d.Exchanges = append(d.Exchanges, jsonExchange(&all[i], o))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(d)
}

func jsonExchange(e *Exchange, o Options) JSONExchange {
	out := JSONExchange{Packet: e.Packet, Holds: "query", FirstQuery: e.FirstQuery, Repetitions: e.Repetitions,
		Query: jsonMessage(e, e.Query, o), Response: jsonMessage(e, e.Response, o)}
	if e.OfResponse {
		out.Holds = "response"
	}
	if e.Settled {
		out.Status = statusWord(e.Status)
	}
	if e.HasRTT {
		ms := float64(e.RTT) / float64(time.Millisecond)
		out.RTT = &ms
	}
	if e.ICMP.Seen {
		out.ICMP = &JSONICMP{e.ICMP.Type, e.ICMP.Code, e.ICMP.From.String()}
	}
	of := e.Response
	if of == nil {
		of = e.Query
	}
	if of != nil {
		out.Anomalies = jsonAnomalies(e, of, e.Anomalies, o)
	}
	for _, s := range e.Remarks {
		out.Remarks = append(out.Remarks, sanitize.String(s))
	}
	return out
}

func jsonMessage(e *Exchange, m *Message, o Options) *JSONMessage {
	if m == nil {
		return nil
	}
	out := &JSONMessage{
		File: sanitize.String(m.File), Packet: m.Number, Time: time.Unix(0, m.Time).UTC().Format(time.RFC3339Nano), Proto: protoWord(m.Proto),
		From: m.From.String(), To: m.To.String(), Length: m.Length, Captured: len(m.Data), Fragments: m.Fragments, Segments: m.Segments,
		Malformed: m.Malformed, Bytes: hex.EncodeToString(m.Data), Fields: jsonFields(fields.Of(m.Message)),
		Anomalies: jsonAnomalies(e, m, append(slices.Clone(m.Anomalies), m.flow()...), o), FrameOffset: frameOffset(m, 0),
	}
	if m.Segments > 1 {
		out.FirstPacket = m.FirstNumber
	}
	if m.Response() {
		out.RCODE = mnemonic.RCODE(m.RCODE())
	}
	return out
}

// frameOffset returns where a byte of a message is in its packet.
func frameOffset(m *Message, off int) *int {
	if m.Frame < 0 {
		return nil
	}
	off += m.Frame
	return &off
}

func jsonFields(all []fields.Field) []JSONField {
	out := make([]JSONField, 0, len(all))
	for i := range all {
		f := &all[i]
		j := JSONField{Name: f.Name, Value: sanitize.String(f.Value), Offset: f.Off, Length: f.Len}
		if f.Kind == fields.NotUnderstood {
			j.Understood = new(bool)
		}
		for _, b := range f.Bits {
			j.Bits = append(j.Bits, JSONBit{Name: b.Name, Mask: b.Mask, Bits: b.Of & b.Mask, Value: b.Value})
		}
		if len(f.Fields) > 0 {
			j.Fields = jsonFields(f.Fields)
		}
		out = append(out, j)
	}
	return out
}

func jsonAnomalies(e *Exchange, m *Message, all []anomaly.Seen, o Options) (out []JSONAnomaly) {
	for _, a := range all {
		j := JSONAnomaly{ID: a.ID.String(), Name: a.ID.Name(), Severity: a.ID.Severity().String(), Sentence: sanitize.String(Sentence(e, m, a)),
			RFC: a.ID.RFC(), Offset: int(a.Offset), Length: int(a.Length)}
		if a.Offset > 0 || a.Length > 0 {
			j.FrameOffset = frameOffset(m, int(a.Offset))
		}
		if o.Answers != nil && m == e.Query {
			for _, x := range o.Answers(a.ID) {
				j.Servers = append(j.Servers, JSONAnswer(x))
			}
		}
		out = append(out, j)
	}
	return out
}
