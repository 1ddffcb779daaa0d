package live

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
)

// Sizes of what the kernel writes into the ring (linux/if_packet.h). A block begins with struct tpacket_block_desc, a frame with struct
// tpacket3_hdr, behind which lies a struct sockaddr_ll.
const (
	blockHeader = 8 + unix.SizeofTpacket3Hdr // version and offset to private data, then tpacket_hdr_v1
	frameHeader = unix.SizeofTpacket3Hdr
	frameAddr   = frameHeader + unix.SizeofSockaddrLinklayer
)

// view is what is left of a block for one Source.
type view struct {
	block []byte
	at    uint32 // where the next frame begins
	left  uint32 // frames
	link  capture.LinkType
}

// take returns block i of the ring, if the kernel has given it up. They come in turn.
func (d *device) take(i int) (view, bool) {
	block := d.ring[i*blockSize : (i+1)*blockSize]
	h := header(block)
	if atomic.LoadUint32(&h.Block_status)&unix.TP_STATUS_USER == 0 {
		return view{}, false
	}
	v := view{block: block, at: h.Offset_to_first_pkt, left: h.Num_pkts, link: d.link}
	v.left = d.frame.settle(v)
	d.taken += uint64(v.left)
	return v, true
}

// release gives block i back to the kernel.
func (d *device) release(i int) {
	atomic.StoreUint32(&header(d.ring[i*blockSize:]).Block_status, unix.TP_STATUS_KERNEL)
}

func header(block []byte) *unix.TpacketHdrV1 {
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&block[:blockHeader][8]))
}

// frame returns the header of the frame at an offset, or nil where it would not lie in the block.
func frame(block []byte, at uint32) *unix.Tpacket3Hdr {
	if uint64(at)+frameAddr > uint64(len(block)) {
		return nil
	}
	return (*unix.Tpacket3Hdr)(unsafe.Pointer(&block[at]))
}

// read takes the next frames of the block, which is settled.
func (v *view) read(batch []capture.Packet, number uint64) int {
	n := min(len(batch), int(v.left))
	for i := range batch[:n] {
		h := frame(v.block, v.at)
		b := v.block[v.at+uint32(h.Mac):]
		number++
		p := &batch[i]
		p.Data, p.Time = b[:h.Snaplen:h.Snaplen], int64(h.Sec)*1e9+int64(h.Nsec)
		p.Number, p.Length, p.Link, p.File = number, h.Len, v.link, 0
		v.at += h.Next_offset
	}
	v.left -= uint32(n)
	return n
}

// settler makes frames in the ring what is handed out, once for all Sources.
type settler struct {
	link        capture.LinkType
	snaplen     uint32
	adapter     bool
	machineTime uint64 // frames without the adapter's time
}

// settle goes through a block and returns how many frames lie within it: all, unless the kernel errs.
func (s *settler) settle(v view) uint32 {
	for n := range v.left {
		h := frame(v.block, v.at)
		if h == nil || uint64(v.at)+uint64(h.Mac)+uint64(h.Snaplen) > uint64(len(v.block)) {
			return n
		}
		if h.Status&unix.TP_STATUS_VLAN_VALID != 0 || s.link == linkSLL2 {
			s.rewrite(v.block[v.at:], h)
		}
		if h.Snaplen > s.snaplen {
			h.Snaplen = s.snaplen
		}
		if s.adapter && h.Status&unix.TP_STATUS_TS_RAW_HARDWARE == 0 {
			s.machineTime++
		}
		if h.Next_offset < frameAddr || h.Next_offset > uint32(len(v.block)) {
			return n + 1 // the last one
		}
		v.at += h.Next_offset
	}
	return v.left
}

// rewrite puts back what the kernel took off, or never had: the VLAN tag and the pseudo-header of cooked frames. Both go before the payload,
// over what is not used any more.
func (s *settler) rewrite(b []byte, h *unix.Tpacket3Hdr) {
	tagged := h.Status&unix.TP_STATUS_VLAN_VALID != 0
	switch s.link {
	case linkEthernet:
		if tagged {
			restoreTag(b, h)
		}
	case linkSLL2:
		writeSLL2(b, h, tagged)
	}
}

// macs is the length of an Ethernet header's addresses.
const macs = 12

// restoreTag inserts the VLAN tag after the addresses.
func restoreTag(b []byte, h *unix.Tpacket3Hdr) {
	if h.Snaplen < macs || h.Mac < frameAddr+vlanTag {
		return
	}
	at := int(h.Mac) - vlanTag
	copy(b[at:at+macs], b[h.Mac:])
	binary.BigEndian.PutUint16(b[at+macs:], tpid(h))
	binary.BigEndian.PutUint16(b[at+macs+2:], uint16(h.Hv1.Vlan_tci))
	grow(h, vlanTag)
}

// sll2 is the length of LINKTYPE_LINUX_SLL2's header.
const sll2 = 20

// writeSLL2 puts the pseudo-header before the payload: EtherType, 2 bytes of 0, interface index, ARPHRD type, packet type, length of the
// address, and 8 bytes of it. A VLAN tag comes between, its TPID as the header's EtherType; libpcap leaves tags out here.
func writeSLL2(b []byte, h *unix.Tpacket3Hdr, tagged bool) {
	if h.Mac < frameAddr+sll2+vlanTag {
		return
	}
	ll := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&b[frameHeader]))
	proto := networkOrder(ll.Protocol)
	if tagged {
		tag := b[h.Mac-vlanTag:]
		binary.BigEndian.PutUint16(tag, uint16(h.Hv1.Vlan_tci))
		binary.BigEndian.PutUint16(tag[2:], proto)
		proto = tpid(h)
		grow(h, vlanTag)
	}
	p := b[h.Mac-sll2 : h.Mac]
	binary.BigEndian.PutUint16(p, proto)
	binary.BigEndian.PutUint16(p[2:], 0)
	binary.BigEndian.PutUint32(p[4:], uint32(ll.Ifindex))
	binary.BigEndian.PutUint16(p[8:], ll.Hatype)
	p[10], p[11] = ll.Pkttype, ll.Halen
	*(*[8]byte)(p[12:]) = ll.Addr
	grow(h, sll2)
}

// tpid returns the tag's protocol: 802.1Q where the kernel does not say.
func tpid(h *unix.Tpacket3Hdr) uint16 {
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 && h.Hv1.Vlan_tpid != 0 {
		return h.Hv1.Vlan_tpid
	}
	return unix.ETH_P_8021Q
}

// grow makes a frame begin n bytes earlier.
func grow(h *unix.Tpacket3Hdr, n uint16) {
	h.Mac -= n
	h.Snaplen += uint32(n)
	h.Len += uint32(n)
}
