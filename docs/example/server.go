// Package example is a small implementation of the two actions, with a test
// that holds it to the contract. Copy it, or only its test.
package example

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Server takes actions on and forgets them. Token is the one that it accepts.
type Server struct{ Token string }

var sha1Digits = regexp.MustCompile(`^[0-9A-Fa-f]{40}$`)

// Handler serves POST on both actions' paths. Any other method is answered 405 by
// the mux, in plain text, which the suite logs as a deviation.
func (s Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /testwdatppreview/machines/{id}/requestSample", s.act("RequestSample"))
	mux.HandleFunc("POST /testwdatppreview/machines/{id}/stopAndQuarantineFile", s.act("StopAndQuarantineFile"))
	return mux
}

func (s Server) act(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || token != s.Token {
			w.Header().Set("WWW-Authenticate", "Bearer")
			refuse(w, http.StatusUnauthorized, "Unauthorized", "no valid token")
			return
		}
		media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		if media = strings.TrimSpace(media); media != "" && !strings.EqualFold(media, "application/json") {
			refuse(w, http.StatusUnsupportedMediaType, "UnsupportedMediaType", "the body has to be application/json")
			return
		}
		// Read whole, for a Decoder passes over what stands behind the object; into a
		// map, for the names of struct fields would match in any letter case.
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		var body map[string]any
		if err == nil {
			err = json.Unmarshal(text, &body)
		}
		comment, _ := body["Comment"].(string)
		sha1, _ := body["Sha1"].(string)
		if err != nil || strings.TrimSpace(comment) == "" || !sha1Digits.MatchString(sha1) {
			refuse(w, http.StatusBadRequest, "InvalidInput", "the body needs a Comment, and a Sha1 of 40 "+
				"hexadecimal digits")
			return
		}
		now := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		answer(w, http.StatusCreated, map[string]any{
			"@odata.context": "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",
			"id":             newID(), "type": kind, "status": "InProgress",
			"sha1": sha1, "fileId": sha1,
			"requestor": "analyst@contoso.com", "requestorComment": comment,
			// where there are machines, that of r.PathValue("id")
			"machineId":           strings.Repeat("0123456789", 4),
			"creationDateTimeUtc": now, "lastUpdateDateTimeUtc": now,
			"fileInstances": []any{map[string]any{"filePath": `C:\Windows\Temp\sample.exe`, "status": "InProgress"}},
		})
	}
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"error": map[string]any{"code": code, "message": message}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

// newID returns a random UUID.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
