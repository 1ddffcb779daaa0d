//go:build unix

package opener

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture/dump"
	"github.com/dnssniff/dnssniff/capture/live/privilege"
)

// A request is an operation, the length of a name in 2 bytes, and the name; or, to rotate, the length 12, a time in ns and a number. A reply is an error
// number in 4 bytes, 0 for none, with the file as ancillary data.
const (
	opNew    = 'n'
	opRotate = 'r'

	requestHeader = 3
	slotSize      = 12
	replySize     = 4
)

// Serve is the process that creates files, on its end of a socket. It gives up all rights but those to the directory, says with a first reply
// whether that went well, and ends with the socket. Interrupts, which reach all processes of a terminal, do not end it.
func Serve(c Config, socket *os.File) error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	conn, err := connOf(socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	root, err := settle(c)
	if err := errors.Join(err, reply(conn, nil, err)); err != nil {
		return err
	}
	defer root.Close()
	for {
		f, err := answer(conn, root, &c)
		if errors.Is(err, errEnd) {
			return nil
		}
		if err := reply(conn, f, err); err != nil {
			return err
		}
	}
}

// settle opens the directory and becomes its owner.
func settle(c Config) (*os.Root, error) {
	_ = time.Now().Local().String() // reads the time zone, while it can be read
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	plan := privilege.Plan{Stay: true, Write: []string{c.Dir}}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
		plan.Stay, plan.UID, plan.GID = false, int(st.Uid), int(st.Gid)
	}
	if _, err := privilege.Drop(plan); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return root, nil
}

// errEnd says that nobody asks any more.
var errEnd = errors.New("the end")

// answer reads a request and does it.
func answer(conn io.Reader, root *os.Root, c *Config) (*os.File, error) {
	var head [requestHeader]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, errEnd
	}
	body := make([]byte, binary.LittleEndian.Uint16(head[1:]))
	if _, err := io.ReadFull(conn, body); err != nil {
		return nil, errEnd
	}
	const (
		mode      = 0o644
		exclusive = os.O_WRONLY | os.O_CREATE | os.O_EXCL
		over      = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	)
	switch {
	case head[0] == opNew:
		if err := checkName(string(body)); err != nil {
			return nil, err
		}
		return root.OpenFile(string(body), exclusive, mode)
	case head[0] == opRotate && len(body) == slotSize && c.Pattern.Text != "":
		name := c.Pattern.Name(slotOf(body))
		if err := checkName(name); err != nil {
			return nil, err
		}
		return root.OpenFile(name, over, mode)
	}
	return nil, errEnd
}

func slotOf(b []byte) dump.Slot {
	number := min(binary.LittleEndian.Uint32(b[8:]), math.MaxInt32)
	return dump.Slot{Time: time.Unix(0, int64(binary.LittleEndian.Uint64(b))), Number: int(number)}
}

// reply sends what came of a request, and closes the file here.
func reply(conn *net.UnixConn, f *os.File, err error) error {
	var number syscall.Errno
	switch {
	case err == nil:
	case errors.As(err, &number):
	case errors.Is(err, ErrName):
		number = syscall.EINVAL
	default:
		number = syscall.EPERM // a path that leaves the directory
	}
	var rights []byte
	if f != nil {
		rights = unix.UnixRights(int(f.Fd()))
		defer f.Close()
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(number))
	if _, _, err := conn.WriteMsgUnix(out, rights, nil); err != nil {
		return fmt.Errorf("handing a file over: %w", err)
	}
	return nil
}

func connOf(socket *os.File) (*net.UnixConn, error) {
	c, err := net.FileConn(socket)
	_ = socket.Close() // it was copied
	if err != nil {
		return nil, err
	}
	conn, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(ErrGone, c.Close())
	}
	return conn, nil
}
