package httpfile_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/httpfile"
)

func TestParseReadsWhatEditorsShare(t *testing.T) {
	for _, row := range []struct {
		why, file string
		requests  int
		label     string // of the last
		target    string // of the last
		body      string // of the last
	}{
		{"a separator of four signs", "POST /\n\nx\n#### second\n# expect: either\nGET /y\n", 2, "second", "/y", ""},
		{"a separator without a blank", "POST /\n\nx\n###second\n# expect: either\nGET /y\n", 2, "second", "/y", ""},
		{"a separator at the end", "POST /\n\nx\n###\n", 1, "", "/", "x"},
		{"several, and a comment", "POST /\n\nx\n### end\n\n// that is all\n###\n\n", 1, "", "/", "x"},
		{"a name", "# @name first\nPOST /\n\nx\n", 1, "first", "/", "x"},
		{"a name as a comment", "// @name first\nPOST /\n\nx\n", 1, "first", "/", "x"},
		{"a label before a name", "GET /\n### label\n# @name second\n# expect: either\nGET /y\n", 2, "label", "/y", ""},
		{"variables", "@id = 7\n@at=/x/{{id}}\nPOST {{at}}?n={{id}}\nA: {{id}}\n\n{\"id\": {{id}}, \"of\": " +
			"\"{{sha1}}\"}\n", 1, "", "/x/7?n=7", `{"id": 7, "of": "{{sha1}}"}`},
		{"a variable of a later head", "GET /\n###\n@id = 7\n# expect: either\nPOST /{{id}}\n\n{{id}}\n", 2, "", "/7",
			"7"},
		{"a variable of fmaspec's in one", "@a = {{sha1}}\nPOST /\n\n{{a}}\n", 1, "", "/", "{{sha1}}"},
		{"braces in a value", "@a = {\"x\": {}}\nPOST /\n\n{{{a}}\n", 1, "", "/", "{{{bytes 7B}}\"x\": {{bytes 7B}}}}"},
		{"a version", "POST /y HTTP/1.1\n\nx\n", 1, "", "/y", "x"},
		{"comments", "// a\n//b\nPOST /y\n\nx\n", 1, "", "/y", "x"},
		{"lines of XML", "POST /y\n\n<a\n>\n</a>\n", 1, "", "/y", "<a\n>\n</a>"},
	} {
		t.Run(row.why, func(t *testing.T) {
			for _, mark := range []string{"", "\ufeff"} {
				f, err := httpfile.Parse("x.http", []byte(mark+head+row.file))
				require.NoError(t, err)
				require.Len(t, f.Requests, row.requests)
				last := f.Requests[row.requests-1]
				require.Equal(t, []string{row.label, row.target, row.body},
					[]string{last.Label, last.Target, string(last.Body)})
			}
		})
	}
}

