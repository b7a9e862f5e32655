//go:build pact

package pact

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pact-foundation/pact-go/v2/models"

	"fmaspec/conformance"
	"fmaspec/conformance/pactfile"
)

// A front is a proxy in front of the target that inserts its tokens into requests. Pact-go and
// the native library, which print and forward their input, only get placeholders.
type front struct {
	handler http.Handler
	target  conformance.Target
	secrets []secret
	server  *httptest.Server
	count   atomic.Int64 // number of requests received

	mu       sync.Mutex
	problems map[string]bool // why requests were not forwarded
}

// A secret is a token of the target, with the state of the pact and the placeholder.
type secret struct {
	state, parameter, standIn string
	token                     func(context.Context) (string, error) // nil if the target has none
	lacks                     string
}

func newFront(target conformance.Target) (*front, error) {
	f := &front{target: target, problems: map[string]bool{}}
	constant := func(token string) func(context.Context) (string, error) {
		if token == "" {
			return nil
		}
		return func(context.Context) (string, error) { return token, nil }
	}
	actor := target.TokenSource
	if actor == nil {
		actor = constant(cmp.Or(target.Token, "a-made-up-token"))
	}
	for _, s := range pactfile.TokenStates() {
		k, _ := conformance.TokenNamed(s.Variable)
		token := constant(*k.In(&target))
		if s.State == pactfile.TokenOfActor {
			token = actor
		}
		f.secrets = append(f.secrets, secret{s.State, s.Parameter, "stand-in-" + rand.Text(), token,
			fmt.Sprintf("needs %s; set Target.%s or %s", k.Of, k.Field, k.Env())})
	}
	if f.handler = target.Handler; f.handler != nil {
		return f, nil
	}
	u, err := url.Parse(target.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "" {
		return nil, errors.New("the target's URL is not scheme, host and path; give one such as http://127.0.0.1:8080")
	}
	if !loopback(u.Hostname()) {
		return nil, fmt.Errorf("%s is not loopback, and the requests of a pact take effect; run the provider on this "+
			"machine, or judge it with fmaspec run", u.Host)
	}
	f.handler = f.forward(u, target.Transport)
	return f, nil
}

// states returns the handlers of the pact's provider states.
func (f *front) states() models.StateHandlers {
	handlers := models.StateHandlers{
		pactfile.MachineExists: func(bool, models.ProviderState) (models.ProviderStateResponse, error) {
			return models.ProviderStateResponse{pactfile.ParamMachine: cmp.Or(f.target.Machine,
				conformance.DefaultMachine)}, nil
		},
	}
	for _, s := range f.secrets {
		handlers[s.state] = func(bool, models.ProviderState) (models.ProviderStateResponse, error) {
			if s.token == nil {
				return nil, errors.New(s.lacks)
			}
			return models.ProviderStateResponse{s.parameter: s.standIn}, nil
		}
	}
	return handlers
}

// lacks returns what the target would need for the states, or "".
func (f *front) lacks(states []pactfile.State) string {
	for _, state := range states {
		for _, s := range f.secrets {
			if s.state == state.Name && s.token == nil {
				return s.lacks
			}
		}
	}
	return ""
}

func (f *front) start()       { f.server = httptest.NewServer(f) }
func (f *front) stop()        { f.server.CloseClientConnections(); f.server.Close() }
func (f *front) url() string  { return f.server.URL }
func (f *front) asked() int64 { return f.count.Load() }

// ServeHTTP forwards a request to the target with its tokens, and without the additions of
// pact-go's proxy.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.count.Add(1)
	r.Header.Del("X-Forwarded-For")
	for i, value := range r.Header["Authorization"] {
		for _, s := range f.secrets {
			if s.token == nil || !strings.Contains(value, s.standIn) {
				continue
			}
			token, err := s.token(r.Context())
			if err != nil {
				f.fail(w, fmt.Sprintf("there is no token: %v", err))
				return
			}
			value = strings.ReplaceAll(value, s.standIn, token)
		}
		r.Header["Authorization"][i] = value
	}
	f.handler.ServeHTTP(w, r)
}

// fail answers a request that cannot be forwarded, and records why.
func (f *front) fail(w http.ResponseWriter, problem string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.problems[problem] = true
	http.Error(w, "pact: "+problem, http.StatusBadGateway)
}

// sortedProblems returns the problems, sorted.
func (f *front) sortedProblems() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.problems))
}

// forward returns a proxy to a URL on this machine.
func (f *front) forward(to *url.URL, how conformance.Transport) http.Handler {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if at, ok := c.RemoteAddr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
			c.Close()
			return nil, fmt.Errorf("%s resolves to %v, which is another machine", address, c.RemoteAddr())
		}
		return c, nil
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			for _, field := range how.Header {
				if r.Out.Header.Get(field.Name) == "" {
					r.Out.Header.Set(field.Name, field.Value)
				}
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			f.fail(w, fmt.Sprintf("the target gave no answer: %v", err))
		},
		Transport: &http.Transport{
			DialContext:        dial,
			DisableCompression: true,
			TLSClientConfig: &tls.Config{RootCAs: how.RootCAs, Certificates: how.Certificates,
				InsecureSkipVerify: how.Insecure},
		},
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
