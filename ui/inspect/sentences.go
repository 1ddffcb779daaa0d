package inspect

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// sentences holds the entries of which values are shown. To add one, add its line: the catalogue's sentence, with the values.
var sentences = map[anomaly.ID]func(subject) string{
	'H'<<8 | 1: func(s subject) string {
		return fmt.Sprintf("The payload has %s; a DNS header has 12.", octets(s.m.Length))
	},
	'H'<<8 | 4:  func(s subject) string { return fmt.Sprintf("OPCODE %d has no meaning assigned to it.", s.m.Opcode()) },
	'H'<<8 | 9:  claims(0, "QDCOUNT is %d: the message has more than one question."),
	'H'<<8 | 10: missingEntries,
	'H'<<8 | 11: claims(1, "ANCOUNT is %d in a query."),
	'H'<<8 | 12: claims(2, "NSCOUNT is %d in a query, where only IXFR has one."),
	'H'<<8 | 13: claims(3, "ARCOUNT is %d in a query: legal as OPT with TSIG, and refused by some servers."),
	'H'<<8 | 14: func(s subject) string { return fmt.Sprintf("A query has RCODE %s.", mnemonic.RCODE(s.m.Flags&15)) },
	'H'<<8 | 15: func(s subject) string {
		return fmt.Sprintf("The reserved bit 0x0040 of the flags 0x%04x is set.", s.m.Flags)
	},

	'N'<<8 | 1: reserved("01"),
	'N'<<8 | 2: reserved("10"),
	'N'<<8 | 4: func(s subject) string {
		return values("The name at %d is longer than 255 bytes when its compression is undone.", s.off)
	},
	'N'<<8 | 5: leads("from where it leads back to itself"),
	'N'<<8 | 6: leads("which is not before the name"),
	'N'<<8 | 7: leads("within the header of 12 bytes"),
	'N'<<8 | 8: leads("where no label of an earlier name starts"),
	'N'<<8 | 9: func(s subject) string {
		return values("The compression pointer at %d leads to %d, past the end of the message at %d.", s.off, s.pointer(), len(s.m.Data))
	},
	'N'<<8 | 10: func(s subject) string {
		return values("The message ends after 0x%02x, the first of the two bytes of a compression pointer.", s.u8(s.off))
	},
	'N'<<8 | 11: func(s subject) string {
		return values("Label length %d at %d runs past the end: %s of the message are left.", s.u8(s.off), s.off, octets(s.after(s.off+1)))
	},
	'N'<<8 | 12: func(s subject) string {
		return fmt.Sprintf("The message ends at byte %d, before the empty label that ends the name.", s.off)
	},
	'N'<<8 | 13: func(s subject) string {
		return values("The name asked for has a compression pointer to %d, though no name comes before it.", s.pointer())
	},
	'N'<<8 | 14: leads("one pointer more than any name has labels"),
	'N'<<8 | 15: func(s subject) string {
		return values("The name has the byte 0x%02x at %d, which host names lack.", s.u8(s.off), s.off)
	},
	'N'<<8 | 16: func(s subject) string {
		return s.named("The name asked for, %s, means nothing outside its own network.")
	},

	'R'<<8 | 1: func(s subject) string {
		return fmt.Sprintf("The message ends with %d of the 4 bytes of the question's type and class.", s.a.Length)
	},
	'R'<<8 | 2: func(s subject) string {
		return fmt.Sprintf("The message ends with %d of the 10 bytes of a record's type, class, TTL and length.", s.a.Length)
	},
	'R'<<8 | 3: func(s subject) string {
		return values("RDLENGTH is %d, and %s of the message are left.", s.u16(s.off), octets(s.after(s.off+2)))
	},
	'R'<<8 | 4: ofType("A record of type %s has %d bytes of data, and its type demands some."),
	'R'<<8 | 5: ofType("RDATA of type %s has %d bytes, which is not its length."),
	'R'<<8 | 6: ofType("RDATA of type %s has %d bytes, which its fields do not fill exactly."),
	'R'<<8 | 7: ofType("RDATA of type %s has %d bytes, too few for two names and five numbers."),
	'R'<<8 | 8: stringOverrun,
	'R'<<8 | 9: func(s subject) string {
		return s.about("A name in RDATA of type %s is compressed" + fmt.Sprintf(" (pointer to %d)", s.pointer()) + ", where it must not be (RDLENGTH %d).")
	},
	'R'<<8 | 10: func(s subject) string {
		if s.a.Length != 2 {
			return ""
		}
		return values("The SvcParams have the key or length %d at %d: keys rise and do not repeat, and values have a length that fits.", s.u16(s.off), s.off)
	},
	'R'<<8 | 11: func(s subject) string {
		return values("Window %d of the type bitmap has %d bytes: windows rise, and have 1 to 32 bytes each.", s.u8(s.off), s.u8(s.off+1))
	},
	'R'<<8 | 13: func(s subject) string {
		return values("An RRSIG covers type %s, which is never signed.", mnemonic.Type(uint16(s.u16(s.off))))
	},
	'R'<<8 | 14: ttl,
	'R'<<8 | 15: func(s subject) string {
		return values("A record has TTL %d, and others of its RRset have another.", s.u32(s.off))
	},
	'R'<<8 | 18: func(s subject) string {
		return values("A record has class %s, and %s was asked for.", s.class(s.off), mnemonic.Class(s.m.Question.Class))
	},
	'R'<<8 | 19: ofType("A record has type %s, which exists in questions only (RDLENGTH %d)."),
	'R'<<8 | 20: typeAndClass,
	'R'<<8 | 21: func(s subject) string {
		return fmt.Sprintf("%s the last record that the header counts.", follow(int(s.a.Length)))
	},

	'O'<<8 | 3: func(s subject) string {
		return "The OPT record is in the " + sectionWord(s.m.EDNS.Section) + " section."
	},
	'O'<<8 | 4: func(s subject) string {
		return fmt.Sprintf("The query has EDNS version %d; there is only version 0.", s.m.EDNS.Version)
	},
	'O'<<8 | 6: func(s subject) string {
		return fmt.Sprintf("The response has EDNS version %d, without BADVERS; there is only version 0.", s.m.EDNS.Version)
	},
	'O'<<8 | 7: func(s subject) string {
		return fmt.Sprintf("The UDP payload size is %d, which counts as 512.", s.m.EDNS.UDPSize)
	},
	'O'<<8 | 8: func(s subject) string {
		return fmt.Sprintf("The UDP payload size is %d; above 1400 it invites fragments.", s.m.EDNS.UDPSize)
	},
	'O'<<8 | 9: func(s subject) string {
		return fmt.Sprintf("The EDNS flags are 0x%04x: bits other than DO (0x8000) and CO (0x4000) have no meaning.", s.m.EDNS.Flags)
	},
	'O'<<8 | 11: optionOverrun,
	'O'<<8 | 12: func(s subject) string {
		return fmt.Sprintf("%s the last whole EDNS option; another has at least 4.", follow(int(s.a.Length)))
	},
	'O'<<8 | 13: ofOption("The EDNS option %s is there twice: this one has %s of data."),
	'O'<<8 | 14: ofOption("The %s option has %s; a cookie has 8, or 16 to 40."),
	'O'<<8 | 20: badSubnet,
	'O'<<8 | 21: func(s subject) string {
		return values("The client-subnet option of a query has scope %d; it must be 0.", s.scope())
	},
	'O'<<8 | 26: ofOption("The EDNS option %s has %s of data, which do not have its form."),
	'O'<<8 | 32: func(s subject) string {
		return fmt.Sprintf("The response has %s, and its client takes %s over UDP.", octets(s.m.Length), octets(int(s.a.Offset)))
	},

	'T'<<8 | 3: tsigClass,
	'T'<<8 | 4: func(s subject) string {
		return values("A length of the TSIG record is %d, which does not fit it, or is less than its algorithm allows.", s.u16(s.off))
	},
	'T'<<8 | 5: func(s subject) string {
		return s.named("The TSIG record names the algorithm %s, which is not registered.")
	},
	'T'<<8 | 8: clockSkew,

	'U'<<8 | 1: claims(0, "ZOCOUNT is %d, and an UPDATE names exactly one zone."),
	'U'<<8 | 2: asked("The zone of an UPDATE has type %s, and it must be SOA."),
	'U'<<8 | 3: func(s subject) string {
		return "The zone of an UPDATE has class " + s.class(s.off) + ", which no zone has."
	},
	'U'<<8 | 5: func(s subject) string {
		return values("A prerequisite of an UPDATE has TTL %d, and it must be 0.", s.u32(s.off))
	},
	'U'<<8 | 11: func(s subject) string {
		return "A record of an UPDATE has class " + s.class(s.off) + ", which is not that of the zone, ANY or NONE."
	},

	'S'<<8 | 11: explained("The server failed, and says why: %s."),
	'S'<<8 | 14: explained("The answer has expired and is served because no better one can be had: %s."),
	'S'<<8 | 15: explained("The answer was blocked, filtered or replaced by policy: %s."),
	'S'<<8 | 16: func(s subject) string {
		return s.named("A record of the answer is at %s, to which no alias leads from the name asked for.")
	},
	'S'<<8 | 18: ttl,
	'S'<<8 | 20: validity,
	'S'<<8 | 21: func(s subject) string { return fmt.Sprintf("RCODE %d has no meaning assigned to it.", s.m.RCODE()) },

	'P'<<8 | 1: func(s subject) string { return fmt.Sprintf("No response was seen within %s.", s.e.Timeout) },
	'P'<<8 | 3: func(s subject) string {
		return fmt.Sprintf("The query was sent %d times, with the same ID and port.", s.e.Repetitions+1)
	},
	'Q'<<8 | 2:  asked("The type asked for is %s, which accompanies messages and cannot be asked for."),
	'Q'<<8 | 5:  asked("%s records are asked for by their own type."),
	'Q'<<8 | 7:  asked("The type asked for is %s, which is not assigned, or is for private use."),
	'Q'<<8 | 11: func(s subject) string { return values("The class asked for is 0x%04x.", s.u16(s.off)) },
}

