package dump

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no file system of 64 KiB here: %v", err)
	}
	defer func() { _ = syscall.Unmount(dir, 0) }()
	path := filepath.Join(dir, "x.pcapng")
	_, st := run(t, Options{Open: func(Slot) (File, error) { return os.Create(path) }}, &feed{batches: batches(packets(1000, 1000, 10*time.Millisecond), 10)})
	if st.Lost == 0 || st.Packets == 0 || st.Packets+st.Lost != 1000 || !errors.Is(st.Trouble, syscall.ENOSPC) {
		t.Errorf("%+v", st)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := numbers(t, file); !slices.Equal(got, upTo(0, int(st.Packets))) {
		t.Errorf("%v, %+v", got, st)
	}
}
