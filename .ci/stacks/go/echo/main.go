// Command echo serves both operations by Echo, with its defaults. With MEND=1 it reads a body
// as the documents have it; see docs/stacks.md.
package main

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

var mend = os.Getenv("MEND") == "1"

type actionRequest struct {
	Comment string `json:"Comment"`
	Sha1    string `json:"Sha1"`
}

var sha1 = regexp.MustCompile(`^[0-9A-Fa-f]{40}$`)

func main() {
	e := echo.New()
	if mend {
		e.Pre(lower)
		e.JSONSerializer = exact{}
	}
	machines := e.Group("/testwdatppreview/machines/:id", authorize)
	machines.POST("/requestSample", act("RequestSample"))
	machines.POST("/stopAndQuarantineFile", act("StopAndQuarantineFile"))
	e.Logger.Fatal(e.Start("127.0.0.1:" + os.Getenv("PORT")))
}

func authorize(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		scheme, token, _ := strings.Cut(c.Request().Header.Get("Authorization"), " ")
		token = strings.TrimSpace(token)
		switch {
		case !strings.EqualFold(scheme, "Bearer") || token == "":
			c.Response().Header().Set("WWW-Authenticate", "Bearer")
			return echo.ErrUnauthorized
		case token == os.Getenv("FMASPEC_UNPRIVILEGED_TOKEN"):
			return echo.ErrForbidden
		case token != os.Getenv("FMASPEC_TOKEN"):
			c.Response().Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			return echo.ErrUnauthorized
		}
		return next(c)
	}
}

func act(kind string) echo.HandlerFunc {
	return func(c echo.Context) error {
		machine := c.Param("id")
		if !slices.Contains(strings.Split(os.Getenv("MACHINES"), ","), machine) {
			return echo.ErrNotFound
		}
		var request actionRequest
		if err := c.Bind(&request); err != nil {
			return err
		}
		if strings.TrimSpace(request.Comment) == "" || !sha1.MatchString(request.Sha1) {
			return echo.NewHTTPError(http.StatusBadRequest, "want a Comment, and 40 hexadecimal digits as Sha1")
		}
		now := time.Now().UTC()
		if mend {
			now = now.Truncate(time.Microsecond)
		}
		return c.JSON(http.StatusCreated, echo.Map{
			"@odata.context":        "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",
			"id":                    uuid.NewString(),
			"sha1":                  request.Sha1,
			"type":                  kind,
			"requestor":             "Analyst@contoso.com",
			"requestorComment":      request.Comment,
			"status":                "InProgress",
			"fileId":                request.Sha1,
			"machineId":             machine,
			"creationDateTimeUtc":   now,
			"lastUpdateDateTimeUtc": now,
			"fileInstances":         []echo.Map{{"filePath": `C:\Windows\System32\conhost.exe`, "status": "InProgress"}},
		})
	}
}

// lower writes the media type as Bind looks for it.
func lower(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Request().Header
		if media, parameters, err := mime.ParseMediaType(header.Get("Content-Type")); err == nil {
			header.Set("Content-Type", mime.FormatMediaType(media, parameters))
		}
		return next(c)
	}
}

// exact is the serializer with the mend: all of the body is read, and names byte for byte.
type exact struct{ echo.DefaultJSONSerializer }

func (exact) Deserialize(c echo.Context, into any) error {
	data, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	var members map[string]any
	if err = json.Unmarshal(data, &members); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, err.Error())
	}
	request := into.(*actionRequest)
	request.Comment, _ = members["Comment"].(string)
	request.Sha1, _ = members["Sha1"].(string)
	return nil
}