func TestParseRefusesWhatOnlyEditorsObey(t *testing.T) {
	for _, row := range []struct{ file, want string }{
		{"POST /\n\nx\n# a comment\n",
			`x.http:7: "# a comment" is a comment to editors, which do not send it; move it above the request line; a body's own # is {{bytes 23}}`},
		{"POST /\n\n{\n  // a comment\n}\n", `x.http:7: "  // a comment" is a comment to editors`},
		{"POST /\n\n## x\n", `x.http:6: "## x" is a comment to editors`},
		{"POST /\n\nx\n\n> {%\n client.test()\n%}\n",
			`x.http:8: "> {%" is a handler of the answer, which is not run; take it away, and say in "# expect:" what has to come; a body's own > is {{bytes 3E}}`},
		{"GET /\n> {% client.test() %}\n", `x.http:5: "> {% client.test() %}" is a handler of the answer`},
		{"POST /\n\nx\n> ./handler.js\n", `x.http:7: "> ./handler.js" is a handler of the answer`},
		{"POST /\n\nx\n>> answer.json\n", `x.http:7: ">> answer.json" is a file for the answer`},
		{"POST /\n\nx\n>>! answer.json\n", `x.http:7: ">>! answer.json" is a file for the answer`},
		{"POST /\n\nx\n<> old.json\n", `x.http:7: "<> old.json" is an answer of an earlier time`},
		{"< {% request.variables.set() %}\nPOST /\n",
			`x.http:4: "< {% request.variables.set() %}" is a script before the request, which is not run; take it away, and write the values themselves`},
		{"POST /\n\n< ./a.json\n{}\n",
			`x.http:6: "< ./a.json" is another file, which can only be the whole of a body; write it as the one line of the body`},
		{"POST /\n\n<@ ./a.json\n", `x.http:6: "<@ ./a.json" is a file with variables`},
		{"POST /\n\n<@latin1 ./a.json\n", `x.http:6: "<@latin1 ./a.json" is a file with variables`},
		{"POST /\n\n< ./a.json\n", `x.http:6: "./a.json": there is no folder to read it from; write the body itself`},
		{"POST /\n\nx\n?? status == 200\n", `x.http:7: "?? status == 200" is an assertion`},
		{"POST /\n\nx\n@next = 1\n",
			`x.http:7: "@next = 1" is a variable, which cannot be defined here; write "@name = value" above the request line`},
		{"@a := 1\nPOST /\n", `x.http:4: "@a := 1" is a variable, which cannot be defined here`},
		{"# @no-log\nPOST /\n",
			`x.http:4: @no-log is a directive of an editor, which is not obeyed; take the line away`},
		{"// @prompt x\nPOST /\n", `x.http:4: @prompt is a directive of an editor`},
		{"# @name\nPOST /\n", `x.http:4: "# @name" is no name; write "# @name NAME"`},
		{"# @name a\n# @name b\nPOST /\n", `x.http:5: the request has a name in line 4 already; keep one of the two`},
		{"POST /\n  ?a=b\n  &c=d\n",
			`x.http:5: "  ?a=b" goes on with the target, which some editors allow; write the target in one line`},
		{"POST /\n&c=d\n", `x.http:5: "&c=d" goes on with the target`},
		{"POST /\n\n{{$guid}}\n",
			`x.http:6: {{$guid}} is made anew by an editor at each sending, so that no run could be repeated; write {{sha1}}, {{comment}} or a value`},
		{"POST /\n\n{{$randomInt 1 9}}\n", `x.http:6: {{$randomInt}} is made anew`},
		{"POST /\n\n{{login.response.body.id}}\n",
			`x.http:6: {{login.response.body.id}} is taken from another request, which is not done; write a value`},
		{"POST /{{host}}\n",
			`x.http:4: unknown variable {{host}}; variables are those that the file defines above, as @name = value (environment files are not read), and token, `},
		{"POST /{{id}}\n###\n@id = 1\n# expect: either\nGET /\n", `x.http:4: unknown variable {{id}}`},
		{"@token = 1\nPOST /\n", `x.http:4: {{token}} is one of fmaspec's own variables; give yours another name`},
		{"@a = 1\n@a = 2\nPOST /\n",
			`x.http:5: {{a}} is defined in line 4 already, and editors differ in which counts; keep one of the two`},
		{"@a = {{b}}\n@b = {{a}}\nPOST /\n", `x.http:4: unknown variable {{b}}`},
		{"@a = x\\n\nPOST /\n", `x.http:4: the value of {{a}} holds a backslash`},
		{"@a = {{none}}\nPOST /\n", `x.http:4: {{none}} has no value`},
		{"@a = b c\nPOST /{{a}}\n", `x.http:5: the target "/b c" holds a blank`},
		{"@a = " + strings.Repeat("x", 1000) + "\nPOST /\n\n" + strings.Repeat("{{a}}", 2000) + "\n",
			`x.http:7: what the file's own variables stand for comes to more than 1048576 bytes; use them less`},
	} {
		t.Run(fmt.Sprintf("%.60q", row.file), func(t *testing.T) {
			_, err := httpfile.Parse("x.http", []byte(head+row.file))
			require.Error(t, err)
			if !strings.HasPrefix(err.Error(), row.want) {
				t.Errorf("want an error that begins\n%s\ngot\n%s", row.want, err)
			}
		})
	}
}

func TestParseRefusesOtherLineEndsAndEncodings(t *testing.T) {
	_, err := httpfile.Parse("x.http", []byte(strings.ReplaceAll(head+"POST /\n\nx\n", "\n", "\r\n")))
	require.EqualError(t, err,
		`x.http:1: the lines end in CRLF, so that bodies would hold carriage returns which nobody sees; save the file with LF, and have git keep it so by "*.http text eol=lf" in .gitattributes`)
	for _, text := range []string{"\xff\xfe#\x00 \x00", "\xfe\xff\x00#\x00 ", "#\x00 \x00A\x00"} {
		_, err := httpfile.Parse("x.http", []byte(text))
		require.EqualError(t, err, "x.http:1: the file is in UTF-16; save it as UTF-8")
	}
}

