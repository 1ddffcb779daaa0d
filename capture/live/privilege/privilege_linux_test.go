package privilege_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/capture/live"
	"github.com/dnssniff/dnssniff/capture/live/privilege"
)

// childEnv, when set, makes the test binary the process that gives up its rights.
const childEnv = "DNSSNIFF_TEST_PRIVILEGE"

// childPlan is what the child is to do.
type childPlan struct {
	Plan    privilege.Plan
	Capture string            // an interface to open before the drop, or ""
	Try     map[string]string // after the drop: a name for each attempt, and what
}

// childReport is what came of it.
type childReport struct {
	Status privilege.Status
	Err    string
	Kept   bool              // Err wraps ErrKept
	Tried  map[string]string // "" where it worked
}

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// pair makes the interfaces vA and vB, and lets vA send what is for 192.0.2.2.
const pair = `
sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
ip link add vA type veth peer name vB
ip link set vB up
ip link set vA up
ip addr add 192.0.2.1/24 dev vA
ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev vA`

// child gives up its rights, with threads of before and after, reports, and waits for its standard input to say what comes next.
func child() error {
	var p childPlan
	if err := json.Unmarshal([]byte(os.Getenv(childEnv)), &p); err != nil {
		return err
	}
	var c *live.Capture
	if p.Capture != "" {
		if out, err := exec.Command("sh", "-ec", pair).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		var err error
		if c, err = live.Open(live.Options{Interface: p.Capture}); err != nil {
			return err
		}
	}
	stop := make(chan struct{})
	threads(4, stop)
	var r childReport
	var err error
	r.Status, err = privilege.Drop(p.Plan)
	if err != nil {
		r.Err, r.Kept = err.Error(), errors.Is(err, privilege.ErrKept)
	}
	threads(4, stop)
	r.Tried = make(map[string]string)
	for name, what := range p.Try {
		r.Tried[name] = ""
		if err := try(what); err != nil {
			r.Tried[name] = err.Error()
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(&r); err != nil {
		return err
	}
	if c != nil {
		return watch(c)
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// threads makes threads that live on, each with a goroutine of its own.
func threads(n int, stop chan struct{}) {
	ready := make(chan struct{})
	for range n {
		go func() {
			runtime.LockOSThread()
			ready <- struct{}{}
			<-stop
		}()
	}
	for range n {
		<-ready
	}
}

// try attempts "VERB ARGUMENT".
func try(what string) error {
	verb, arg, _ := strings.Cut(what, " ")
	switch verb {
	case "read":
		_, err := os.ReadFile(arg)
		return err
	case "write":
		return os.WriteFile(arg, []byte("x"), 0o600)
	case "append":
		f, err := os.OpenFile(arg, os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			err = f.Close()
		}
		return err
	case "rename":
		return os.Rename(arg, arg+".1")
	case "remove":
		return os.Remove(arg)
	case "run":
		return exec.Command(arg).Run()
	case "connect":
		conn, err := net.Dial("tcp", arg)
		if err == nil {
			err = conn.Close()
		}
		return err
	case "packets":
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err == nil {
			err = unix.Close(fd)
		}
		return err
	case "root":
		return syscall.Setuid(0)
	}
	return fmt.Errorf("no such verb: %s", verb)
}

// watch tells on each line of standard input how many packets came, and how it stands with the interface.
func watch(c *live.Capture) error {
	src := c.Sources(1)[0]
	total, lines := 0, make(chan string)
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			lines <- in.Text()
		}
		c.Stop()
		close(lines)
	}()
	batch := make([]capture.Packet, 64)
	for {
		n, err := src.ReadBatch(batch)
		total += n
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-lines:
			fmt.Println(total, c.Stats().State)
		default:
		}
	}
}

// running is a child that has reported.
type running struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	childReport
}

