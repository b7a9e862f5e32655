// Package client uses the client that oapi-codegen makes of the OpenAPI document.
package client

import (
	"bufio"
	"context"
	"generate/out/contract"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What a reader of the document would call these: the code below compiles only if
// the generator does too.
var (
	_ func(contract.RequestSampleResponse) *contract.RequestSampleAction                 = contract.RequestSampleResponse.GetJSON201
	_ func(contract.StopAndQuarantineFileResponse) *contract.StopAndQuarantineFileAction = contract.StopAndQuarantineFileResponse.GetJSON201
	_ func(contract.RequestSampleResponse) *contract.Error                               = contract.RequestSampleResponse.GetJSON400
	_ func(contract.StopAndQuarantineFileResponse) *contract.Error                       = contract.StopAndQuarantineFileResponse.GetJSONDefault
	_ func(contract.RequestSampleResponse) *contract.Problem                             = contract.RequestSampleResponse.GetApplicationproblemJSON404
	_ []contract.FileInstance                                                            = contract.RequestSampleAction{}.FileInstances
	_ time.Time                                                                          = contract.RequestSampleAction{}.CreationDateTimeUtc
)

const (
	token   = "a-token"
	machine = "fb9ab6be3965095a09c057be7c90f0a2"
	file    = "8d25682b3a82af25b42dc90291c35ff3293daa68"
)

// serve starts fmaspec serve, which FMASPEC names, and returns its URL.
func serve(t *testing.T) string {
	t.Helper()
	path := os.Getenv("FMASPEC")
	if path == "" {
		t.Fatal("FMASPEC is not set; run .ci/generate/run, which builds the command")
	}
	ctx, stop := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, path, "serve", "-q", "-listen", "127.0.0.1:0")
	server.Env = append(os.Environ(), "FMASPEC_TOKEN="+token)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		server.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("fmaspec serve says %q: %v", line, err)
	}
	return strings.TrimSpace(line)
}

func connect(t *testing.T, url, token string) *contract.ClientWithResponses {
	t.Helper()
	client, err := contract.NewClientWithResponses(url,
		contract.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+token)
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestTheClientObtainsBothActions(t *testing.T) {
	client := connect(t, serve(t), token)
	asked := contract.ActionRequest{Comment: "Made by a client of generated code", Sha1: file}

	sample, err := client.RequestSampleWithResponse(t.Context(), machine, asked)
	if err != nil {
		t.Fatal(err)
	}
	if sample.JSON201 == nil {
		t.Fatalf("requestSample: want an action, got %s: %s", sample.Status(), sample.Body)
	}
	if a := sample.JSON201; a.Type != contract.RequestSample || !strings.EqualFold(a.Sha1, file) || a.Id == "" ||
		a.CreationDateTimeUtc.IsZero() || len(a.FileInstances) == 0 || a.FileInstances[0].FilePath == "" {
		t.Errorf("requestSample: want the action that was asked for, got %+v", a)
	}

	stop, err := client.StopAndQuarantineFileWithResponse(t.Context(), machine, asked)
	if err != nil {
		t.Fatal(err)
	}
	if stop.JSON201 == nil {
		t.Fatalf("stopAndQuarantineFile: want an action, got %s: %s", stop.Status(), stop.Body)
	}
	if a := stop.JSON201; a.Type != contract.StopAndQuarantineFile || !a.Type.Valid() || a.Status == "" ||
		a.OdataContext == "" {
		t.Errorf("stopAndQuarantineFile: want the action that was asked for, got %+v", a)
	}
}

func TestTheClientReadsRefusals(t *testing.T) {
	url := serve(t)
	got, err := connect(t, url, "another-token").RequestSampleWithResponse(t.Context(), machine,
		contract.ActionRequest{Comment: "x", Sha1: file})
	if err != nil {
		t.Fatal(err)
	}
	if got.JSON401 == nil || got.JSON401.Error == nil || got.JSON401.Error.Code == "" || got.Headers401 == nil ||
		got.Headers401.WWWAuthenticate == "" {
		t.Errorf("an unknown token: want 401 with an error and a challenge, got %s: %s", got.Status(), got.Body)
	}
	got, err = connect(t, url, token).RequestSampleWithResponse(t.Context(), machine,
		contract.ActionRequest{Comment: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if got.JSON400 == nil && got.JSON422 == nil {
		t.Errorf("no Sha1: want 400 or 422 with an error, got %s: %s", got.Status(), got.Body)
	}
	if got.JSON201 != nil {
		t.Errorf("no Sha1: want no action, got %+v", got.JSON201)
	}
}
