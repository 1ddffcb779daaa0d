// Package opener creates files for a process that has given up the right to do so.
//
// Before it gives that up, the process starts another one, which becomes the owner of one directory and gives up all else (see
// [privilege.Drop]). It creates files there when asked, and hands them over open. It never reads a packet; what it is asked for is a plain name,
// which it checks, so that a fault in the first process does not let anybody write over files: it creates new ones, and those of the names that it
// was told at the start.
package opener

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dnssniff/dnssniff/capture/dump"
)

// Config says what may be created.
type Config struct {
	// Dir is the directory of all files.
	Dir string
	// Pattern is of the names of [Opener.Rotate]: files of these names are written over. Without a text there are none.
	Pattern dump.Pattern
}

// Errors of names.
var (
	// ErrName: files of that name are not created.
	ErrName = errors.New("no name for a file here")
	// ErrGone: the process that creates files is not there, or does not answer.
	ErrGone = errors.New("files cannot be created any more")
)

// longestName bounds a name, in bytes, as file systems do.
const longestName = 255

// checkName says whether a file of that name may be created: none in another directory, and none that is hidden, as shells read those.
func checkName(name string) error {
	if name == "" || len(name) > longestName || strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\x00") || !filepath.IsLocal(name) {
		return fmt.Errorf("%q: %w", name, ErrName)
	}
	return nil
}
