package reference

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"fmaspec/openapi"
)

// maxBody is the most bytes of a request body that the server takes; more is
// answered 413. A Comment of 65,536 characters fits however it is escaped.
const maxBody = 2 << 20

// A Config configures the conforming server. The zero Config issues no token, so that
// its server refuses everyone.
type Config struct {
	Token             string // the bearer token of a user who holds the role
	UnprivilegedToken string // the bearer token of a user who does not; "" for none
	// the bearer token of a user who is security administrator alone; "" for none
	SecurityAdminToken string
	GlobalAdminToken   string              // the bearer token of a user who is global administrator alone; "" for none
	UnknownMachine     string              // the machine id that is answered 404, also with more around it; "" for none
	Machines           []string            // the ids of the only machines that there are; nil for every one
	OfflineMachine     string              // the machine id whose actions wait, which are Pending; "" for none
	Now                func() time.Time    // the clock; nil for time.Now
	NewID              func() string       // gives each action its id; nil for random UUIDs
	Operations         []openapi.Operation // what is served; nil for those of the embedded document
}

// server is the conforming server. It has no state between requests.
type server struct{ Config }

// New returns the conforming server for every operation of the OpenAPI document. It
// is safe for concurrent use and does not panic.
func New(c Config) http.Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		c.NewID = newUUID
	}
	if c.Operations == nil {
		ops, err := operations()
		if err != nil {
			// The document is part of the build and a test loads it: a release never comes here.
			return broken{}
		}
		c.Operations = ops
	}
	return &server{c}
}

// broken answers 500 to everything.
type broken struct{}

func (broken) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	refusal{status: http.StatusInternalServerError, code: "InternalServerError", message: "The service is not " +
		"available."}.answer().write(w)
}

// exchange is one request on its way through the checks, which fill it in.
type exchange struct {
	*http.Request
	body       []byte
	readErr    error
	operation  openapi.Operation
	machine    string
	privileged bool
	requestor  string // who asks, as far as a token says
	comment    string
	sha1       string
}

// ServeHTTP answers 201 with a FileMachineAction, or refuses for the first
// check that does not hold. The body is read before all else, so that the
// connection stays usable after a refusal.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Request: r}
	x.body, x.readErr = readBody(r.Body)
	checks := []func(*exchange) *refusal{
		s.route, s.method, s.credentials, s.role, s.knownMachine, mediaType, size, parameters, s.listedMachine,
	}
	for _, check := range checks {
		if no := check(x); no != nil {
			no.answer().write(w)
			return
		}
	}
	s.accept(x).write(w)
}

var errTooLong = errors.New("body too long")

// readBody reads up to maxBody bytes, and throws a good deal more away. The
// body may be nil, where no server made the request.
func readBody(body io.Reader) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err == nil && len(b) > maxBody {
		_, _ = io.CopyN(io.Discard, body, 32*maxBody)
		err = errTooLong
	}
	return b, err
}

// route finds the operation whose path template matches.
func (s *server) route(x *exchange) *refusal {
	for _, op := range s.Operations {
		if values, ok := op.Match(x.URL.EscapedPath()); ok {
			x.operation, x.machine = op, op.Subject(values)
			return nil
		}
	}
	return &refusal{status: http.StatusNotFound, code: "NotFound", message: "No such resource."}
}

func (s *server) method(x *exchange) *refusal {
	if x.Method == x.operation.Method {
		return nil
	}
	return &refusal{status: http.StatusMethodNotAllowed, code: "MethodNotAllowed",
		message: "The resource does not allow this method.", header: http.Header{"Allow": {x.operation.Method}}}
}

func (s *server) knownMachine(x *exchange) *refusal {
	if s.UnknownMachine == "" || !strings.Contains(x.machine, s.UnknownMachine) {
		return nil
	}
	return notFound()
}

// listedMachine looks a machine up where there is a list, when all else of the request holds.
func (s *server) listedMachine(x *exchange) *refusal {
	if s.Machines == nil || slices.ContainsFunc(s.Machines, func(id string) bool {
		return strings.EqualFold(id, x.machine)
	}) {
		return nil
	}
	return notFound()
}

func notFound() *refusal {
	return &refusal{status: http.StatusNotFound, code: "ResourceNotFound", message: "The machine was not found."}
}

// mediaType takes JSON, and takes a body without a declared type for JSON: the
// documents list the header without calling it required.
func mediaType(x *exchange) *refusal {
	no := &refusal{status: http.StatusUnsupportedMediaType, code: "UnsupportedMediaType",
		message: "The body has to be application/json."}
	if coding := x.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return no
	}
	switch types := x.Header.Values("Content-Type"); len(types) {
	case 0:
		return nil
	case 1:
		name, _, err := mime.ParseMediaType(types[0])
		if name == "application/json" && (err == nil || errors.Is(err, mime.ErrInvalidMediaParameter)) {
			return nil
		}
	}
	return no
}

func size(x *exchange) *refusal {
	if !errors.Is(x.readErr, errTooLong) {
		return nil
	}
	return &refusal{status: http.StatusRequestEntityTooLarge, code: "RequestTooLarge", message: "The body is too long."}
}

// newUUID returns a random UUID (RFC 9562, version 4), lower case.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
