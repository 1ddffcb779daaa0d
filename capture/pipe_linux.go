package capture

import (
	"os"

	"golang.org/x/sys/unix"
)

// pipeSize is what Linux lets any user have.
const pipeSize = 1 << 20

// widenPipe makes room in a pipe for more than the usual 64 KiB: writer and reader then wait for each other less often, and a pipe
// is read half as fast again. It does nothing to a file that is no pipe. File.Fd would make the file's reads uninterruptible.
func widenPipe(f *os.File) {
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) {
		_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) // a wish: without it all works
	})
}
