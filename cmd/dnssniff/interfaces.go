package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/capture/live"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

func interfacesCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "interfaces",
		Short: "List the interfaces to capture from",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return listInterfaces(std.out) },
	}
}

func listInterfaces(w io.Writer) error {
	all, err := live.Interfaces()
	if err != nil {
		return err
	}
	for _, i := range all {
		if _, err := fmt.Fprintln(w, interfaceLine(&i)); err != nil {
			return err
		}
	}
	return nil
}

func interfaceLine(i *live.Interface) string {
	words := []string{sanitize.String(i.Name)}
	for _, a := range i.Addresses {
		words = append(words, a.String())
	}
	switch {
	case i.Err != nil:
		words = append(words, sanitize.String(i.Err.Error()))
	default:
		words = append(words, "("+i.Link.String()+", "+i.Flags.String()+")")
	}
	return strings.Join(words, "  ")
}