// spawn starts a child. attr may be nil.
func spawn(t *testing.T, p childPlan, attr *syscall.SysProcAttr, binary string) *running {
	t.Helper()
	plan, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), childEnv+"="+string(plan))
	cmd.SysProcAttr, cmd.Stderr = attr, os.Stderr
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	r := &running{t: t, cmd: cmd, in: in, out: bufio.NewReader(out)}
	line, err := r.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("the child ended: %v", err)
	}
	if err := json.Unmarshal(line, &r.childReport); err != nil {
		t.Fatal(err)
	}
	if r.Kept && strings.Contains(r.Err, "cgo") {
		t.Skip("this test binary has cgo: ", r.Err)
	}
	return r
}

// self returns the path of the test binary.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// tasks returns /proc/PID/task/*/status as fields, by thread.
func (r *running) tasks() map[string]map[string]string {
	r.t.Helper()
	files, err := filepath.Glob("/proc/" + strconv.Itoa(r.cmd.Process.Pid) + "/task/*/status")
	if err != nil || len(files) < 8 {
		r.t.Fatalf("%d threads, %v", len(files), err)
	}
	all := make(map[string]map[string]string)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended
		}
		fields := make(map[string]string)
		for line := range strings.Lines(string(b)) {
			k, v, _ := strings.Cut(line, ":")
			fields[k] = strings.Join(strings.Fields(v), " ")
		}
		all[f] = fields
	}
	return all
}

// want compares all threads with what they should be.
func (r *running) want(fields map[string]string) {
	r.t.Helper()
	for task, got := range r.tasks() {
		for k, v := range fields {
			if got[k] != v {
				r.t.Errorf("%s: %s is %q, not %q", task, k, got[k], v)
			}
		}
	}
}

const noCaps = "0000000000000000"

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

func TestRootBecomesNobody(t *testing.T) {
	needRoot(t)
	r := spawn(t, childPlan{Try: map[string]string{"root": "root", "packets": "packets"}}, nil, self(t))
	if r.Err != "" {
		t.Fatal(r.Err)
	}
	t.Log(r.Status)
	r.want(map[string]string{
		"Uid": "65534 65534 65534 65534", "Gid": "65534 65534 65534 65534", "Groups": "",
		"CapInh": noCaps, "CapPrm": noCaps, "CapEff": noCaps, "CapBnd": noCaps, "CapAmb": noCaps, "NoNewPrivs": "1",
	})
	for name, err := range r.Tried {
		if err == "" {
			t.Errorf("%s is still possible", name)
		}
	}
}

func TestAnotherUser(t *testing.T) {
	needRoot(t)
	r := spawn(t, childPlan{Plan: privilege.Plan{UID: 1234, GID: 2345}}, nil, self(t))
	r.want(map[string]string{"Uid": "1234 1234 1234 1234", "Gid": "2345 2345 2345 2345", "CapEff": noCaps})
}

// A program that setcap gave the right to capture runs as its user, and cannot empty the bounding set.
func TestCapabilitiesWithoutRoot(t *testing.T) {
	needRoot(t)
	attr := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1234, Gid: 1234}, AmbientCaps: []uintptr{unix.CAP_NET_RAW, unix.CAP_NET_ADMIN}}
	dir := t.TempDir()
	for d := dir; d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o777); d != "/tmp" && err != nil {
			t.Fatal(err)
		}
		if filepath.Dir(d) == os.TempDir() {
			break
		}
	}
	binary := filepath.Join(dir, "test")
	raw, err := os.ReadFile(self(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary, raw, 0o755); err != nil {
		t.Fatal(err)
	}
	r := spawn(t, childPlan{Try: map[string]string{"packets": "packets"}}, attr, binary)
	if r.Err != "" {
		t.Fatal(r.Err)
	}
	t.Log(r.Status)
	r.want(map[string]string{
		"Uid": "1234 1234 1234 1234", "CapInh": noCaps, "CapPrm": noCaps, "CapEff": noCaps, "CapAmb": noCaps, "NoNewPrivs": "1",
	})
	if r.Tried["packets"] == "" {
		t.Error("packets can still be captured")
	}
	if !strings.Contains(r.Status.String(), "not: empty bounding set") {
		t.Error(r.Status)
	}
}

func landlock(t *testing.T) int {
	t.Helper()
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		t.Skipf("no Landlock: %v", errno)
	}
	return int(abi)
}

