package mutate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
	"fmaspec/conformance/traffic"
	"fmaspec/conformance/traffic/planted"
	"fmaspec/fixtures"
	"fmaspec/schemas"
)

// broken returns the requirements that the findings of a report are about.
func broken(r *record.Report) (out []string) {
	for _, c := range r.Cases {
		for _, f := range c.Findings {
			out = append(out, f.Requirement)
		}
	}
	return sortedSet(out)
}

// checked judges a HAR.
func checked(t *testing.T, suite *conformance.Suite, p planted.Planted) *record.Report {
	t.Helper()
	w := suite.Watch(conformance.WatchOptions{Strict: true})
	_, err := traffic.Read(bytes.NewReader(p.HAR), traffic.Options{Name: "a.har", Open: p.Open},
		func(e traffic.Entry) error {
			require.Empty(t, e.Problem)
			w.Note(*e.Exchange)
			return nil
		})
	require.NoError(t, err)
	return w.Report()
}

// untold are the requirements whose faults a HAR does not show, by the producer, "" for all, and
// the fault, "" for all, with the reason.
func untold() []struct{ style, fault, requirement, why string } {
	return []struct{ style, fault, requirement, why string }{
		{"", "", "http.framing", "the framing is that of the recorder"},
		{"", "", "http.timely", "a request that was given up has no answer in it"},
		{"", "", "time.monotone", "an action may have been there before, so that its creation shows nothing"},
		{"", "errs-with-token-in-header", "error.inside", "what is planted here holds no token any more"},
		{"", "refuses-missing-token-with-503", "refusal.no-server-error", "a 503 may report a temporary state"},
		{"", "refuses-missing-token-with-503", "refusal.status-auth", "a 503 may report a temporary state"},
		{"insomnia", "", "refusal.status-auth", "it has no header of the request"},
		{"proxyman", "", "json.encoding", "it writes other bytes where a body is not UTF-8"},
	}
}

// TestPlantedAnswersAreJudgedAsLive plants the answers of the conforming server and of faulty ones
// to plain requests, and to requests that break something, into a file of each producer.
func TestPlantedAnswersAreJudgedAsLive(t *testing.T) {
	suite, err := builtIn()
	require.NoError(t, err)
	const cases = "/(valid/accepts-plain-request|body/refuses-missing-comment|body/refuses-number-as-sha1|" +
		"body/refuses-array-as-body|media/refuses-xml|method/refuses-get|auth/refuses-basic-credentials)$"
	subjects := someFaults(suite)
	if !*rewrite {
		subjects = subjects[:12]
		if testing.Short() {
			subjects = subjects[:2]
		}
	}
	for _, s := range subjects {
		r, _, all := recordOf(t, suite, s, conformance.Options{Strict: true, Seed: "1", Run: cases, Parallel: 1})
		for i := range all {
			all[i].Case, all[i].Step = "", 0
		}
		for _, style := range planted.Styles() {
			p, err := style.Plant(all...)
			require.NoError(t, err)
			want := slices.DeleteFunc(broken(r), func(id string) bool {
				for _, u := range untold() {
					if (u.style == "" || u.style == style.Name) && (u.fault == "" || u.fault == s.Name) &&
						u.requirement == id {
						return true
					}
				}
				return false
			})
			found := checked(t, suite, p)
			require.Equal(t, want, broken(found), "%s in %s", s.Name, style.Name)
			require.Equal(t, len(all)+style.Entries, found.Traffic.Exchanges)
			require.Equal(t, style.Entries, found.Traffic.Other)
			for _, c := range found.Cases {
				for _, f := range c.Findings {
					require.Equal(t, "a.har", f.Source.File)
					require.Greater(t, f.Source.Entry, style.Entries)
					require.Positive(t, f.Source.Line)
					require.Equal(t, byte('{'), p.HAR[f.Source.Offset], "%v", f.Source)
				}
			}
		}
	}
}

// TestRealFilesHaveNothingConclusive judges the files of the producers as they are.
func TestRealFilesHaveNothingConclusive(t *testing.T) {
	suite, err := builtIn()
	require.NoError(t, err)
	for _, style := range planted.Styles() {
		p, err := style.Plant()
		require.NoError(t, err)
		r := checked(t, suite, p)
		require.Equal(t, record.Unjudged, r.Verdict, style.Name)
		require.Contains(t, r.Reason, "nothing conclusive")
		require.Empty(t, r.Cases)
		require.Nil(t, r.Client)
		require.Equal(t, &record.TrafficInfo{Exchanges: style.Entries, Other: style.Entries}, r.Traffic)
	}
}

// TestTheDocumentsAsTrafficShowTheirContradictions judges the examples of both documents, as they
// are written there.
func TestTheDocumentsAsTrafficShowTheirContradictions(t *testing.T) {
	suite, err := builtIn()
	require.NoError(t, err)
	text, err := fs.ReadFile(fixtures.FS(), "traffic/documents.ndjson")
	require.NoError(t, err)
	w := suite.Watch(conformance.WatchOptions{Strict: true})
	sum, err := traffic.Read(bytes.NewReader(text), traffic.Options{Name: "documents.ndjson"},
		func(e traffic.Entry) error {
			require.Empty(t, e.Problem)
			w.Note(*e.Exchange)
			return nil
		})
	require.NoError(t, err)
	require.Equal(t, 2, sum.Entries)
	r := w.Report()
	contradictions := map[string]string{ // by what is found
		"auth.required, server": "example-without-authorization",
		"auth.required, client": "example-without-authorization",
		"response.json, server": "example-answer-is-not-json",
	}
	var found []string
	for of, r := range map[string]*record.Report{"server": r, "client": r.Client} {
		for _, c := range r.Cases {
			for _, f := range c.Findings {
				id := contradictions[f.Requirement+", "+of]
				require.NotEmpty(t, id, "%+v", f)
				require.True(t, slices.ContainsFunc(suite.Contradictions,
					func(c conformance.Contradiction) bool { return c.ID == id }))
				found = append(found, of+" "+f.Requirement+" "+c.Operation)
			}
		}
	}
	require.ElementsMatch(t, []string{
		"server auth.required requestSample", "server auth.required stopAndQuarantineFile",
		"client auth.required requestSample", "client auth.required stopAndQuarantineFile",
		"server response.json stopAndQuarantineFile",
	}, found)
}

