//go:build linux

package netns

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Direction says which way frames go on a host's link.
type Direction int

// The directions of a link.
const (
	ToHost Direction = 1 << iota
	FromHost
	Both = ToHost | FromHost
)

// impairment is what a wire does to frames, all probabilities being 0 to 1.
type impairment struct {
	loss, corrupt, duplicate float64
	delay, jitter            time.Duration
}

// parseImpairment reads the words of tc's netem: loss, corrupt, duplicate with a percentage, delay with a time and perhaps a jitter.
func parseImpairment(text string) (impairment, error) {
	var m impairment
	words := strings.Fields(text)
	for i := 0; i < len(words); i++ {
		word := words[i]
		if i++; i == len(words) {
			return m, fmt.Errorf("impairment %q: %s has no value", text, word)
		}
		var err error
		switch word {
		case "loss":
			m.loss, err = percentage(words[i])
		case "corrupt":
			m.corrupt, err = percentage(words[i])
		case "duplicate":
			m.duplicate, err = percentage(words[i])
		case "delay":
			if m.delay, err = time.ParseDuration(words[i]); err == nil && i+1 < len(words) && words[i+1][0] <= '9' {
				i++
				m.jitter, err = time.ParseDuration(words[i])
			}
		default:
			err = fmt.Errorf("%s is not known", word)
		}
		if err != nil {
			return m, fmt.Errorf("impairment %q: %w", text, err)
		}
	}
	return m, nil
}

func percentage(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil || v < 0 || v > 100 || !strings.HasSuffix(s, "%") {
		return 0, fmt.Errorf("%s is no percentage", s)
	}
	return v / 100, nil
}

// fate decides about one frame: how many copies arrive, after how long, and whether a bit of each is wrong.
func (m impairment) fate(r *rand.Rand) (copies int, after time.Duration, corrupt bool) {
	copies = 1
	if r.Float64() < m.loss {
		copies = 0
	}
	if r.Float64() < m.duplicate {
		copies *= 2
	}
	corrupt = r.Float64() < m.corrupt
	after = m.delay
	if m.jitter > 0 {
		after += time.Duration((2*r.Float64() - 1) * float64(m.jitter))
	}
	return copies, max(after, 0), corrupt
}

// flip turns one bit behind the Ethernet header.
func flip(r *rand.Rand, frame []byte) {
	const header = 14
	if n := len(frame) - header; n > 0 {
		frame[header+r.IntN(n)] ^= 1 << r.IntN(8)
	}
}

// neighbours says whether a frame is one of those by which a host finds another on its link: ARP, or ICMPv6 of types 133 to 137.
func neighbours(frame []byte) bool {
	const header, ipv6 = 14, 40
	if len(frame) < header {
		return false
	}
	switch kind := binary.BigEndian.Uint16(frame[header-2:]); {
	case kind == 0x0806:
		return true
	case kind != 0x86dd || len(frame) <= header+ipv6 || frame[header+6] != 58:
		return false
	}
	kind := frame[header+ipv6]
	return 133 <= kind && kind <= 137
}