func follow(n int) string {
	if n == 1 {
		return "1 byte follows"
	}
	return octets(n) + " follow"
}

func missingEntries(s subject) string {
	return fmt.Sprintf("The header counts %s entries in the four sections, and the message ends after %s.", counts(s.m.Counts), counts(s.m.Parsed))
}

func stringOverrun(s subject) string {
	r, ok := s.record()
	if !ok {
		return ""
	}
	left := int(r.Data) + int(r.Len) - s.off - 1
	if left < 0 {
		return fmt.Sprintf("RDATA of type %s ends before a character string that its type demands.", mnemonic.Type(r.Type))
	}
	return values("A character string in RDATA of type %s has length %d, and %s of the record are left.", mnemonic.Type(r.Type), s.u8(s.off), octets(left))
}

func ttl(s subject) string {
	v := s.u32(s.off)
	if v >= 1<<31 {
		return fmt.Sprintf("The TTL is %d (0x%08x): its highest bit is set, and it counts as zero.", v, v)
	}
	return values("The TTL is %d s.", v)
}

func tsigClass(s subject) string {
	r, ok := s.record()
	if !ok {
		return ""
	}
	return fmt.Sprintf("The TSIG record has class %s and TTL %d; it must have ANY and 0.", mnemonic.Class(r.Class), r.TTL)
}