// TestRecordsKeepTheSchema writes the exchanges of a faulty server as lines, and reads them.
func TestRecordsKeepTheSchema(t *testing.T) {
	suite, err := builtIn()
	require.NoError(t, err)
	schema, err := schemas.Compile("exchange")
	require.NoError(t, err)
	for _, s := range someFaults(suite)[:3] {
		_, _, all := recordOf(t, suite, s, conformance.Options{Seed: "1", Run: "^requestSample/(auth|body|valid)/"})
		for i := range all {
			var line bytes.Buffer
			all[i].Source = &record.Source{File: "a", Line: 1}
			require.NoError(t, traffic.Write(&line, all[i]))
			violations, err := schema.Validate(line.Bytes())
			require.NoError(t, err)
			require.Empty(t, violations, line.String())
			_, err = traffic.Read(&line, traffic.Options{Name: "a"}, func(e traffic.Entry) error {
				require.Equal(t, all[i].Request.Header, e.Exchange.Request.Header)
				require.Equal(t, string(all[i].Request.Body), string(e.Exchange.Request.Body))
				require.Equal(t, all[i].Response == nil, e.Exchange.Response == nil)
				if all[i].Response != nil {
					require.Equal(t, all[i].Response.Header, e.Exchange.Response.Header)
					require.Equal(t, string(all[i].Response.Body), string(e.Exchange.Response.Body))
				}
				return nil
			})
			require.NoError(t, err)
		}
	}
	violations, err := schema.Validate([]byte(`{"request": {"method": "GET"}, "response": null}`))
	require.NoError(t, err)
	require.NotEmpty(t, violations, "a request has a URL")
}

// TestSecretsOfRecordsReachNoOutput plants secrets wherever an exchange may hold them.
func TestSecretsOfRecordsReachNoOutput(t *testing.T) {
	suite, err := builtIn()
	require.NoError(t, err)
	const token, cookie, key, query, password, answered = "canary-token-1a2b3c4d5e6f", "canary-cookie-77aa88bb99",
		"canary-key-0f1e2d3c4b5a", "canary-query-5566778899", "canary-password-1234", "canary-set-abcdef012345"
	canaries := []string{token, cookie, key, query, password, answered,
		base64.StdEncoding.EncodeToString([]byte(token))[:24]}
	ops := suite.Operations
	exchange := func(operation, status int, body string) record.Exchange {
		return record.Exchange{ExchangeResult: record.ExchangeResult{
			Request: record.Request{Method: http.MethodPost,
				URL: "http://me:" + password + "@host.example" +
					ops[operation].PathFor("fb9ab6be3965095a09c057be7c90f0a2") +
					"?access_token=" + query,
				Header: []record.Field{{Name: "Host", Value: "host.example"}, {Name: "authorization", Value: "Bearer " +
					token},
					{Name: "Cookie", Value: "session=" + cookie}, {Name: "X-Api-Key", Value: key},
					{Name: "Content-Type", Value: "application/json"}},
				Body: record.Body(`{"Comment": "` + token + `", "Sha1": "5"}`)},
			Response: &record.Response{Status: status, Proto: "HTTP/1.1", Body: record.Body(body),
				Header: http.Header{"Content-Type": {"application/json"}, "X-Echo": {token, key},
					"Set-Cookie": {"id=" + answered + "; Path=/"}, "Location": {"/?code=" + query}}},
			Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Elapsed: time.Millisecond,
		}}
	}
	w := suite.Watch(conformance.WatchOptions{Strict: true, Name: "traffic"})
	var seen bytes.Buffer
	for operation := range ops {
		for _, x := range []record.Exchange{
			exchange(operation, 201, `{"id": "`+token+`", "of": "`+base64.StdEncoding.EncodeToString([]byte(token))+
				`"}`),
			exchange(operation, 400, `{"error": {"code": 5, "message": "`+cookie+` `+key+` `+query+` `+password+`"}}`),
			exchange(operation, 500, "at System.Web "+token),
		} {
			v := w.Note(x)
			require.NotEmpty(t, v.Server)
			require.NoError(t, json.NewEncoder(&seen).Encode(v))
		}
	}
	r := w.Report()
	require.NotNil(t, r.Client)
	for _, format := range report.Formats() {
		for _, of := range []*record.Report{r, r.Client} {
			require.NoError(t, format.Write(&seen, of, report.Style{Verbose: true}), format.Name)
		}
	}
	for _, canary := range canaries {
		at := strings.Index(seen.String(), canary)
		require.Negative(t, at, "%q in %.200q", canary, seen.String()[max(at-100, 0):])
	}
	require.Contains(t, seen.String(), "error.inside", "a token that comes back is a finding")
}
