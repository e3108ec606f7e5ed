package sharding

import "sync"

// recent keeps what was read last, by key. What several ask for at once is read once. Safe for concurrent use.
type recent[K comparable, V any] struct {
	most  int
	mu    sync.Mutex
	order []K // oldest first
	read  map[K]func() (V, error)
}

func newRecent[K comparable, V any](most int) *recent[K, V] {
	return &recent[K, V]{most: most, read: make(map[K]func() (V, error))}
}

// get returns what is kept under the key, or what read returns; a failure is kept, too.
func (r *recent[K, V]) get(key K, read func() (V, error)) (V, error) { return r.once(key, read)() }

func (r *recent[K, V]) once(key K, read func() (V, error)) func() (V, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if kept, ok := r.read[key]; ok {
		return kept
	}
	once := sync.OnceValues(read)
	r.read[key] = once
	if r.order = append(r.order, key); len(r.order) > r.most {
		delete(r.read, r.order[0])
		r.order = r.order[1:]
	}
	return once
}
