package hostile

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// greeting is an honest handler.
func greeting(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	w.Header().Set("X-Honest", "yes")
	w.WriteHeader(http.StatusCreated)
	io.WriteString(w, `{"a":1}`)
}

func serving(t *testing.T, b Behaviour) *Server {
	t.Helper()
	s, err := Start(b, http.HandlerFunc(greeting))
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s
}

func TestBehavioursAreToldApart(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range Behaviours() {
		require.Regexp(t, `^[a-z0-9]+([.-][a-z0-9]+)*$`, b.Name)
		require.False(t, seen[b.Name], "want one %s", b.Name)
		seen[b.Name] = true
		require.Regexp(t, `^[a-z].*[^.]$`, b.Says, "want what %s does, in a sentence without subject and full stop",
			b.Name)
		require.Contains(t, []string{"passed", "deviated", "failed", "errored", "failed or errored"}, b.Expect.Outcome,
			b.Name)
		require.Equal(t, b.HTTP2, strings.HasPrefix(b.Name, "http2-"), "want a name that says whether %s is HTTP/2",
			b.Name)
		_, err := regexp.Compile(b.Expect.Cause)
		require.NoError(t, err, b.Name)
		require.Equal(t, b.Expect.Cause == "", b.Expect.Outcome == "passed", "want a cause of %s, unless nothing "+
			"is wrong", b.Name)
	}
	require.Greater(t, len(seen), 60)
}

func TestOneOperationIsSpoiltAlone(t *testing.T) {
	s := serving(t, Behaviour{answer: say("HTTP/1.1 418 Spoilt\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")})
	for _, row := range []struct {
		path   string
		status int
	}{{"/" + Operation, 418}, {"/another", 201}, {"/" + Operation + "/further", 201}} {
		answer, err := http.Post(s.URL+row.path, "application/json", strings.NewReader("{}"))
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, row.status, answer.StatusCode, row.path)
		require.Equal(t, row.status == 201, answer.Header.Get("X-Honest") == "yes", row.path)
	}
	require.Equal(t, 3, s.Requests())
	http.DefaultClient.CloseIdleConnections()
}

func TestStopEndsWhateverIsUnderWay(t *testing.T) {
	for _, b := range Behaviours() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			s := serving(t, b)
			if b.nobody {
				return
			}
			c, err := net.Dial("tcp", strings.TrimPrefix(strings.TrimPrefix(s.URL, "http://"), "https://"))
			if err != nil {
				return // it was reset before it was there
			}
			defer c.Close()
			// some have gone already
			io.WriteString(c, "POST /"+Operation+" HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}")
			s.Stop()
			s.Stop()
		})
	}
}

// A behaviour spoils whatever the honest handler answers, and greeting's body is short.
func TestAShortBodyIsSpoilt(t *testing.T) {
	for _, b := range bodies() {
		t.Run(b.Name, func(t *testing.T) {
			s := serving(t, b)
			c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
			require.NoError(t, err)
			defer c.Close()
			_, err = io.WriteString(c, "POST /"+Operation+" HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"+
				"Content-Length: 2\r\n\r\n{}")
			require.NoError(t, err)
			answer, err := io.ReadAll(c)
			require.NoError(t, err)
			require.Regexp(t, `^HTTP/1\.1 \d{3} `, string(answer[:min(len(answer), 20)]))
		})
	}
}

func TestWhatComesToTheOtherHostIsNoted(t *testing.T) {
	s := serving(t, Behaviour{answer: say(honestly)})
	c, err := net.Dial("tcp", strings.TrimPrefix(s.elsewhere, "http://"))
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nAuthorization: Bearer secret\r\n\r\n")
	require.NoError(t, err)
	io.Copy(io.Discard, c) // until it is read
	s.Stop()
	require.Len(t, s.Strayed(), 1)
	require.Contains(t, s.Strayed()[0], "Bearer secret")
}

func TestATextIsFilledIn(t *testing.T) {
	s := serving(t, Behaviour{answer: say(every)})
	request, err := http.NewRequest(http.MethodPost, s.URL+"/"+Operation, strings.NewReader("{}"))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer token-1")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, `201 7 7 {"a":1} {"a token-1 /`+Operation+" "+s.URL+" "+s.elsewhere, string(body))
	require.Equal(t, "yes", answer.Header.Get("X-Honest"))
}

// every uses each of the names.
const every = "HTTP/1.1 {status}\r\n{fields}Connection: close\r\n\r\n201 {length} {hex} {body} {half} {token} {path} " +
	"{here} {elsewhere}"
