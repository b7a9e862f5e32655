package reference_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/reference"
)

func TestHonestServersAgreeWithThemselves(t *testing.T) {
	first := newSeer(t, reference.New(config()), longTimeout).look(probes())
	require.Equal(t, first, newSeer(t, reference.New(config()), longTimeout).look(probes()))
}

func TestVariantsAreWellFormed(t *testing.T) {
	slug := regexp.MustCompile(`^[a-z0-9]+([-.][a-z0-9]+)*$`)
	names, sayings, faults := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, f := range reference.Faults() {
		faults[f.Name] = true
	}
	for _, v := range reference.Variants() {
		require.Regexp(t, slug, v.Name)
		require.False(t, names[v.Name], "two variants are named %s", v.Name)
		require.False(t, sayings[v.Says], "two variants say that it %s", v.Says)
		names[v.Name], sayings[v.Says] = true, true
		require.False(t, faults[v.Name], "%s is a fault too", v.Name)
	}
	require.GreaterOrEqual(t, len(names), 35)
}

// variantProbes are requests of which each variant answers one in its own way.
func variantProbes() []probe {
	documented := func(path, comment, sha1 string) probe {
		return probe{path: path, body: `{"Comment":"` + comment + `","Sha1":"` + sha1 + `"}`}
	}
	return append([]probe{
		documented(samplePath, "Request Sample on machine due to alert 32123",
			"8d25682b3a82af25b42dc90291c35ff3293daa68"),
		documented(stopPath, "Stop and quarantine file on machine due to alert 32123",
			"87662bc3d60e4200ceaf7aae249d1c343f4b83c9"),
		documented(samplePath, `one\r\ntwo`, hash),
		documented(samplePath, `one\u0001two`, hash),
		{header: []string{"Cache-Control: only-if-cached"}}, {body: good[:len(good)-1] + `,"n":18446744073709551616}`},
		{header: []string{"Origin: http://other.example"}}, {header: []string{"X-Forwarded-Proto: http"}},
		{raw: true}, {bare: true, path: samplePath + "?access_token=" + token,
			header: []string{"Content-Type: application/json"}},
		{path: samplePath + "?$select=id,status"}, {body: `{"Comment":"look","Sha1":"' OR '1'='1"}`},
		{method: "OPTIONS", body: "none"}, {method: "GET", bare: true, body: "none"},
		{bare: true, header: []string{"Content-Type: application/json"}, body: `{"Comment":`},
		{header: []string{"Accept-Encoding: gzip"}}, {bare: true, header: []string{"Authorization: Bearer " + token}},
	}, probes()...)
}

func TestVariantsKeepTheContract(t *testing.T) {
	probes := variantProbes()
	honest := newSeer(t, reference.New(config()), longTimeout).look(probes)
	unseen := map[string]string{ // why no probe shows them
		"slow":                   "differs in time alone",
		"in-small-pieces":        "probes read to the end",
		"closes-each-connection": "probes do not look at the connection after the answer",

		"one-connection-at-a-time": "probes come one after the other",
		"eight-threads":            "probes come one after the other",

		"closes-behind-first-of-one-piece": "probes come one after the other",
		"reads-its-own-cookie":             "probes do not look at Set-Cookie",
		"cookies-of-every-age":             "probes do not look at Set-Cookie",
		"426-for-old-version":              "probes are none of HTTP/1.0",
		"413-for-long-bodies":              "no probe has such a body",

		"slow-clock": "probes do not see which time a Date has",
	}
	for _, variant := range reference.Variants() {
		t.Run(variant.Name, func(t *testing.T) {
			t.Parallel()
			s := newSeer(t, variant.Wrap(reference.New(config())), longTimeout)
			for i, path := range []string{samplePath, stopPath} {
				own := strings.Replace(hash, "8d", []string{"1a", "2b"}[i], 1)
				r, err := probe{path: path, body: `{"Comment":"<look> at \\u0000, \\ud83d","Sha1":"` + own + `"}`}.request(
					t.Context(), s.server.URL)
				require.NoError(t, err)
				resp, err := s.client.Do(r)
				require.NoError(t, err)
				defer resp.Body.Close()
				b, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.Equal(t, http.StatusCreated, resp.StatusCode)
				require.Regexp(t, `(?i)^application/json *(;|$)`, resp.Header.Get("Content-Type"))
				var action map[string]any
				require.NoError(t, json.Unmarshal(b, &action), "%s", b)
				require.True(t, strings.EqualFold(own, action["sha1"].(string)))
				require.Equal(t, []string{"RequestSample", "StopAndQuarantineFile"}[i], action["type"])
				for _, name := range []string{"@odata.context", "id", "requestor", "requestorComment", "status",
					"fileId", "machineId", "creationDateTimeUtc", "lastUpdateDateTimeUtc"} {
					require.IsType(t, "", action[name], name)
				}
				require.IsType(t, []any{}, action["fileInstances"])
			}
			if unseen[variant.Name] != "" {
				return
			}
			s = newSeer(t, variant.Wrap(reference.New(config())), longTimeout)
			for i, p := range probes {
				if s.see(p) != honest[i] {
					return
				}
			}
			t.Errorf("want a probe that shows that it %s, got the reference server's answers to all %d", variant.Says,
				len(probes))
		})
	}
}

// allowed are the statuses that a variant may answer, and one more where it deviates.
func allowed(v reference.Variant, from string, deviating int, all ...int) []int {
	if slices.Contains(v.Deviates, from) {
		return append(all, deviating)
	}
	return all
}

// pageOr returns the statuses of an answer to GET, with that of a page where the variant gives one.
func pageOr(v reference.Variant, all ...int) []int {
	if v.Name == "page-for-every-path" {
		return append(all, 200)
	}
	return all
}

func TestVariantsRefuseWhatIsToBeRefused(t *testing.T) {
	for _, variant := range reference.Variants() {
		t.Run(variant.Name, func(t *testing.T) {
			t.Parallel()
			s := newSeer(t, variant.Wrap(reference.New(config())), longTimeout)
			for _, row := range []struct {
				probe    probe
				statuses []int
			}{
				{probe{bare: true}, []int{401}},
				{auth("Bearer nobody"), []int{401}},
				{auth("Bearer " + unprivileged), []int{403, 404}},
				{probe{method: "GET"}, allowed(variant, "refusal.method-forbidden", 403, pageOr(variant, 405, 404)...)},
				{probe{method: "BREW"}, allowed(variant, "refusal.method-forbidden", 403, 405, 404, 501)},
				{typed("text/plain"), allowed(variant, "refusal.media-type", 201, 415, 400)},
				{probe{body: "{"}, []int{400, 422}},
				{probe{body: "{}"}, []int{400, 422}},
				{probe{path: strings.Replace(samplePath, machine, unknown, 1)}, []int{404}},
			} {
				r, err := row.probe.request(t.Context(), s.server.URL)
				require.NoError(t, err)
				resp, err := s.client.Do(r)
				require.NoError(t, err)
				_, err = io.Copy(io.Discard, resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				require.Contains(t, row.statuses, resp.StatusCode)
				if resp.StatusCode == http.StatusUnauthorized {
					require.Contains(t, strings.ToLower(strings.Join(resp.Header.Values("WWW-Authenticate"), ",")),
						"bearer")
				}
				if resp.StatusCode == http.StatusMethodNotAllowed {
					require.Contains(t, strings.Join(resp.Header.Values("Allow"), ","), "POST")
				}
			}
		})
	}
}