func typeAndClass(s subject) string {
	r, ok := s.record()
	if !ok {
		return ""
	}
	return fmt.Sprintf("A record has type %s and class %s, one of which is reserved.", mnemonic.Type(r.Type), mnemonic.Class(r.Class))
}

func sectionWord(n wire.Section) string {
	return [...]string{"question", "answer", "authority", "additional"}[n&3]
}

// optionOverrun is about the length field of an option.
func optionOverrun(s subject) string {
	left := -1
	if r, ok := s.record(); ok {
		left = int(r.Data) + int(r.Len) - s.off - 2
	}
	return values("The EDNS option %s claims %d bytes of data, and %d of the OPT record are left.", mnemonic.Option(uint16(s.u16(s.off-2))), s.u16(s.off), left)
}

// ofOption is for what is wrong about an option: the words take its name and how many bytes it has.
func ofOption(format string) func(subject) string {
	return func(s subject) string {
		code, data, ok := s.option()
		if !ok {
			return ""
		}
		return fmt.Sprintf(format, mnemonic.Option(code), octets(len(data)))
	}
}

func badSubnet(s subject) string {
	code, data, ok := s.option()
	switch {
	case !ok || code != dns.EDNS0SUBNET:
		return ""
	case len(data) < 4:
		return fmt.Sprintf("The client-subnet option has %s; it has 4 before the address.", octets(len(data)))
	}
	return fmt.Sprintf("The client-subnet option has family %d, source prefix %d, scope %d and %s of address (% x), which do not fit together.",
		binary.BigEndian.Uint16(data), data[2], data[3], octets(len(data)-4), data[4:min(len(data), 20)])
}

// clockSkew is about a BADTIME, whose other data are the server's time (RFC 8945 section 5.2.3).
func clockSkew(s subject) string {
	t := &s.m.TSIG
	at := int(t.OtherData)
	if !s.m.HasTSIG || t.OtherLen != 6 || at+6 > len(s.m.Data) {
		return ""
	}
	server := int64(binary.BigEndian.Uint16(s.m.Data[at:]))<<32 | int64(binary.BigEndian.Uint32(s.m.Data[at+2:]))
	skew := server - int64(t.Time)
	word := "ahead of"
	if skew < 0 {
		skew, word = -skew, "behind"
	}
	return fmt.Sprintf("The server's clock is %d s %s the client's, and the signature allows %d s.", skew, word, t.Fudge)
}

// validity is about the times of an RRSIG.
func validity(s subject) string {
	r, ok := s.record()
	if !ok || r.Type != dns.TypeRRSIG || r.Len < 16 {
		return ""
	}
	at := func(off int) string {
		return time.Unix(int64(binary.BigEndian.Uint32(s.m.Data[int(r.Data)+off:])), 0).UTC().Format("2006-01-02 15:04:05")
	}
	return fmt.Sprintf("The signature is valid from %s to %s, and the packet is of %s.", at(12), at(8), time.Unix(0, s.m.Time).UTC().Format("2006-01-02 15:04:05"))
}