func TestFiles(t *testing.T) {
	abi := landlock(t)
	open, shut, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "file")
	for _, d := range []string{open, shut, filepath.Dir(open), filepath.Dir(filepath.Dir(file))} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{file, filepath.Join(open, "old"), filepath.Join(shut, "secret")} {
		if err := os.WriteFile(f, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(f, 0o666); err != nil { // no umask
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	uid := os.Geteuid() // the same for file permissions, so that they allow all of this
	if uid == 0 {
		uid = 1234
	}
	plan := privilege.Plan{UID: uid, Write: []string{open, file}, Read: []string{"/etc/hostname", "/etc/hosts", "/no/such/file"}}
	may := map[string]string{
		"write in directory": "write " + open + "/new", "rename in directory": "rename " + open + "/old",
		"append to file": "append " + file, "read allowed": "read /etc/hosts",
	}
	mayNot := map[string]string{
		"write elsewhere": "write " + shut + "/new", "append elsewhere": "append " + shut + "/secret", "remove elsewhere": "remove " + shut + "/secret",
		"read elsewhere": "read " + shut + "/secret", "remove file": "remove " + file, "read passwd": "read /etc/passwd", "run": "run /bin/true",
	}
	if abi >= 4 {
		mayNot["connect"] = "connect " + listener.Addr().String()
	}
	all := make(map[string]string)
	for _, m := range []map[string]string{may, mayNot} {
		for k, v := range m {
			all[k] = v
		}
	}
	r := spawn(t, childPlan{Plan: plan, Try: all}, nil, self(t))
	if r.Err != "" {
		t.Fatal(r.Err)
	}
	for name := range may {
		if err := r.Tried[name]; err != "" {
			t.Errorf("%s: %s", name, err)
		}
	}
	for name := range mayNot {
		if r.Tried[name] == "" {
			t.Errorf("%s is still possible", name)
		}
	}
}

func TestNetworkStays(t *testing.T) {
	landlock(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	r := spawn(t, childPlan{Plan: privilege.Plan{Network: true}, Try: map[string]string{"c": "connect " + listener.Addr().String()}}, nil, self(t))
	if err := r.Tried["c"]; err != "" {
		t.Error(err)
	}
}

func TestPathThatIsMissing(t *testing.T) {
	landlock(t)
	r := spawn(t, childPlan{Plan: privilege.Plan{Write: []string{"/no/such/directory"}}}, nil, self(t))
	if !strings.Contains(r.Err, "/no/such/directory") || r.Kept {
		t.Error(r.Err)
	}
}

// Without any right, a capture goes on when its interface is removed and made again.
func TestCaptureGoesOn(t *testing.T) {
	needRoot(t)
	for _, tool := range []string{"nsenter", "ip", "sysctl", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no ", tool)
		}
	}
	r := spawn(t, childPlan{Capture: "vB"}, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}, self(t))
	if r.Err != "" {
		t.Fatal(r.Err)
	}
	r.want(map[string]string{"Uid": "65534 65534 65534 65534", "CapEff": noCaps})
	inside := func(args ...string) {
		t.Helper()
		all := append([]string{"--net=/proc/" + strconv.Itoa(r.cmd.Process.Pid) + "/ns/net"}, args...)
		if out, err := exec.Command("nsenter", all...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	state := func(want func(packets int, state string) bool) {
		t.Helper()
		for range 200 { // each takes up to the idle time
			fmt.Fprintln(r.in)
			line, err := r.out.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			n, s, _ := strings.Cut(strings.TrimSpace(line), " ")
			if k, _ := strconv.Atoi(n); want(k, s) {
				return
			}
		}
		t.Fatal("it does not come to that")
	}
	send := func() { inside("bash", "-c", "echo hello > /dev/udp/192.0.2.2/53") }
	state(func(_ int, s string) bool { return s == "up" })
	send()
	state(func(n int, _ string) bool { return n == 1 })
	inside("ip", "link", "del", "vA")
	state(func(_ int, s string) bool { return s == "away" })
	inside("sh", "-ec", pair)
	state(func(_ int, s string) bool { return s == "up" })
	send()
	state(func(n int, _ string) bool { return n == 2 })
}
