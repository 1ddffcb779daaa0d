package capture

import "fmt"

// Limits on what a record may claim. They bound what a stream's Source keeps to put a straddling record together (maxBlock a file);
// nothing is allocated before the bytes have come.
const (
	// maxCaptured is the longest captured frame that is believed, as in Wireshark (WTAP_MAX_PACKET_SIZE_STANDARD).
	maxCaptured = 256 << 10
	// maxBlock is the longest pcapng block whose inside is looked at: a full frame with plenty of options.
	maxBlock = maxCaptured + 64<<10
	// maxSkipped is the longest pcapng block length that is believed, as in Wireshark; the content of one above maxBlock is skipped.
	maxSkipped = 16 << 20
)

// walker parses the records of one container. It keeps no bytes: the window it is given is what is left of a block.
type walker interface {
	// walk parses records from the start of window into batch until batch is full, the window ends, or the records do.
	walk(window []byte, batch []Packet) step
	// ended is called once, at the end of the file, with the bytes that are left and what need was for them. It reports the record that
	// is cut off, if one is.
	ended(left, need int)
	// at is where the walker stands.
	at() *place
}

// step is what one call of walk did.
type step struct {
	// packets written to the start of the batch.
	packets int
	// used is how many bytes are done with. Above the length of the window, the bytes up to there are to be skipped unseen.
	used int
	// need, when above 0, is how many bytes the record at used takes, as far as is known: the window held fewer.
	need int
	// stop: nothing after this can be read.
	stop bool
}

// place is where a walker stands, and where it leaves its faults.
type place struct {
	file    uint16
	packets uint64 // number of the last one
	offset  int64  // of the window's start
	faults  int    // reported
	name    string
	log     *faultLog
}

func (p *place) at() *place { return p }

// fault reports what is wrong with the record that begins at offset, after packets handed out.
func (p *place) fault(class error, packets uint64, offset int64, format string, args ...any) {
	f := Fault{File: p.name, Packet: packets + 1, Offset: offset, What: fmt.Sprintf(format, args...), Err: class}
	p.log.add(p.file, p.faults, f)
	p.faults++
}

// newWalker returns a walker for a file whose first bytes were sniffed as kind.
func newWalker(kind container, p place) walker {
	if kind == pcapngContainer {
		return &pcapngWalker{place: p}
	}
	return &pcapWalker{place: p}
}
