package live

import (
	"fmt"

	"golang.org/x/net/bpf"
)

// maxInstructions is the longest program that kernels take (BPF_MAXINSNS).
const maxInstructions = 4096

// opReturn is the operation of "return a constant": BPF_RET | BPF_K.
const opReturn = 0x06

// limitFilter makes a filter return snaplen where it returns more, which is how the kernel is told where to cut. It returns a copy; no
// filter becomes one that takes all.
func limitFilter(filter []bpf.RawInstruction, snaplen int) ([]bpf.RawInstruction, error) {
	if len(filter) == 0 {
		return returns(uint32(snaplen)), nil
	}
	if len(filter) > maxInstructions {
		return nil, fmt.Errorf("%w: it has %d instructions, and %d is the most", ErrFilter, len(filter), maxInstructions)
	}
	out := make([]bpf.RawInstruction, len(filter))
	for i, in := range filter {
		if in.Op == opReturn {
			in.K = min(in.K, uint32(snaplen))
		}
		out[i] = in
	}
	return out, nil
}

// returns is the filter that keeps the first n bytes of each packet: none of any, where n is 0.
func returns(n uint32) []bpf.RawInstruction { return []bpf.RawInstruction{{Op: opReturn, K: n}} }
