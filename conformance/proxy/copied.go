package proxy

import (
	"io"
	"sync"
	"sync/atomic"
)

// A budget is what all copies together may hold, in bytes.
type budget struct {
	used  atomic.Int64
	limit int64
}

// take reports whether n more bytes are within the budget, and takes them.
func (b *budget) take(n int64) bool {
	if b.used.Add(n) > b.limit {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }

// A copied body is the beginning of a body that passes.
type copied struct {
	budget *budget
	limit  int64

	mu    sync.Mutex
	data  []byte
	whole bool // the end of the body passed
	over  bool // the body is longer than the limit
	lost  bool // there was no memory for it
	taken bool // data belongs to somebody else
}

// note copies bytes that passed.
func (c *copied) note(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(p) == 0 || c.taken || c.lost || c.over {
		return
	}
	if room := c.limit - int64(len(c.data)); int64(len(p)) > room {
		c.over, p = true, p[:room]
	}
	if !c.budget.take(int64(len(p))) {
		c.budget.give(int64(len(c.data)))
		c.data, c.lost = nil, true
		return
	}
	c.data = append(c.data, p...)
}

func (c *copied) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.whole = true
}

func (c *copied) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// take returns the copy, whose bytes belong to the caller, who gives them back to the budget.
func (c *copied) take() (data []byte, whole, over, lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, c.data, c.taken = c.data, nil, true
	return data, c.whole && !c.over, c.over, c.lost
}

// A tap is a body whose bytes are counted, and copied where copy is not nil, as they are read.
type tap struct {
	io.ReadCloser
	count *atomic.Int64
	copy  *copied
	read  func(error) // called after each read, with its error
	close func()      // called before the body is closed
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.count.Add(int64(n))
	if t.copy != nil {
		t.copy.note(p[:n])
		if err == io.EOF {
			t.copy.end()
		}
	}
	if t.read != nil {
		t.read(err)
	}
	return n, err
}

func (t *tap) Close() error {
	if t.close != nil {
		t.close()
	}
	return t.ReadCloser.Close()
}

// A hold reads a body ahead, up to a limit, while nobody else reads it.
type hold struct {
	from   io.ReadCloser
	limit  int64
	budget *budget
	pool   *buffers
	done   chan struct{} // closed when the end, an error or the limit is met

	mu    sync.Mutex
	more  sync.Cond
	data  []byte
	at    int
	over  bool // the limit was met before the end, or there was no memory
	err   error
	taken int64 // of the budget
	freed bool
}

func newHold(from io.ReadCloser, limit int64, b *budget, pool *buffers) *hold {
	h := &hold{from: from, limit: limit, budget: b, pool: pool, done: make(chan struct{})}
	h.more.L = &h.mu
	go h.fill()
	return h
}

func (h *hold) fill() {
	defer close(h.done)
	buffer := h.pool.Get()
	defer h.pool.Put(buffer)
	for n, err := 0, error(nil); err == nil; {
		n, err = h.from.Read(buffer)
		h.mu.Lock()
		h.data, h.err = append(h.data, buffer[:n]...), err
		if !h.freed && h.budget.take(int64(n)) {
			h.taken += int64(n)
		} else {
			h.over = err == nil
		}
		h.over = h.over || err == nil && int64(len(h.data)) > h.limit
		over := h.over
		h.more.Broadcast()
		h.mu.Unlock()
		if over {
			return
		}
	}
}

// whole returns all bytes of the body, and reports whether its end was met within the limit.
func (h *hold) whole() ([]byte, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.data, h.err == io.EOF && int64(len(h.data)) <= h.limit
}

// broken reports whether the body was read up to an error.
func (h *hold) broken() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err != nil && h.err != io.EOF
}

// Read returns what was read ahead, and then what follows.
func (h *hold) Read(p []byte) (int, error) {
	h.mu.Lock()
	for h.at == len(h.data) && h.err == nil && !h.over {
		h.more.Wait()
	}
	n := copy(p, h.data[h.at:])
	h.at += n
	direct, err := h.over, h.err
	if h.at == len(h.data) {
		h.data, h.at = h.data[:0], 0
	}
	h.mu.Unlock()
	switch {
	case n > 0 || len(p) == 0:
		return n, nil
	case direct:
		return h.from.Read(p)
	}
	return 0, err
}

// free gives the memory back to the budget.
func (h *hold) free() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.budget.give(h.taken)
	h.taken, h.freed = 0, true
}

func (h *hold) Close() error {
	h.free()
	return h.from.Close()
}
