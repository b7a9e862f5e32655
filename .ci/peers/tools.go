package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What every server knows.
const (
	token        = "RXFDDPCNA3FBZ4F36H5QJ7B74K"
	unprivileged = "AE2Z5FNF5IQ36OKHX7GZZE6MF6"
	unknown      = "b39e7164ac9d7a0ed607f04a2d18ad34f2c7f194"
)

// A tool judges a server.
type tool struct {
	name, version string
	// command returns what is started to judge the server at a URL, with a folder for its files.
	command func(url, dir string) *exec.Cmd
	// failures returns what it reports as wrong, each in words that are the same on every server.
	failures func(out []byte, dir string) ([]string, error)
}

func tools(contract30, contract31, contractSpecmatic string) []tool {
	return []tool{
		{"fmaspec", "", func(url, dir string) *exec.Cmd {
			return exec.Command("bin/fmaspec", "run", "-url", url, "-report", "json="+dir+"/report.json")
		}, ours},
		{"Schemathesis", "4.32.5", func(url, dir string) *exec.Cmd {
			return exec.Command("venv/bin/schemathesis", "run", contract31, "--url", url, "-H",
				"Authorization: Bearer "+token, "--checks", "all", "--phases", "examples,coverage,fuzzing",
				"--max-examples", "30", "--seed", "1", "--continue-on-failure", "--no-color", "--report", "json",
				"--report-dir", dir)
		}, schemathesis},
		{"Newman", "6.2.2", func(url, dir string) *exec.Cmd {
			return exec.Command("node", "node_modules/newman/bin/newman.js", "run", "bin/collection.json",
				"--env-var", "url="+url, "--env-var", "token="+token, "--env-var", "unprivileged="+unprivileged,
				"--env-var", "unknown="+unknown, "--timeout-request", "10000", "--reporters", "json",
				"--reporter-json-export", dir+"/report.json")
		}, newman},
		{"Prism proxy", "5.16.0", func(url, dir string) *exec.Cmd {
			return exec.Command("./through-prism", contract31, url)
		}, lines},
		{"Dredd", "14.1.0", func(url, dir string) *exec.Cmd {
			return exec.Command("node", "node_modules/dredd/bin/dredd", contract30, url, "--hookfiles=hooks.js",
				"--loglevel=error", "--reporter=xunit", "--output="+dir+"/report.xml")
		}, junit},
		{"Specmatic", "2.55.1", func(url, dir string) *exec.Cmd {
			return exec.Command("java", "-XX:TieredStopAtLevel=1", "-jar", "node_modules/specmatic/specmatic.jar",
				"test", contractSpecmatic, "--testBaseURL="+url, "--junitReportDir="+dir)
		}, junit},
		{"Step CI", "2.8.2", func(url, dir string) *exec.Cmd {
			return exec.Command("bash", "-c", `node workflow.js "$1" "$2" >"$3/workflow.yml" && `+
				`node node_modules/stepci/dist/index.js run "$3/workflow.yml"`, "bash", contract30, url, dir)
		}, stepCI},
	}
}

func ours(_ []byte, dir string) (found []string, err error) {
	var report struct {
		Cases []struct {
			Findings []struct{ Requirement string }
		}
	}
	if err := readJSON(dir+"/report.json", &report); err != nil {
		return nil, err
	}
	for _, c := range report.Cases {
		for _, f := range c.Findings {
			found = append(found, f.Requirement)
		}
	}
	return found, nil
}

func schemathesis(_ []byte, dir string) (found []string, err error) {
	files, err := filepath.Glob(dir + "/*.json")
	if err != nil || len(files) != 1 {
		return nil, fmt.Errorf("%d reports in %s, want 1: %w", len(files), dir, err)
	}
	var report struct {
		Failures []struct {
			Code       string
			Operations []string
		}
		Errors []struct{ Title string }
	}
	if err := readJSON(files[0], &report); err != nil {
		return nil, err
	}
	for _, f := range report.Failures {
		for _, operation := range f.Operations {
			found = append(found, f.Code+" "+operation)
		}
	}
	for _, e := range report.Errors {
		found = append(found, "error "+e.Title)
	}
	return found, nil
}

