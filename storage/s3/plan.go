package s3

import "github.com/batchmill/batchmill/storage"

// piece is one part of the multipart upload that composes an object: either one range that the server copies, or small pieces
// that pass through this process.
type piece struct {
	copy   storage.Part
	stream []storage.Part
	size   int64
}

// plan cuts parts into upload parts: ranges of at least least bytes are copied by the server, in cuts of at most cut bytes;
// what is smaller is gathered until it is at least least bytes, if need be by borrowing the head of the range that follows.
// So no upload part but the last is under least bytes, and none that streams is over least+target.
func plan(parts []storage.Part, least, target, cut int64) []piece {
	var out []piece
	var pending []storage.Part
	var pendingSize int64
	flush := func() {
		if pendingSize > 0 {
			out = append(out, piece{stream: pending, size: pendingSize})
			pending, pendingSize = nil, 0
		}
	}
	gather := func(p storage.Part) {
		pending, pendingSize = append(pending, p), pendingSize+p.Size()
		if pendingSize >= target {
			flush()
		}
	}
	for _, p := range parts {
		for p.Size() > 0 {
			if p.Source.IsZero() || p.Size() < least {
				var head storage.Part
				head, p = split(p, min(p.Size(), target))
				gather(head)
				continue
			}
			if pendingSize > 0 && pendingSize < least {
				var head storage.Part
				head, p = split(p, least-pendingSize)
				gather(head)
			}
			if p.Size() < least {
				continue // what is left joins the small ones
			}
			flush()
			n := p.Size()
			if n > cut {
				n = min(cut, n-least) // leaves at least least bytes
			}
			var head storage.Part
			head, p = split(p, n)
			out = append(out, piece{copy: head, size: n})
		}
	}
	flush()
	return out
}

// split cuts a part in two at n bytes.
func split(p storage.Part, n int64) (head, tail storage.Part) {
	head, tail = p, p
	if p.Source.IsZero() {
		head.Bytes, tail.Bytes = p.Bytes[:n], p.Bytes[n:]
		return head, tail
	}
	head.Length = n
	tail.Offset, tail.Length = p.Offset+n, p.Length-n
	return head, tail
}
