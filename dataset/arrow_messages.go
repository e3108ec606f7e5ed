package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// arrowMessages cuts a stream into messages (https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format). The
// library's own reader allocates whatever a damaged length asks for, which ends the process; here memory follows what is there.
type arrowMessages struct {
	r   io.Reader
	msg *ipc.Message
}

const (
	arrowContinuation = 0xFFFFFFFF
	maxArrowMetadata  = 64 << 20
	arrowReadBytes    = 16 << 20 // of a body, allocated at first
)

// Message returns the next message, valid until the next call, or io.EOF.
func (a *arrowMessages) Message() (*ipc.Message, error) {
	length, err := a.length()
	if err != nil {
		return nil, err
	}
	if length == 0 {
		return nil, io.EOF
	}
	if length > maxArrowMetadata {
		return nil, fmt.Errorf("a message's metadata is said to have %d bytes", length)
	}
	head, err := a.bytes(int64(length))
	if err != nil {
		return nil, err
	}
	checkMessage(head)
	meta := memory.NewBufferBytes(head)
	probe := ipc.NewMessage(meta, memory.NewBufferBytes(nil))
	body, err := a.bytes(probe.BodyLen())
	if err != nil {
		return nil, err
	}
	a.Release()
	a.msg = ipc.NewMessage(meta, memory.NewBufferBytes(body))
	return a.msg, nil
}

// length reads the length of a message's metadata: behind a mark, or, as old writers have it, by itself.
func (a *arrowMessages) length() (uint32, error) {
	var word [4]byte
	if _, err := io.ReadFull(a.r, word[:]); err != nil {
		return 0, err
	}
	if n := binary.LittleEndian.Uint32(word[:]); n != arrowContinuation {
		return n, nil
	}
	if _, err := io.ReadFull(a.r, word[:]); err != nil {
		return 0, unexpected(err)
	}
	return binary.LittleEndian.Uint32(word[:]), nil
}

// bytes reads as many bytes as a message says it has.
func (a *arrowMessages) bytes(n int64) ([]byte, error) {
	if n < 0 {
		return nil, fmt.Errorf("a message is said to have %d bytes", n)
	}
	b := make([]byte, min(n, arrowReadBytes))
	for at := 0; ; {
		if _, err := io.ReadFull(a.r, b[at:]); err != nil {
			return nil, unexpected(err)
		}
		if int64(len(b)) == n {
			return b, nil
		}
		at = len(b)
		b = append(b, make([]byte, min(n-int64(at), int64(at)))...)
	}
}

// unexpected is the end of the data inside a message.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Release frees the last message.
func (a *arrowMessages) Release() {
	if a.msg != nil {
		a.msg.Release()
		a.msg = nil
	}
}

// Retain does nothing: there is one owner.
func (a *arrowMessages) Retain() {}

// boundedMemory refuses buffers of a size that only damage asks for, by a panic that readers turn into an error: the libraries check no
// lengths, and to run out of memory cannot be recovered from.
type boundedMemory struct{ memory.Allocator }

// maxBuffer bounds one buffer of a column or page.
const maxBuffer = 1 << 30

func readMemory() memory.Allocator { return boundedMemory{memory.DefaultAllocator} }

func (b boundedMemory) Allocate(size int) []byte {
	b.check(size)
	return b.Allocator.Allocate(size)
}

func (b boundedMemory) Reallocate(size int, old []byte) []byte {
	b.check(size)
	return b.Allocator.Reallocate(size, old)
}

func (boundedMemory) check(size int) {
	if size < 0 || size > maxBuffer {
		panic(fmt.Errorf("a buffer is said to have %d bytes; the bound is %d", size, maxBuffer))
	}
}
