package live

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
)

// fakeFrame is a frame as the kernel lays it out.
type fakeFrame struct {
	data   []byte
	length uint32 // on the wire; 0 is that of data
	status uint32
	tci    uint32
	tpid   uint16
}

const fakeMac = 96 + vlanTag // where the data of a datagram socket begins

// fakeBlock makes a block as the kernel gives it up.
func fakeBlock(frames ...fakeFrame) []byte {
	b := make([]byte, blockSize)
	h := header(b)
	h.Block_status, h.Num_pkts, h.Offset_to_first_pkt = unix.TP_STATUS_USER, uint32(len(frames)), blockHeader
	at := uint32(blockHeader)
	for i, f := range frames {
		p := (*unix.Tpacket3Hdr)(unsafe.Pointer(&b[at]))
		p.Sec, p.Nsec, p.Snaplen, p.Len, p.Status, p.Mac = 1, uint32(i), uint32(len(f.data)), f.length, f.status, fakeMac
		if p.Len == 0 {
			p.Len = p.Snaplen
		}
		p.Hv1.Vlan_tci, p.Hv1.Vlan_tpid = f.tci, f.tpid
		ll := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&b[at+frameHeader]))
		ll.Protocol, ll.Ifindex, ll.Hatype, ll.Pkttype, ll.Halen, ll.Addr = networkOrder(0x0800), 7, 1, 4, 6, [8]uint8{1, 2, 3, 4, 5, 6}
		copy(b[at+fakeMac:], f.data)
		if i < len(frames)-1 {
			p.Next_offset = (fakeMac + uint32(len(f.data)) + 15) &^ 15
		}
		at += p.Next_offset
	}
	return b
}

// fake is a capture over a ring of given blocks.
func fake(link capture.LinkType, ring []byte) (*Capture, *source) {
	d := &device{fd: -1, event: -1, ring: ring, size: len(ring), link: link, frame: settler{link: link, snaplen: DefaultSnaplen}}
	c := &Capture{dev: d, blocks: make([]hold, d.blocks()), readers: 1, taken: true, stopped: true}
	return c, &source{c: c}
}

