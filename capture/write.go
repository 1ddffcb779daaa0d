package capture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrUnwritable is wrapped by the errors about packets that a [Writer] cannot write.
var ErrUnwritable = errors.New("cannot be written")

// writeBuffer is the size of a Writer's buffer, in bytes.
const writeBuffer = 64 << 10

// earliest is the if_tsoffset of an interface for times before 1970, in seconds: the farthest that readers of ours believe.
const earliest = -(maxTime / 1_000_000_000)

// linkDefault is the link type of a file without packets: LINKTYPE_ETHERNET.
const linkDefault LinkType = 1

// Interface is where packets were captured, as a capture file describes it. Strings longer than 65,000 bytes are cut.
type Interface struct {
	Name    string // if_name
	Link    LinkType
	Snaplen uint32 // 0: there was none
	Filter  string // in the syntax of tcpdump (if_filter)
}

// Writer writes packets as a pcapng file: one section in little-endian order, an interface for each link type, in the order of first use,
// with times in nanoseconds, and an Enhanced Packet Block for each packet (draft-ietf-opsawg-pcapng, section 4). What [Packet] does not
// have is lost: options and comments, and which of several interfaces of a link type it came from.
//
// Wireshark reads any of these files; libpcap, and so tcpdump, refuses one with several link types. Packets of before 1970 have an interface
// of their own, with an if_tsoffset.
//
// A Writer takes 64 KiB, and some 20 bytes for each interface. It is for one goroutine at a time. It allocates nothing for a packet, but for
// the first one of an interface. After an error of the writer below it, all calls return that error.
type Writer struct {
	out        *bufio.Writer
	interfaces map[writtenInterface]uint32
	block      []byte // being put together, without the packet's data
	described  Interface
	size       int64
	begun      bool
}

// writtenInterface is what tells the interfaces of a file apart.
type writtenInterface struct {
	link       LinkType
	before1970 bool
}

// NewWriter returns a Writer to w. The file begins with the first packet, or with Flush.
func NewWriter(w io.Writer) *Writer {
	return &Writer{out: bufio.NewWriterSize(w, writeBuffer), interfaces: make(map[writtenInterface]uint32), described: Interface{Link: linkDefault}}
}

// Describe says where packets of a link type come from. It is called before anything is written, and once: the others are without a name.
func (w *Writer) Describe(i Interface) { w.described = i }

// Size returns the number of bytes written up to now, those among them that are still held back.
func (w *Writer) Size() int64 { return w.size }

// Write writes a packet: its time, both lengths and its bytes as they are; the data is copied. Number and File are not written: readers
// count anew. The error wraps [ErrUnwritable] where the packet has more bytes than are believed to be one (256 KiB), or is of a 65,537th
// interface; nothing of it is written then, and others can be.
func (w *Writer) Write(p *Packet) error {
	if len(p.Data) > maxCaptured {
		return fmt.Errorf("capture: a packet of %d bytes, more than %d, %w", len(p.Data), maxCaptured, ErrUnwritable)
	}
	id, err := w.interfaceOf(p)
	if err != nil {
		return err
	}
	ts := uint64(p.Time)
	if p.Time < 0 {
		ts = uint64(max(p.Time-earliest*1_000_000_000, 0))
	}
	size := uint32(packetFixed + (len(p.Data)+3)&^3 + trailerSize)
	b := appendWords(w.block[:0], blockEnhanced, size, id, uint32(ts>>32), uint32(ts), uint32(len(p.Data)), p.Length)
	_ = w.put(b)
	_ = w.put(p.Data)
	var padding [3]byte
	b = append(b[:0], padding[:-len(p.Data)&3]...)
	w.block = appendWords(b, size)
	return w.put(w.block)
}

// Flush writes what is still held back. A file without packets has a section and an interface, as readers want one: that described, or one of link
// type Ethernet.
func (w *Writer) Flush() error {
	if !w.begun {
		if _, err := w.addInterface(writtenInterface{link: w.described.Link}); err != nil {
			return err
		}
	}
	return w.out.Flush()
}

// put writes bytes. The error of an earlier write stays.
func (w *Writer) put(b []byte) error {
	n, err := w.out.Write(b)
	w.size += int64(n)
	return err
}

// interfaceOf returns the number of a packet's interface, which it describes before its first packet.
func (w *Writer) interfaceOf(p *Packet) (uint32, error) {
	key := writtenInterface{p.Link, p.Time < 0}
	if id, ok := w.interfaces[key]; ok {
		return id, nil
	}
	return w.addInterface(key)
}

func (w *Writer) addInterface(key writtenInterface) (uint32, error) {
	if len(w.interfaces) == maxInterfaces {
		return 0, fmt.Errorf("capture: a packet of interface %d %w", maxInterfaces, ErrUnwritable)
	}
	if !w.begun {
		w.begun = true
		w.block = appendSection(w.block[:0])
		_ = w.put(w.block)
	}
	id := uint32(len(w.interfaces))
	w.interfaces[key] = id
	about := Interface{Link: key.link}
	if key.link == w.described.Link {
		about = w.described
	}
	w.block = appendInterface(w.block[:0], about, key.before1970)
	return id, w.put(w.block)
}

// appendSection appends the Section Header Block, of a length that is not given.
func appendSection(b []byte) []byte {
	const (
		size        = 28 + 12 + 4
		version     = 1 // 1.0
		optionAppl  = 4 // shb_userappl
		application = "dnssniff"
	)
	b = appendWords(b, blockSection, size, byteOrderMagic, version, 1<<32-1, 1<<32-1)
	b = append(appendOption(b, optionAppl, len(application)), application...)
	b = appendOption(b, optionEnd, 0)
	return appendWords(b, size)
}

// Options of an Interface Description Block beside those that are read.
const (
	optionName   = 2  // if_name
	optionFilter = 11 // if_filter
)

// longestOption bounds a text in an option, whose length has 16 bits, in bytes.
const longestOption = 65_000

// appendInterface appends an Interface Description Block.
func appendInterface(b []byte, about Interface, before1970 bool) []byte {
	const nanoseconds = 9
	start := len(b)
	b = appendWords(b, blockInterface, 0, uint32(about.Link), about.Snaplen)
	if about.Name != "" {
		b = appendText(b, optionName, "", about.Name)
	}
	if about.Filter != "" {
		const syntax = "\x00" // of libpcap
		b = appendText(b, optionFilter, syntax, about.Filter)
	}
	b = append(appendOption(b, optionResolution, 1), nanoseconds, 0, 0, 0)
	if before1970 {
		seconds := int64(earliest)
		b = binary.LittleEndian.AppendUint64(appendOption(b, optionOffset, 8), uint64(seconds))
	}
	b = appendOption(b, optionEnd, 0)
	total := uint32(len(b) - start + trailerSize)
	binary.LittleEndian.PutUint32(b[start+4:], total)
	return appendWords(b, total)
}

// appendText appends an option with a text after a prefix, padded to whole words.
func appendText(b []byte, code uint16, prefix, text string) []byte {
	text = text[:min(len(text), longestOption)]
	size := len(prefix) + len(text)
	b = append(append(appendOption(b, code, size), prefix...), text...)
	var padding [3]byte
	return append(b, padding[:-size&3]...)
}

func appendOption(b []byte, code uint16, size int) []byte {
	return binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, code), uint16(size))
}

func appendWords(b []byte, words ...uint32) []byte {
	for _, v := range words {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}
