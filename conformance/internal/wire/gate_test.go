package wire

import (
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

// open is a gate that permits every request, as one that can take no effect.
type open struct{}

func (open) Permit(Sending) (Permit, *record.WireError) { return Permit{}, nil }

// A gateFunc is a gate of one function.
type gateFunc func(Sending) (Permit, *record.WireError)

func (f gateFunc) Permit(s Sending) (Permit, *record.WireError) { return f(s) }

func TestThereIsNoWireWithoutAGate(t *testing.T) {
	_, _, err := NewDialer(Config{Endpoint: Endpoint{URL: "http://127.0.0.1:1"}, Timeout: time.Second})
	require.ErrorIs(t, err, errNoGate)
	_, _, err = NewDialer(Config{Endpoint: Endpoint{Handler: http.NotFoundHandler()}, Timeout: time.Second})
	require.ErrorIs(t, err, errNoGate)
	require.Panics(t, func() { (&Pool{}).Send(t.Context(), plainSending(true)) }, "want no pool but one of a dialer")
}

func TestTheGateIsAskedBeforeEachSendAndSeesTheAnswer(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		var arrived atomic.Int64
		var conns atomic.Int64
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			arrived.Add(1)
			w.WriteHeader(http.StatusCreated)
		})
		refusal := &record.WireError{Kind: record.Withheld, Msg: "not sent: this one is not permitted"}
		asked, refused := 0, false
		var answers []int
		d, stop, err := NewDialer(Config{Endpoint: Endpoint{Handler: countingListener{handler, &conns}, HTTP2: http2},
			Timeout: 20 * time.Second, Gate: gateFunc(func(s Sending) (Permit, *record.WireError) {
				asked++
				require.EqualValues(t, asked-1, arrived.Load(), "want the gate asked before the request is sent")
				require.Equal(t, "a-case", s.Case)
				if refused {
					return Permit{}, refusal
				}
				return Permit{Effective: true, Answered: func(r *record.Response, werr *record.WireError) {
					require.Nil(t, werr)
					answers = append(answers, r.Status)
				}}, nil
			})})
		require.NoError(t, err)
		defer stop()
		p := d.NewPool()
		defer p.Close()
		s := plainSending(false)
		s.Case = "a-case"
		for range 2 {
			_, werr := p.Send(t.Context(), s)
			require.Nil(t, werr)
		}
		require.Equal(t, []int{201, 201}, answers)
		require.EqualValues(t, 2, conns.Load(), "want a connection of its own for each request that can take effect")
		refused = true
		r, werr := p.Send(t.Context(), s)
		require.Nil(t, r)
		require.Equal(t, refusal, werr)
		require.EqualValues(t, 2, arrived.Load(), "want nothing sent that the gate refused")
		require.Equal(t, 3, asked)
		require.Len(t, answers, 2, "want no answer reported for a request that was not sent")
	}
}

// A countingListener is a handler that counts its connections.
type countingListener struct {
	http.Handler
	conns *atomic.Int64
}

func (c countingListener) Listen(l net.Listener) net.Listener { return &counted{l, c.conns} }

type counted struct {
	net.Listener
	conns *atomic.Int64
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.conns.Add(1)
	}
	return conn, err
}
