//go:build unix

package opener

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture/dump"
)

// Opener asks the other process. Its methods may be called from any goroutine; they wait for the file system.
type Opener struct {
	mu   sync.Mutex
	conn *net.UnixConn
	cmd  *exec.Cmd
}

// Start starts a process, whose standard streams are nothing and whose file 3 is the socket for [Serve], and waits until it is ready. It is to be called while
// there are rights to give up. The caller calls Close.
func Start(cmd *exec.Cmd) (*Opener, error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, fmt.Errorf("a socket for the creation of files: %w", err)
	}
	for _, fd := range ends {
		unix.CloseOnExec(fd)
	}
	theirs := os.NewFile(uintptr(ends[1]), "files")
	defer theirs.Close()
	conn, err := connOf(os.NewFile(uintptr(ends[0]), "files"))
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{theirs}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the process that creates files: %w", err), conn.Close())
	}
	_ = theirs.Close() // so that its end is noticed
	o := &Opener{conn: conn, cmd: cmd}
	if _, err := o.result(""); err != nil {
		_ = o.Close() // that it failed is known
		return nil, err.Err
	}
	return o, nil
}

// Create creates a file that is not there yet. The name is one in the directory, and not that of a hidden file. The error is an [*os.PathError].
func (o *Opener) Create(name string) (*os.File, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	return o.ask(opNew, []byte(name), name)
}

// Rotate creates the file of a slot, or empties the one there is. name is what errors call it.
func (o *Opener) Rotate(at dump.Slot, name string) (*os.File, error) {
	b := binary.LittleEndian.AppendUint64(nil, uint64(at.Time.UnixNano()))
	return o.ask(opRotate, binary.LittleEndian.AppendUint32(b, uint32(at.Number)), name)
}

func (o *Opener) ask(op byte, body []byte, name string) (*os.File, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	request := binary.LittleEndian.AppendUint16([]byte{op}, uint16(len(body)))
	if _, err := o.conn.Write(append(request, body...)); err != nil {
		return nil, &os.PathError{Op: "create", Path: name, Err: errors.Join(ErrGone, err)}
	}
	f, err := o.result(name)
	switch {
	case err != nil:
		return nil, err
	case f == nil:
		return nil, &os.PathError{Op: "create", Path: name, Err: ErrGone}
	}
	return f, nil
}

// result reads a reply.
func (o *Opener) result(name string) (*os.File, *os.PathError) {
	var b [replySize]byte
	rights := make([]byte, unix.CmsgSpace(4))
	n, oob, _, _, err := o.conn.ReadMsgUnix(b[:], rights)
	if err != nil || n < len(b) {
		return nil, &os.PathError{Op: "create", Path: name, Err: ErrGone}
	}
	f := fileOf(rights[:oob], name)
	if number := binary.LittleEndian.Uint32(b[:]); number != 0 {
		return nil, &os.PathError{Op: "create", Path: name, Err: syscall.Errno(number)}
	}
	return f, nil
}

// fileOf returns the file that came with a reply.
func fileOf(rights []byte, name string) *os.File {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil || len(messages) == 0 {
		return nil
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil
	}
	unix.CloseOnExec(fds[0])
	return os.NewFile(uintptr(fds[0]), name)
}

// Close ends the other process. Files stay open.
func (o *Opener) Close() error {
	err := o.conn.Close()
	if waited := o.cmd.Wait(); waited != nil {
		err = errors.Join(err, fmt.Errorf("the process that creates files: %w", waited))
	}
	return err
}
