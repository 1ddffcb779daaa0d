package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/capture/dump"
	"github.com/dnssniff/dnssniff/capture/live/privilege/opener"
)

// creatorName is the hidden command that creates files for a capture without rights.
const creatorName = "opener"

// newCreator returns what creates files in a directory, though the rights to do so may be given up by then.
func newCreator(c opener.Config, keepsRights bool) (creator, error) {
	if keepsRights {
		return &directCreator{c}, nil
	}
	conf, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	self := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		if self, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command(self, creatorName, string(conf))
	cmd.Args[0] = "dnssniff"
	return opener.Start(cmd)
}

func createFilesCommand() *cobra.Command {
	return &cobra.Command{
		Use: creatorName, Hidden: true, Args: cobra.ExactArgs(1),
		Short: "Create files for a capture that has given up its rights",
		RunE: func(_ *cobra.Command, args []string) error {
			var c opener.Config
			if err := json.Unmarshal([]byte(args[0]), &c); err != nil {
				return usageError{fmt.Errorf("%s is not for people: %w", creatorName, err)}
			}
			const socket = 3
			return opener.Serve(c, os.NewFile(socket, "socket"))
		},
	}
}

// directCreator creates files itself.
type directCreator struct{ opener.Config }

// Create creates a file that is not there yet.
func (d *directCreator) Create(name string) (*os.File, error) {
	return createNew(filepath.Join(d.Dir, name))
}

// Rotate creates a file, or empties the one there is.
func (d *directCreator) Rotate(at dump.Slot, _ string) (*os.File, error) {
	return os.Create(filepath.Join(d.Dir, d.Pattern.Name(at)))
}

// Close does nothing.
func (d *directCreator) Close() error { return nil }
