package filter

import (
	"bufio"
	"fmt"
	"io"

	"golang.org/x/net/bpf"

	"github.com/dnssniff/dnssniff/capture"
)

// kernelLoads is where the offsets begin that are no offsets but ask the Linux kernel for something (SKF_AD_OFF).
const kernelLoads = 0xfffff000

// compiled is a program made elsewhere, for the frames of one link type.
type compiled struct {
	link capture.LinkType
	code []bpf.Instruction
	vm   *bpf.VM // nil where the program needs the kernel
}

// FromDDD reads a program as "tcpdump -ddd -y LINKTYPE EXPRESSION" prints it: the number of instructions, then a line for each with its
// code, jt, jf and k in decimal. It judges frames of the given link type only, which the program itself does not name, and may be one that
// [Parse] does not know. What "tcpdump -ddd -i" compiles can use facts of the kernel and then serves [Filter.KernelProgram] only. At most
// 4096 instructions and 256 KiB are read. Errors wrap [ErrProgram] and name the line, or come from r.
func FromDDD(r io.Reader, link capture.LinkType) (*Filter, error) {
	raw, err := readDDD(r)
	if err != nil {
		return nil, err
	}
	c := compiled{link: link}
	kernel := false
	for i, ri := range raw {
		ins := ri.Disassemble()
		if reason := unfit(ins); reason != "" {
			return nil, fmt.Errorf("%w: line %d: %s", ErrProgram, i+2, reason)
		}
		kernel = kernel || asksKernel(ins)
		c.code = append(c.code, ins)
	}
	checked := withoutKernel(c.code)
	vm, err := bpf.NewVM(checked) // looks at jumps, divisors and the last instruction
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProgram, err)
	}
	if !kernel {
		c.vm = vm
	}
	return &Filter{text: fmt.Sprintf("a program of %d instructions", len(c.code)), programs: []compiled{c}}, nil
}

func readDDD(r io.Reader) ([]bpf.RawInstruction, error) {
	lines := bufio.NewScanner(io.LimitReader(r, 256<<10))
	n, line := 0, 0
	var raw []bpf.RawInstruction
	for lines.Scan() {
		line++
		if line == 1 {
			if _, err := fmt.Sscanf(lines.Text(), "%d", &n); err != nil || n < 1 || n > maxInstructions {
				return nil, fmt.Errorf("%w: line 1: expected the number of instructions, 1 to 4096", ErrProgram)
			}
			continue
		}
		var ri bpf.RawInstruction
		if _, err := fmt.Sscanf(lines.Text(), "%d %d %d %d", &ri.Op, &ri.Jt, &ri.Jf, &ri.K); err != nil {
			return nil, fmt.Errorf("%w: line %d: expected four numbers", ErrProgram, line)
		}
		if raw = append(raw, ri); len(raw) > n {
			return nil, fmt.Errorf("%w: line %d: more than the %d instructions announced", ErrProgram, line, n)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("filter: reading a program: %w", err)
	}
	if n == 0 || len(raw) != n {
		return nil, fmt.Errorf("%w: it ends after %d of %d instructions", ErrProgram, len(raw), n)
	}
	return raw, nil
}

// unfit returns why an instruction cannot be run here, or nothing.
func unfit(ins bpf.Instruction) string {
	switch ins := ins.(type) {
	case bpf.RawInstruction:
		return "no instruction of classic BPF"
	case bpf.RetA:
		return "the length to keep is computed"
	case bpf.NegateA:
		return "negation is not supported"
	case bpf.LoadAbsolute:
		return reach(ins.Off)
	case bpf.LoadIndirect:
		return reach(ins.Off)
	case bpf.LoadMemShift:
		return reach(ins.Off)
	}
	return ""
}

func reach(off uint32) string {
	if off >= 1<<31 && off < kernelLoads {
		return "the offset is too large"
	}
	return ""
}

// asksKernel reports whether an instruction asks for what is beside the frame. The length is known everywhere.
func asksKernel(ins bpf.Instruction) bool {
	switch ins := ins.(type) {
	case bpf.LoadExtension:
		return ins.Num != bpf.ExtLen
	case bpf.LoadAbsolute:
		return ins.Off >= kernelLoads
	case bpf.LoadIndirect:
		return ins.Off >= kernelLoads
	case bpf.LoadMemShift:
		return ins.Off >= kernelLoads
	}
	return false
}

// withoutKernel replaces what only the kernel can load by constants, so that the rest of the program can be checked.
func withoutKernel(code []bpf.Instruction) []bpf.Instruction {
	plain := make([]bpf.Instruction, len(code))
	for i, ins := range code {
		if asksKernel(ins) {
			ins = bpf.LoadConstant{Dst: bpf.RegA}
		}
		plain[i] = ins
	}
	return plain
}

// supports returns nil for the link type that the program was compiled for.
func (c *compiled) supports(link capture.LinkType) error {
	if c.fits(link) {
		return nil
	}
	return &LinkError{Link: link, Reason: fmt.Sprintf("the program was compiled for %s", c.link)}
}

func (c *compiled) fits(link capture.LinkType) bool {
	i := layoutOf(link)
	return link == c.link || i >= 0 && i == layoutOf(c.link)
}

func (c *compiled) match(p *capture.Packet) bool {
	if c.vm == nil || !c.fits(p.Link) {
		return false
	}
	kept, err := c.vm.Run(p.Data)
	return err == nil && kept > 0
}

// then returns the program with a jump behind its end in place of keeping the frame, so that another can follow.
func (c *compiled) then(kernel bool) ([]bpf.Instruction, error) {
	code := make([]bpf.Instruction, len(c.code))
	for i, ins := range c.code {
		if ret, ok := ins.(bpf.RetConstant); ok && ret.Val != 0 {
			ins = bpf.Jump{Skip: uint32(len(code) - i - 1)}
		}
		if kernel && (c.link == linkSLL || c.link == linkSLL2) {
			var ok bool
			if ins, ok = withoutHeader(ins, &layouts[layoutOf(c.link)]); !ok {
				return nil, &LinkError{Link: c.link, Reason: "the program looks at the cooked header, which the kernel does not have"}
			}
		}
		code[i] = ins
	}
	return code, nil
}

// withoutHeader moves a load to where a socket without link headers has the bytes.
func withoutHeader(ins bpf.Instruction, l *layout) (bpf.Instruction, bool) {
	if asksKernel(ins) {
		return ins, true
	}
	switch ins := ins.(type) {
	case bpf.LoadAbsolute:
		if ins.Off == l.typ.off && ins.Size == 2 {
			return bpf.LoadExtension{Num: bpf.ExtProto}, true
		}
		return bpf.LoadAbsolute{Off: ins.Off - l.payload, Size: ins.Size}, ins.Off >= l.payload
	case bpf.LoadIndirect:
		return bpf.LoadIndirect{Off: ins.Off - l.payload, Size: ins.Size}, ins.Off >= l.payload
	case bpf.LoadMemShift:
		return bpf.LoadMemShift{Off: ins.Off - l.payload}, ins.Off >= l.payload
	}
	return ins, true
}