func TestReadIncludesFilesOfTheFolder(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	fsys := fstest.MapFS{
		"a/x.http":          file(head + "POST /\n\n< ./body.json\n"),
		"a/deep.http":       file(head + "POST /\n\n<  deep/body.json  \n\n"),
		"a/body.json":       file("{\"x\": \"{{sha1}}{{{\"}\n# not a comment\n"),
		"a/deep/body.json":  file("deep"),
		"a/up.http":         file(head + "POST /\n\n< ../b/secret.json\n"),
		"a/under.http":      file(head + "POST /\n\n< ./deep/../../b/secret.json\n"),
		"a/root.http":       file(head + "POST /\n\n< /etc/passwd\n"),
		"a/drive.http":      file(head + "POST /\n\n< C:\\x.json\n"),
		"a/none.http":       file(head + "POST /\n\n< ./none.json\n"),
		"a/variable.http":   file(head + "POST /\n\n< ./{{sha1}}.json\n"),
		"a/long.http":       file(head + "POST /\n\n< ./long\n"),
		"a/long":            file(strings.Repeat("x", httpfile.MaxFile+1)),
		"a/folder.http":     file(head + "POST /\n\n< ./deep\n"),
		"b/secret.json":     file("secret"),
		"a/link.http":       file(head + "POST /\n\n< ./link.json\n"),
		"a/link.json":       &fstest.MapFile{Data: []byte("../b/secret.json"), Mode: fs.ModeSymlink},
		"a/pipe.http":       &fstest.MapFile{Mode: fs.ModeNamedPipe},
		"a/device.http":     &fstest.MapFile{Mode: fs.ModeDevice | fs.ModeCharDevice},
		"a/piped.http":      file(head + "POST /\n\n< ./pipe\n"),
		"a/pipe":            &fstest.MapFile{Mode: fs.ModeNamedPipe},
		"a/dangling.http":   &fstest.MapFile{Data: []byte("nowhere"), Mode: fs.ModeSymlink},
		"a/too-large.http":  file(strings.Repeat("x", httpfile.MaxFile+9)),
		"a/deep/linked/x":   file("x"),
		"a/through.http":    file(head + "POST /\n\n< ./away/secret.json\n"),
		"a/away":            &fstest.MapFile{Data: []byte("../b"), Mode: fs.ModeSymlink},
		"a/windows.http":    file(head + "POST /\n\n< deep\\body.json\n"),
		"a/no-variable.txt": file(""),
	}
	for name, want := range map[string]string{
		"x": "{\"x\": \"{{sha1}}{{{\"}\n# not a comment\n", "deep": "deep",
	} {
		f, err := httpfile.Read(fsys, "a/"+name+".http", "cases/"+name+".http")
		require.NoError(t, err)
		got, err := httpfile.Expand(string(f.Requests[0].Body),
			func(string, []string) (string, error) { panic("no variable stands in a file that is sent as it is") })
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	const out = "it leads out of the folder of this file; put the file into the same folder or below"
	for name, want := range map[string]string{
		"up": "6: < ../b/secret.json: " + out, "under": "6: < ./deep/../../b/secret.json: " + out,
		"root": "6: < /etc/passwd: it is no name relative to this file; write one such as ./body.json, with / " +
			"between folders",
		"drive":    `6: < C:\x.json: it is no name relative to this file`,
		"windows":  `6: < deep\body.json: it is no name relative to this file`,
		"none":     "6: < ./none.json: file does not exist; name a file in the same folder or below",
		"variable": "6: < ./{{sha1}}.json: a name with variables is not read; write the name itself",
		"long":     "6: < ./long: the file has more than 1048576 bytes; make it smaller",
		"folder":   "6: < ./deep: it is a folder, not a plain file",
		"link":     "6: < ./link.json: a link leads there; put the file itself in its place",
		"through":  "6: < ./away/secret.json: a link leads there",
		"piped":    "6: < ./pipe: it is a named pipe, not a plain file",
		"pipe":     "1: it is a named pipe, not a plain file; put a plain file in its place, or take it away",
		"device":   "1: it is a device, not a plain file",
		"dangling": "1: file does not exist; make the file readable", "too-large": "1: the file has 1048577 bytes; " +
			"keep it within 1048576",
	} {
		_, err := httpfile.Read(fsys, "a/"+name+".http", "cases/"+name+".http")
		require.Error(t, err, name)
		if !strings.HasPrefix(err.Error(), "cases/"+name+".http:"+want) {
			t.Errorf("%s: want an error that begins %s, got %v", name, want, err)
		}
	}
}

func TestReadTakesNoLinkOnADisk(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "cases"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("secret"), 0o644))
	if err := os.Symlink("../secret", filepath.Join(dir, "cases", "link")); err != nil {
		t.Skipf("no link can be made here: %v", err)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cases", "x.http"), []byte(head+"POST /\n\n< ./link\n"), 0o644))
	_, err := httpfile.Read(os.DirFS(filepath.Join(dir, "cases")), "x.http", "x.http")
	require.EqualError(t, err, "x.http:6: < ./link: a link leads there; put the file itself in its place")
}

func TestDifferencesNamesEachThing(t *testing.T) {
	parse := func(text string) httpfile.Request {
		f, err := httpfile.Parse("x.http", []byte(head+text))
		require.NoError(t, err)
		return f.Requests[0]
	}
	control := parse("POST /\nAuthorization: a\nContent-Type: b\n\nx\n")
	for _, row := range []struct {
		why, file string
		want      []string
	}{
		{"nothing", "POST /\nAuthorization: a\nContent-Type: b\n\nx\n", nil},
		{"a method", "PUT /\nAuthorization: a\nContent-Type: b\n\nx\n", []string{"method"}},
		{"a method without a body", "GET /\nAuthorization: a\n", []string{"method"}},
		{"the letter case of a name", "POST /\nauthorization: a\nContent-Type: b\n\nx\n",
			[]string{"header authorization"}},
		{"all", "PUT /y\nContent-Type: b\n\ny\n", []string{"method", "target", "body", "header authorization"}},
	} {
		require.Equal(t, row.want, httpfile.Differences(parse(row.file), control), row.why)
	}
}