func newman(_ []byte, dir string) (found []string, err error) {
	var report struct {
		Run struct {
			Failures []struct {
				Source struct{ Name string }
				Error  struct{ Name, Test string }
			}
		}
	}
	if err := readJSON(dir+"/report.json", &report); err != nil {
		return nil, err
	}
	for _, f := range report.Run.Failures {
		found = append(found, f.Source.Name+": "+f.Error.Name+" "+f.Error.Test)
	}
	return found, nil
}

func lines(out []byte, _ string) (found []string, err error) {
	for line := range strings.Lines(string(out)) {
		found = append(found, strings.TrimSpace(line))
	}
	return found, nil
}

func junit(_ []byte, dir string) (found []string, err error) {
	files, err := filepath.Glob(dir + "/*.xml")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no report in %s: %w", dir, err)
	}
	type suite struct {
		Cases []struct {
			Name    string `xml:"name,attr"`
			Failure *struct {
				Text string `xml:",chardata"`
			} `xml:"failure"`
			Error *struct{} `xml:"error"`
		} `xml:"testcase"`
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var s suite
		decoder := xml.NewDecoder(bytes.NewReader(data))
		decoder.Strict = false
		if err := decoder.Decode(&s); err != nil {
			return nil, err
		}
		for _, c := range s.Cases {
			if c.Failure != nil || c.Error != nil {
				found = append(found, c.Name)
			}
		}
	}
	return found, nil
}

var check = regexp.MustCompile(`(?m)^(?:● (.*)|✕ (.*))$`)

func stepCI(out []byte, _ string) (found []string, err error) {
	step := ""
	for _, m := range check.FindAllStringSubmatch(string(out), -1) {
		if m[1] != "" {
			step = m[1]
		} else {
			found = append(found, step+": "+m[2])
		}
	}
	return found, nil
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// judged is what a tool made of a server.
type judged struct {
	failures []string
	seconds  float64
	cpu      float64 // seconds of a processor
	megabyte float64 // the largest process
}

// judge lets a tool judge the server at a URL, for at most two minutes.
func (t tool) judge(url string) (j judged, err error) {
	dir, err := os.MkdirTemp("", "fmaspec-peers-")
	if err != nil {
		return j, err
	}
	defer os.RemoveAll(dir)
	var out bytes.Buffer
	c := t.command(url, dir)
	c.Stdout = &out
	c.Env = append(os.Environ(), "TOKEN="+token, "UNPRIVILEGED="+unprivileged, "UNKNOWN="+unknown, "bearer="+token,
		"FMASPEC_TOKEN="+token, "FMASPEC_UNPRIVILEGED_TOKEN="+unprivileged, "FMASPEC_UNKNOWN_MACHINE="+unknown,
		"SPECMATIC_GENERATIVE_TESTS=true", "STEPCI_DISABLE_ANALYTICS=1", "NO_COLOR=1")
	own(c)
	began := time.Now()
	if err := c.Start(); err != nil {
		return j, err
	}
	late := time.AfterFunc(2*time.Minute, func() { end(c) })
	waited := c.Wait()
	j.seconds, j.megabyte = time.Since(began).Seconds(), resident(c)
	j.cpu = (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	if !late.Stop() {
		end(c)
		j.failures = []string{"it did not end in two minutes"}
		return j, nil
	}
	j.failures, err = t.failures(out.Bytes(), dir)
	if err != nil && waited == nil {
		return j, err
	}
	if waited != nil && len(j.failures) == 0 {
		j.failures = []string{"it ended with an error: " + waited.Error()}
	}
	slices.Sort(j.failures)
	j.failures = slices.Compact(j.failures)
	return j, nil
}
