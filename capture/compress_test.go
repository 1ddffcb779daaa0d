package capture

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

type writeCloser interface {
	Write([]byte) (int, error)
	Close() error
}

func pack(data []byte, w func(*bytes.Buffer) (writeCloser, error)) []byte {
	var b bytes.Buffer
	z, err := w(&b)
	if err == nil {
		_, err = z.Write(data)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil
	}
	return b.Bytes()
}

var packers = map[string]func(*bytes.Buffer) (writeCloser, error){
	"gzip": func(b *bytes.Buffer) (writeCloser, error) { return gzip.NewWriter(b), nil },
	"zstd": func(b *bytes.Buffer) (writeCloser, error) { return zstd.NewWriter(b) },
	"lz4": func(b *bytes.Buffer) (writeCloser, error) {
		w := lz4.NewWriter(b)
		return w, w.Apply(lz4.BlockSizeOption(lz4.Block64Kb))
	},
	"xz": func(b *bytes.Buffer) (writeCloser, error) { return xz.NewWriter(b) },
}

func compressedSamples() [][]byte {
	var out [][]byte
	for _, name := range []string{"gzip", "zstd", "lz4", "xz"} {
		out = append(out, pack(smallPcap(), packers[name]))
	}
	return out
}

func TestCompressed(t *testing.T) {
	plain := pcapFile(leOrder, magicMicro, 1, frames(5, 3000)...)
	want, _ := readInput(t, mustOpen(t, whole(plain)), 1)
	for name, p := range packers {
		t.Run(name, func(t *testing.T) {
			packed := pack(plain, p)
			for _, n := range []int{1, 2, 8} {
				got, faults := readFile(t, writeFile(t, "x.pcap", packed), Options{blockSize: 4096}, n)
				if got.sum != want.sum || faults != nil {
					t.Errorf("%d sources: %d packets, faults %v, want %d", n, got.packets, faults, want.packets)
				}
			}
			if got, _ := readInput(t, mustOpen(t, whole(pack(packed, packers["gzip"]))), 1); got.sum != want.sum {
				t.Errorf("in gzip: %d packets", got.packets)
			}
			for _, cut := range []int{len(packed) / 2, len(packed) - 1} {
				in, err := Open([]string{"-"}, whole(packed[:cut]))
				if err != nil {
					t.Fatal(err)
				}
				got, _ := readInput(t, in, 2)
				faults := in.Faults()
				if len(faults) != 1 || !errors.Is(faults[0], ErrTruncated) || faults[0].Packet != uint64(got.packets)+1 {
					t.Errorf("cut at %d of %d: faults %v after %d packets", cut, len(packed), faults, got.packets)
				}
				if cut > len(packed)*9/10 && got.packets < want.packets/2 {
					t.Errorf("cut at %d of %d: only %d packets of %d", cut, len(packed), got.packets, want.packets)
				}
				in.Close()
			}
		})
	}
}

func TestGzipMembers(t *testing.T) {
	file := smallPcap()
	packed := slices.Concat(pack(file[:100], packers["gzip"]), pack(file[100:], packers["gzip"]))
	want, _ := readInput(t, mustOpen(t, whole(file)), 1)
	if got, faults := readInput(t, mustOpen(t, whole(packed)), 1); got.sum != want.sum || faults != nil {
		t.Errorf("%d packets, faults %v", got.packets, faults)
	}
}

func TestNestingIsBounded(t *testing.T) {
	file := smallPcap()
	for range maxNesting {
		file = pack(file, packers["gzip"])
	}
	mustOpen(t, whole(file))
	_, err := Open([]string{"-"}, whole(pack(file, packers["gzip"])))
	if !errors.Is(err, ErrNotCapture) || !strings.Contains(err.Error(), "more than three times") {
		t.Errorf("Open = %v", err)
	}
}

// TestXZDictionary: the xz package allocates what a block claims, up to 4 GiB; here it is refused, in every block of every stream.
func TestXZDictionary(t *testing.T) {
	var b bytes.Buffer
	z, err := xz.WriterConfig{BlockSize: 300}.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	file := pcapFile(leOrder, magicMicro, 1, frames(5, 20)...)
	if _, err := z.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	stream := b.Bytes()
	twice := slices.Concat(stream, []byte{0, 0, 0, 0}, pack(nil, packers["xz"]))
	want, _ := readInput(t, mustOpen(t, whole(file)), 1)
	if got, faults := readInput(t, mustOpen(t, whole(twice)), 1); got.sum != want.sum || faults != nil {
		t.Fatalf("%d packets, faults %v, want %d", got.packets, faults, want.packets)
	}
	marks := 0
	filter := []byte{0x21, 0x01}
	for at := 12; ; marks++ {
		i := bytes.Index(stream[at:], filter)
		if i < 0 {
			break
		}
		at += i + len(filter)
		if marks != 0 && marks != 4 {
			continue
		}
		big := slices.Clone(stream)
		big[at] = 40 // 4 GiB - 1
		_, err := io.Copy(io.Discard, &xzGuard{in: bufio.NewReader(bytes.NewReader(big))})
		if !errors.Is(err, errDictionary) {
			t.Errorf("block %d: %v", marks, err)
		}
	}
	if marks < 5 {
		t.Errorf("only %d blocks", marks)
	}
}

// TestXZGuardIsTransparent: what the guard does not understand it leaves to the decompressor.
func TestXZGuardIsTransparent(t *testing.T) {
	good := pack(smallPcap(), packers["xz"])
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 0x55
		for _, in := range [][]byte{good[:i], bad} {
			out, err := io.ReadAll(&xzGuard{in: bufio.NewReaderSize(bytes.NewReader(in), 1024)})
			if !errors.Is(err, errDictionary) && (err != nil || !bytes.Equal(out, in)) {
				t.Fatalf("byte %d: %d bytes of %d, %v", i, len(out), len(in), err)
			}
		}
	}
}