func TestCooked(t *testing.T) {
	const sll = "0000 00000007 0001 04 06 0102030405060000"
	for name, c := range map[string]struct {
		frame fakeFrame
		want  string
	}{
		"plain":             {fakeFrame{data: []byte("ip")}, "0800" + sll + "6970"},
		"tag":               {fakeFrame{data: []byte("ip"), status: unix.TP_STATUS_VLAN_VALID, tci: 10}, "8100" + sll + "000a 0800 6970"},
		"tag_of_a_provider": {fakeFrame{data: []byte("ip"), status: unix.TP_STATUS_VLAN_VALID | unix.TP_STATUS_VLAN_TPID_VALID, tci: 0x2014, tpid: 0x88a8}, "88a8" + sll + "2014 0800 6970"},
		"empty":             {fakeFrame{}, "0800" + sll},
	} {
		_, src := fake(linkSLL2, fakeBlock(c.frame))
		got := rest(t, src)
		if want := unhex(t, c.want); len(got) != 1 || !bytes.Equal(got[0].data, want) || int(got[0].Length) != len(want) {
			t.Errorf("%s: %x, not %x", name, got, want)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	s = strings.ReplaceAll(s, " ", "")
	out := make([]byte, len(s)/2)
	for i := range out {
		for _, c := range s[2*i : 2*i+2] {
			out[i] = out[i]<<4 | byte(strings.IndexRune("0123456789abcdef", c))
		}
	}
	return out
}

// What the kernel never does must not harm either.
func TestKernelErrs(t *testing.T) {
	good := fakeFrame{data: ether(9, "good")}
	tag := fakeFrame{data: ether(9, "tag"), status: unix.TP_STATUS_VLAN_VALID}
	at := func(b []byte, off int) *unix.Tpacket3Hdr { return (*unix.Tpacket3Hdr)(unsafe.Pointer(&b[off])) }
	for name, c := range map[string]struct {
		link  capture.LinkType
		frame fakeFrame
		harm  func(b []byte)
		want  int
	}{
		"first_frame_outside":   {1, good, func(b []byte) { header(b).Offset_to_first_pkt = blockSize - 1 }, 0},
		"first_frame_far_away":  {1, good, func(b []byte) { header(b).Offset_to_first_pkt = 1<<32 - 16 }, 0},
		"second_frame_outside":  {1, good, func(b []byte) { at(b, blockHeader).Next_offset = blockSize }, 1},
		"more_frames_than_fit":  {1, good, func(b []byte) { header(b).Num_pkts = 1<<32 - 1 }, 2},
		"frames_overlap":        {1, good, func(b []byte) { at(b, blockHeader).Next_offset = 16 }, 1},
		"frames_go_back":        {1, good, func(b []byte) { at(b, blockHeader).Next_offset = 1<<32 - 64 }, 1},
		"frame_longer_than_all": {1, good, func(b []byte) { at(b, blockHeader).Snaplen = blockSize }, 0},
		"length_wraps":          {1, good, func(b []byte) { at(b, blockHeader).Snaplen = 1<<32 - 1 }, 0},
		"no_room_for_a_tag":     {1, tag, func(b []byte) { at(b, blockHeader).Mac = frameAddr }, 2},
		"no_room_for_a_header":  {linkSLL2, good, func(b []byte) { at(b, blockHeader).Mac = frameAddr }, 2},
		"too_short_for_a_tag":   {1, tag, func(b []byte) { at(b, blockHeader).Snaplen = 11 }, 2},
		"tag_of_raw_ip":         {linkRaw, tag, func([]byte) {}, 2},
	} {
		b := fakeBlock(c.frame, good)
		c.harm(b)
		_, src := fake(c.link, b)
		if got := rest(t, src); len(got) != c.want {
			t.Errorf("%s: %d packets, not %d", name, len(got), c.want)
		}
	}
}

// FuzzBlock reads blocks of which any byte may be wrong: no panic, no more packets than have room.
func FuzzBlock(f *testing.F) {
	one := fakeBlock(fakeFrame{data: ether(9, "x"), status: unix.TP_STATUS_VLAN_VALID}, fakeFrame{data: ip("y")})[:1024]
	for _, link := range []uint16{1, 101, 276} {
		f.Add(link, one)
	}
	block := make([]byte, blockSize)
	f.Fuzz(func(t *testing.T, link uint16, start []byte) {
		clear(block[copy(block, start):])
		header(block).Block_status = unix.TP_STATUS_USER
		_, src := fake(capture.LinkType(link), block)
		batch := make([]capture.Packet, 64)
		for total := 0; ; {
			n, err := src.ReadBatch(batch)
			if err != nil {
				return
			}
			if total += n; total > blockSize/frameAddr+1 {
				t.Fatal("packets without end")
			}
			for _, p := range batch[:n] {
				_ = bytes.Count(p.Data, []byte{1}) // all of it can be read
			}
		}
	})
}

func TestMachineTime(t *testing.T) {
	f := fakeFrame{data: ether(9, "x")}
	stamped := f
	stamped.status = unix.TP_STATUS_TS_RAW_HARDWARE
	c, src := fake(linkEthernet, fakeBlock(f, stamped, f))
	c.dev.frame.adapter = true
	if got := rest(t, src); len(got) != 3 || got[2].Time != 1e9+2 {
		t.Errorf("%+v", got)
	}
	if st := c.Stats(); st.MachineTime != 2 {
		t.Errorf("%+v", st)
	}
}

func TestNoAllocations(t *testing.T) {
	src, again := endless()
	batch := make([]capture.Packet, 256)
	if n := testing.AllocsPerRun(100, func() {
		again()
		if _, err := src.ReadBatch(batch); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// endless returns a source of full blocks, of which every tenth frame lost a tag, and a function that makes them as new between reads.
func endless() (src *source, again func()) {
	var frames []fakeFrame
	for i := range blockSize/256 - 1 {
		f := fakeFrame{data: ether(9, strings.Repeat("x", 90))}
		if i%10 == 0 {
			f.status, f.tci = unix.TP_STATUS_VLAN_VALID, 10
		}
		frames = append(frames, f)
	}
	fresh := fakeBlock(frames...)
	ring := append(bytes.Clone(fresh), fresh...)
	_, src = fake(linkEthernet, ring)
	return src, func() {
		for _, b := range [][]byte{ring[:blockSize], ring[blockSize:]} {
			if header(b).Block_status == unix.TP_STATUS_KERNEL {
				copy(b, fresh)
			}
		}
	}
}

// BenchmarkRead measures what a packet costs from the ring to the batch, its bytes not looked at, with the copying of the block into the ring.
func BenchmarkRead(b *testing.B) {
	src, again := endless()
	batch := make([]capture.Packet, 256)
	b.ReportAllocs()
	for n := 0; n < b.N; {
		again()
		k, err := src.ReadBatch(batch)
		if err != nil {
			b.Fatal(err)
		}
		n += k
	}
}

func TestKinds(t *testing.T) {
	for hatype, want := range map[uint16]capture.LinkType{
		unix.ARPHRD_ETHER: 1, unix.ARPHRD_LOOPBACK: 1, unix.ARPHRD_NONE: 101, unix.ARPHRD_PPP: 101, unix.ARPHRD_RAWIP: 101,
		unix.ARPHRD_INFINIBAND: 276, unix.ARPHRD_IEEE80211_RADIOTAP: 127,
	} {
		if k, err := kindOfType("x0", hatype); err != nil || k.link != want {
			t.Errorf("%d: %v, %v", hatype, k.link, err)
		}
	}
	for hatype, want := range map[uint16]string{
		unix.ARPHRD_CAN: "x0: interfaces of type CAN (280) are not supported", 4711: "x0: interfaces of type 4711 are not supported",
	} {
		_, err := kindOfType("x0", hatype)
		var le *LinkError
		if !errors.As(err, &le) || err.Error() != want {
			t.Error(err)
		}
	}
}

// The echo filter is what it says, by another interpreter.
func TestEcho(t *testing.T) {
	insts, ok := bpf.Disassemble(withoutEcho(returns(77)))
	if !ok {
		t.Fatal(insts)
	}
	want := []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.PACKET_OUTGOING, SkipFalse: 3},
		bpf.LoadExtension{Num: bpf.ExtInterfaceIndex},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 1, SkipFalse: 1},
		bpf.RetConstant{},
		bpf.LoadConstant{Dst: bpf.RegA},
		bpf.RetConstant{Val: 77},
	}
	for i := range want {
		if insts[i] != want[i] && !(i%2 == 1 && i < 4) {
			t.Errorf("%d: %v, not %v", i, insts[i], want[i])
		}
	}
	if long := make([]bpf.RawInstruction, maxInstructions); len(withoutEcho(long)) != maxInstructions {
		t.Error("too long for the kernel")
	}
}
