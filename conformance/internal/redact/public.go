package redact

import (
	"bytes"
	"iter"
	"strings"
	"sync"
)

// publicTexts are texts that are no secrets, whatever a token is.
type publicTexts struct {
	mu    sync.Mutex
	texts iter.Seq[string]
	asked map[string]bool // whether a value stands in one of the texts
}

// Public names texts that are no secrets, such as those of the requests of a suite, which answers
// hold in their own right. A token that stands in one of them is plain, and so is a part of a token.
// They are named before the first token is added.
func (s *Secrets) Public(texts iter.Seq[string]) { s.public.texts = texts }

// IsPlain is the function of that name, and reports besides whether a value stands in a text that
// is public, in any letter case.
func (s *Secrets) IsPlain(value string) bool { return IsPlain(value) || s.public.hold(value) }

func (p *publicTexts) hold(value string) bool {
	if p.texts == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	is, known := p.asked[value]
	if known {
		return is
	}
	sought := small([]byte(value))
	for text := range p.texts {
		if is = bytes.Contains(small([]byte(text)), sought); is {
			break
		}
	}
	if p.asked == nil {
		p.asked = map[string]bool{}
	}
	p.asked[value] = is
	return is
}

// parts returns where in a token the parts begin that stand in one of the texts.
func (p *publicTexts) parts(token string) map[int]bool {
	if p.texts == nil || len(token) < shortestPart {
		return nil
	}
	at := map[string][]int{}
	for i := range len(token) - shortestPart + 1 {
		part := strings.ToLower(token[i : i+shortestPart])
		at[part] = append(at[part], i)
	}
	out := map[int]bool{}
	for text := range p.texts {
		text := small([]byte(text))
		for i := 0; i+shortestPart <= len(text); i++ {
			for _, begin := range at[string(text[i:i+shortestPart])] {
				out[begin] = true
			}
		}
	}
	return out
}
