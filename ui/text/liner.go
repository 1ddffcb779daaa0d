package text

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// liner appends to a line. Spaces are held back until something follows them.
type liner struct {
	dst    []byte
	start  int // of column 0 in dst
	hidden int // bytes since then that take no column
	want   int // column that the next text starts at
	o      LineOptions
}

func (l *liner) width() int { return len(l.dst) - l.start - l.hidden }

// next and column ask for a space, or for as many as lead to a column.
func (l *liner) next()          { l.want = l.width() + 1 }
func (l *liner) column(col int) { l.want = max(col, l.width()+1) }

// pad spends the spaces asked for.
func (l *liner) pad() {
	for l.width() < l.want {
		l.dst = append(l.dst, ' ')
	}
}

// text appends s, which is ASCII.
func (l *liner) text(s string) {
	l.pad()
	l.dst = append(l.dst, s...)
}

func (l *liner) word(s string) {
	l.text(s)
	l.next()
}

func (l *liner) colour(st style) {
	l.pad()
	if l.o.Color && st != plain {
		l.dst = append(l.dst, sgr[st]...)
		l.hidden += len(sgr[st])
	}
}

func (l *liner) reset(st style) {
	if l.o.Color && st != plain {
		l.dst = append(l.dst, sgrReset...)
		l.hidden += len(sgrReset)
	}
}

func (l *liner) time(ns int64) {
	loc := l.o.Location
	if loc == nil {
		loc = time.UTC
	}
	switch l.o.Time {
	case Full:
		l.dst = time.Unix(0, ns).In(loc).AppendFormat(l.dst, "2006-01-02 15:04:05.000000")
	case Relative:
		l.dst = strconv.AppendFloat(l.dst, float64(ns-l.o.Start)/1e9, 'f', 6, 64)
	default:
		l.dst = time.Unix(0, ns).In(loc).AppendFormat(l.dst, "15:04:05.000")
	}
}

// addr appends an address, with the port unless it is the usual one.
func (l *liner) addr(a packet.Addr, port, usual uint16) {
	l.pad()
	if port == usual {
		l.dst = a.Netip().AppendTo(l.dst)
		return
	}
	l.dst = netip.AddrPortFrom(a.Netip(), port).AppendTo(l.dst)
}

func (l *liner) arrow() {
	if l.o.ASCII {
		l.word(">")
		return
	}
	l.text("→")
	l.hidden += len("→") - 1
	l.next()
}

// appendID appends what ID.String returns.
func appendID(dst []byte, id anomaly.ID) []byte {
	n := byte(id)
	return append(dst, id.Group(), '0'+n/10%10, '0'+n%10)
}
