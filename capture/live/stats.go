package live

import (
	"fmt"
	"time"
)

// State says how it stands with the interface.
type State uint8

// The states of an interface. In all but Up no packet comes, and the capture goes on by itself when it is up again.
const (
	// Up: packets come, if there are any.
	Up State = iota
	// NoCarrier: the interface is up, but has no link.
	NoCarrier
	// Down: the interface is switched off.
	Down
	// Away: there is no interface of that name any more, or it has become one of another kind.
	Away
)

// String returns the state in one or two words.
func (s State) String() string {
	names := [...]string{Up: "up", NoCarrier: "no carrier", Down: "down", Away: "away"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// Stats are a capture's counts. They go on counting when the interface goes away and comes back.
type Stats struct {
	// Received counts the packets that passed the filter, Dropped among them. Where the buffer is in use they are ahead of what was handed out.
	Received uint64
	// Dropped counts those of them that found no room in the buffer.
	Dropped uint64
	// Frozen counts how often the buffer was full.
	Frozen uint64
	// MachineTime counts packets that have the machine's time though the adapter's was asked for.
	MachineTime uint64
	// Buffer is the size of the buffer in bytes.
	Buffer int
	// State is how it stands with the interface now, and Since is when that was noticed: on a quiet interface within a second or so.
	State State
	Since time.Time
	// Losses counts how often the interface stopped being Up.
	Losses uint64
	// Trouble, unless nil, is why an interface that is there cannot be captured from again.
	Trouble error
}

// Stats returns the counts up to now; after Close those of then.
func (c *Capture) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account()
	return c.stats
}

// account asks the device for what it counted. The kernel counts what the filter of a stopped capture lets in no more. Locked by the caller.
func (c *Capture) account() {
	c.stats.Buffer = c.dev.size
	if !c.freed {
		c.dev.count(&c.stats)
	}
}

// How often the interface is looked at when no packet comes, and how seldom at last while it is away.
const (
	lookEvery = 100 * time.Millisecond
	lookLeast = time.Second
)

// look notices what became of the interface. Locked by the caller.
func (c *Capture) look(now time.Time) {
	if c.stopped {
		return
	}
	state, trouble := c.dev.look(now)
	s := &c.stats
	s.Trouble = trouble
	if state == s.State {
		return
	}
	if s.State == Up {
		s.Losses++
	}
	s.State, s.Since = state, now
}
