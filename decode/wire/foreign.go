package wire

import (
	"bytes"

	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// protocols are the beginnings of what is not DNS and yet comes to its port, over UDP.
var protocols = [...]struct {
	begin string
	id    anomaly.ID
}{
	{"r6fnvWj8", dnscrypt}, // a DNSCrypt response (DNSCrypt version 2 protocol)
	{"DNSC\x00", dnscrypt},
	{"GET ", otherProtocol},
	{"POST ", otherProtocol},
	{"HTTP/1.", otherProtocol},
	{"M-SEARCH ", otherProtocol}, // SSDP
	{"SSH-", otherProtocol},
	{"INVITE sip:", otherProtocol},
	{"OPTIONS sip:", otherProtocol},
}

// Foreign names the protocol that bytes are of which make no DNS message: zeros, DNSCrypt, QUIC, DTLS, WireGuard, OpenVPN, STUN, text. It is a
// guess by a few bytes: ask it only about what is malformed.
func Foreign(data []byte) (anomaly.ID, bool) {
	if len(data) == 0 {
		return 0, false
	}
	if data[0] == 0 && zeros(data) {
		return allZero, true
	}
	for i := range protocols {
		if p := &protocols[i]; data[0] == p.begin[0] && bytes.HasPrefix(data, []byte(p.begin)) {
			return p.id, true
		}
	}
	if quic(data) || dtls(data) || wireGuard(data) || openVPN(data) || stun(data) {
		return otherProtocol, true
	}
	return 0, false
}

func zeros(data []byte) bool {
	for _, c := range data {
		if c != 0 {
			return false
		}
	}
	return true
}

// quic says whether data begin with a long header of QUIC version 1, 2 or one that is negotiated (RFC 9000 section 17.2, RFC 9369, RFC 8999).
func quic(data []byte) bool {
	if len(data) < 7 || data[0]&0x80 == 0 || data[5] > 20 {
		return false
	}
	switch version := string(data[1:5]); version {
	case "\x00\x00\x00\x01", "\x6b\x33\x43\xcf":
		return data[0]&0x40 != 0
	default:
		return version[:3] == "\xff\x00\x00" // drafts
	}
}

// dtls says whether data begin with a DTLS record (RFC 9147 section 4): its type, a version 1.0 or 1.2, epoch 0.
func dtls(data []byte) bool {
	return len(data) >= 13 && data[0] >= 20 && data[0] <= 25 && data[1] == 0xfe && (data[2] == 0xff || data[2] == 0xfd)
}

// wireGuard knows the four messages of WireGuard by their type and length.
func wireGuard(data []byte) bool {
	if len(data) < 32 || data[0] < 1 || data[0] > 4 || data[1]|data[2]|data[3] != 0 {
		return false
	}
	sizes := [...]int{148, 92, 64} // initiation, response, cookie
	return data[0] == 4 && len(data)%16 == 0 || data[0] < 4 && len(data) == sizes[data[0]-1]
}

// openVPN knows the resets that begin a session without an outer signature.
func openVPN(data []byte) bool {
	return len(data) == 14 && data[0] == 7<<3 && data[9] == 0 || len(data) == 26 && data[0] == 8<<3 && data[9] == 1
}

// stun knows the magic cookie of STUN (RFC 8489 section 5).
func stun(data []byte) bool {
	return len(data) >= 20 && data[0]&0xc0 == 0 && string(data[4:8]) == "\x21\x12\xa4\x42"
}
