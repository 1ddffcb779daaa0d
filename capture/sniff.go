package capture

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// container is what the first bytes of a file say it is.
type container uint8

const (
	unknownContainer container = iota
	pcapContainer
	pcapngContainer
	gzipContainer
	zstdContainer
	lz4Container
	xzContainer
)

// magicBytes is how many bytes tell the containers apart.
const magicBytes = 4

// sniff goes by content alone: names lie.
func sniff(first []byte) container {
	if len(first) < magicBytes {
		return unknownContainer
	}
	if _, _, ok := pcapMagic(first); ok {
		return pcapContainer
	}
	switch le := binary.LittleEndian.Uint32(first); {
	case le == blockSection:
		return pcapngContainer
	case le&0xffff == 0x8b1f:
		return gzipContainer
	case le == 0xfd2fb528, le&0xfffffff0 == 0x184d2a50:
		// The second is a skippable frame, which zstd and lz4 share; pzstd begins its files with one.
		return zstdContainer
	case le == 0x184d2204:
		return lz4Container
	case le == 0x587a37fd:
		return xzContainer
	}
	return unknownContainer
}

// FormatError says that a file is no capture, what it looks like instead, and what can be done.
type FormatError struct {
	File   string
	Looks  string // such as "looks like a PNG image"; safe to print
	Advice string
}

// Error returns the error in one line.
func (e *FormatError) Error() string {
	return printable(e.File) + ": not a capture file: it " + e.Looks + "; " + e.Advice
}

// Unwrap returns [ErrNotCapture].
func (e *FormatError) Unwrap() error { return ErrNotCapture }

// What a person can do about a file that is no capture.
const (
	adviseCapture = "give a pcap or pcapng file (tcpdump -w FILE writes one)"
	adviseConvert = "convert it with: editcap FILE OUT.pcap"
	adviseUnpack  = "unpack it first"
)

// signatures are what people pass by mistake, by how such files begin.
var signatures = []struct{ magic, looks, advice string }{
	{"\x89PNG", "looks like a PNG image", adviseCapture},
	{"\xff\xd8\xff", "looks like a JPEG image", adviseCapture},
	{"GIF8", "looks like a GIF image", adviseCapture},
	{"%PDF", "looks like a PDF document", adviseCapture},
	{"\x7fELF", "looks like an ELF program", adviseCapture},
	{"PK\x03\x04", "looks like a zip archive", adviseUnpack},
	{"7z\xbc\xaf", "looks like a 7z archive", adviseUnpack},
	{"Rar!", "looks like a RAR archive", adviseUnpack},
	{"BZh", "looks like bzip2", "unpack it first: bunzip2 -k FILE"},
	{"\x02\x21\x4c\x18", "looks like lz4 in its legacy form", "unpack it first: lz4 -d FILE"},
	{"snoop\x00\x00\x00", "looks like a snoop file", adviseConvert},
	{"GMBU", "looks like a Microsoft Network Monitor file", adviseConvert},
	{"RTSS", "looks like a Microsoft Network Monitor file", adviseConvert},
	{"TRSNIFF data", "looks like a Sniffer file", adviseConvert},
	{"XCP\x00", "looks like a NetXRay file", adviseConvert},
	{"btsnoop\x00", "looks like a Bluetooth snoop file", adviseConvert},
	{"SQLite format 3", "looks like an SQLite database", adviseCapture},
	{"\x00\x00\x00\x00\x00\x00\x00", "begins with zeros", "it may never have been written; " + adviseCapture},
}

// describe says what a file looks like that is none of ours.
func describe(file string, first []byte) *FormatError {
	e := &FormatError{File: file, Advice: adviseCapture}
	if len(first) == 0 {
		e.Looks = "is empty"
		return e
	}
	for _, s := range signatures {
		if bytes.HasPrefix(first, []byte(s.magic)) {
			e.Looks, e.Advice = s.looks, s.advice
			return e
		}
	}
	switch {
	case len(first) > 262 && string(first[257:262]) == "ustar":
		e.Looks, e.Advice = "looks like a tar archive", adviseUnpack
	case bytes.Contains(first, []byte("protobuf:dnstap.Dnstap")):
		e.Looks = "looks like dnstap"
	case isTcpdumpText(first):
		e.Looks, e.Advice = "looks like the text output of tcpdump", "give the file that tcpdump -w writes"
	case isText(first):
		e.Looks = "looks like text: " + excerpt(first)
	case isERF(first):
		e.Looks, e.Advice = "looks like an ERF file", adviseConvert
	default:
		e.Looks = "begins with " + hexBytes(first)
	}
	return e
}

// isTcpdumpText recognises "12:34:56.789012 IP ..." with or without a date before it.
func isTcpdumpText(b []byte) bool {
	if len(b) > 11 && b[4] == '-' && b[7] == '-' && b[10] == ' ' {
		b = b[11:]
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	const shape = "00:00:00.000000 "
	if len(line) < len(shape)+2 {
		return false
	}
	for i := range shape {
		if digit := line[i] >= '0' && line[i] <= '9'; digit != (shape[i] == '0') || !digit && line[i] != shape[i] {
			return false
		}
	}
	return true
}

// isText says whether the bytes are printable UTF-8, save for a character that may be cut off at the end.
func isText(b []byte) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			return !utf8.FullRune(b)
		}
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
			return false
		}
		b = b[size:]
	}
	return true
}

// isERF judges by the first record, as the format has no magic number: a known type, and a record length that fits the frame's.
func isERF(b []byte) bool {
	if len(b) < 16 {
		return false
	}
	kind, record, wire := b[8]&0x7f, binary.BigEndian.Uint16(b[10:]), binary.BigEndian.Uint16(b[14:])
	return kind >= 1 && kind <= 25 && record >= 16 && record < 16<<10 && wire > 0 && int(record) <= int(wire)+64
}

// excerpt quotes the start of a text in printable ASCII.
func excerpt(b []byte) string {
	const most = 40
	if line, _, found := bytes.Cut(b, []byte("\n")); found && len(line) > 0 {
		b = line
	}
	if len(b) > most {
		return strconv.QuoteToASCII(string(b[:most])) + "..."
	}
	return strconv.QuoteToASCII(string(b))
}

func hexBytes(b []byte) string {
	b = b[:min(len(b), 16)]
	return fmt.Sprintf("the bytes %s", hex.EncodeToString(b))
}

// printable returns a file's name as it may be shown: names are the attacker's too.
func printable(name string) string {
	for _, r := range name {
		if !strconv.IsPrint(r) {
			return strconv.QuoteToASCII(name)
		}
	}
	return name
}
