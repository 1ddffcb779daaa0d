//go:build !linux

package capture

import "os"

func widenPipe(*os.File) {}
