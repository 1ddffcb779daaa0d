// Package pcaps holds sample captures of real servers and clients, each with a description whose counts are tshark's. It imports nothing of the
// project. README.md lists the captures; the lab in pcaps/lab makes them.
package pcaps

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed office.pcap office.yaml
//go:embed incident-broken-client.* incident-dnssec-expired.* incident-random-subdomains.* incident-amplification.* incident-fragments-dropped.* incident-healthy-busy.*
var embedded embed.FS

// Embedded returns the names of the captures that are part of the program, sorted.
func Embedded() []string {
	files, _ := fs.Glob(embedded, "*.yaml") // fails only for a malformed pattern
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".yaml")
	}
	slices.Sort(files)
	return files
}

// Open returns an embedded capture and its description. The bytes are the caller's. It fails with [fs.ErrNotExist] for a name that is not among
// those of [Embedded].
func Open(name string) ([]byte, Description, error) {
	d, err := Describe(embedded, name)
	if err != nil {
		return nil, d, err
	}
	b, err := embedded.ReadFile(d.File)
	return b, d, err
}
