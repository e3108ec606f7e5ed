//go:build unix

package devstack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// fileLock is an exclusive advisory lock that the kernel drops when the process ends, however it ends.
type fileLock struct{ f *os.File }

// lockFile takes the lock of path, waiting up to wait for it. The file then holds this process's ID. While another
// process has it, the error is a *LockedError naming the folder.
func lockFile(path string, wait time.Duration) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("devstack: lock: %w", err)
	}
	for deadline := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			break
		}
	}
	if err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &LockedError{filepath.Dir(path), lockHolder(f)}
		}
		return nil, fmt.Errorf("devstack: lock %s: %w", path, err)
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &fileLock{f}, nil
}

// locked tells whether some process has the lock of path, without disturbing it.
func locked(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

func lockHolder(f *os.File) int {
	b, _ := io.ReadAll(io.NewSectionReader(f, 0, 32))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return pid
}

// unlock may be called twice. It says so to the kernel and does not leave it to Close: a child that is just being started
// has the descriptor too until it runs its own program, and would hold the lock for that long.
func (l *fileLock) unlock() {
	if err := syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN); err == nil {
		_ = l.f.Close()
	}
}
