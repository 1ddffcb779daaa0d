package main

import (
	"fmt"
	"strconv"
	"strings"
)

// portList is a flag of port numbers: repeatable, and each value may be a list with commas.
type portList []uint16

func (l *portList) String() string { return strings.Trim(fmt.Sprint([]uint16(*l)), "[]") }

// Type names the value in the help text.
func (l *portList) Type() string { return "port" }

// Set adds the ports of one value.
func (l *portList) Set(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		n, err := strconv.ParseUint(word, 10, 16)
		if err != nil {
			return fmt.Errorf("%q is no port number from 0 to 65535", word)
		}
		*l = append(*l, uint16(n))
	}
	return nil
}
