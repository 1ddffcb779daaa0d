package dump

import (
	"encoding/binary"
	"io"
)

// disk writes chunks, in a goroutine of its own. After a failure it tries again with each chunk: what was written of packets before stays readable.
type disk struct {
	d    *Dump
	slot Slot
	file File
	end  int64 // of the file's last whole packet
	torn bool  // what was written of a packet cannot be taken back: nothing can follow
	due  bool  // the file of the slot was not opened yet
}

func (k *disk) write(full <-chan *chunk) {
	for c := range full {
		if c.begin {
			k.close()
			k.slot, k.due, k.torn = c.slot, true, false
		}
		k.chunk(c)
		c.data, c.packets = c.data[:0], 0
		k.d.encode.empty <- c
	}
	k.close()
}

func (k *disk) close() {
	if k.file == nil {
		return
	}
	if err := k.file.Close(); err != nil {
		k.d.lose(0, err)
	}
	k.file = nil
}

// chunk writes a chunk, and counts its packets.
func (k *disk) chunk(c *chunk) {
	if k.torn {
		k.d.lose(c.packets, nil)
		return
	}
	n, err := 0, k.open()
	if err == nil && len(c.data) > 0 {
		n, err = k.file.Write(c.data)
	}
	whole, packets := wholeBlocks(c.data[:n])
	k.end += int64(whole)
	k.d.wrote(packets, whole)
	k.d.failing.Store(err != nil)
	if err == nil {
		k.d.well()
		return
	}
	k.repair()
	k.d.lose(c.packets-packets, err)
}

// open opens the file of the slot, if that is still to be done, and writes its header.
func (k *disk) open() error {
	if k.file == nil {
		f, err := k.d.opt.Open(k.slot)
		if err != nil {
			return err
		}
		k.file, k.end = f, 0
		if k.due {
			k.due = false
			k.d.made()
		}
	}
	if k.end > 0 {
		return nil
	}
	if _, err := k.file.Write(k.d.header); err != nil {
		return err
	}
	k.end = int64(len(k.d.header))
	k.d.wrote(0, len(k.d.header))
	return nil
}

// repair cuts off what is no whole packet.
func (k *disk) repair() {
	if k.file == nil {
		return
	}
	err := k.file.Truncate(k.end)
	if err == nil {
		_, err = k.file.Seek(k.end, io.SeekStart)
	}
	k.torn = err != nil
}

// wholeBlocks returns how many bytes of b are whole blocks, and their number. The lengths in b are those that were written here.
func wholeBlocks(b []byte) (size int, blocks uint64) {
	const (
		lengthAt = 4
		least    = 12
	)
	for len(b)-size >= least {
		n := int(binary.LittleEndian.Uint32(b[size+lengthAt:]))
		if n < least || n > len(b)-size {
			break
		}
		size += n
		blocks++
	}
	return size, blocks
}

func (d *Dump) wrote(packets uint64, bytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Packets += packets
	d.stats.Bytes += uint64(bytes)
}

func (d *Dump) made() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Files++
}

// well says that packets are written.
func (d *Dump) well() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Trouble = nil
}
