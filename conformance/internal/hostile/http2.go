package hostile

import (
	"crypto/tls"
	"strings"
)

// http2Behaviours spoil HTTP/2 frame by frame.
func http2Behaviours() []Behaviour {
	overTLS := func(protocols ...string) func(*authority) *tls.Config {
		return func(a *authority) *tls.Config {
			config := a.shows(leaf())
			config.NextProtos = protocols
			return config
		}
	}
	// at answers a request with frames on its stream, and then waits.
	at := func(name, says string, e Expect, frames func(*scene) []frame) Behaviour {
		return Behaviour{Name: "http2-" + name, Says: says, HTTP2: true, Expect: e, answer: acts(reply(frames), hold)}
	}
	// first begins each connection with frames of its own.
	first := func(name, says string, e Expect, a act) Behaviour {
		return Behaviour{Name: "http2-" + name, Says: says, HTTP2: true, Expect: e,
			accept: acts(hear, send(frame{kind: settingsFrame}), a)}
	}
	body := func(s *scene) frame { return frame{kind: dataFrame, flags: endStream, payload: s.honest.body} }
	head := func(s *scene, more ...string) frame {
		return frame{kind: headersFrame, flags: endHeaders, payload: s.head(more...)}
	}
	// plays does something else with a request.
	plays := func(name, says string, e Expect, a act) Behaviour {
		return Behaviour{Name: "http2-" + name, Says: says, HTTP2: true, Expect: e, answer: a}
	}
	const garbled = "the answer is not HTTP/2: .*"
	const elsewhat = "does not speak HTTP/2: .*"
	setting := func(id byte, value ...byte) frame {
		return frame{kind: settingsFrame, payload: append([]byte{0, id}, value...)}
	}
	return []Behaviour{
		{Name: "http2-honest", Says: "does nothing wrong", HTTP2: true, Expect: passed()},
		{Name: "http2-honest-over-tls", Says: "does nothing wrong", HTTP2: true, tls: overTLS("h2"), Expect: passed()},
		{Name: "http2-not-offered", Says: "offers HTTP/1.1 alone", HTTP2: true, tls: overTLS("http/1.1"),
			Expect: errored("unreachable", "does not offer HTTP/2")},
		{Name: "http2-not-chosen", Says: "chooses no protocol in the TLS handshake", HTTP2: true, tls: overTLS(),
			Expect: errored("unreachable", "does not offer HTTP/2")},
		{Name: "http2-not-known", Says: "answers the preface in HTTP/1.1", HTTP2: true,
			accept: acts(hear, say("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), hold),
			Expect: errored("unreachable", "does not offer HTTP/2")},
		first("says-nothing", "sends its SETTINGS and nothing more",
			errored("silent", "no request got an answer: nothing more came within .* before an answer began"),
			hold).waiting(),
		first("closes-at-once", "sends its SETTINGS and closes",
			errored("closed", "no request got an answer: .*(closed|reset) before an answer began"), acts()),
		first("goes-away-at-once", "sends its SETTINGS and GOAWAY",
			errored("closed", "no request got an answer: .*ended before an answer began|closed|reset"),
			acts(send(frame{kind: goAwayFrame, payload: make([]byte, 8)}), hold)),
		first("garbled", "sends its SETTINGS and rubbish", errored("malformed", elsewhat),
			acts(say(strings.Repeat("rubbish ", 100)), hold)),
		first("settings-of-bytes", "sends SETTINGS of five bytes",
			errored("malformed", elsewhat+"(breaks its rules|FRAME_SIZE)"),
			acts(send(frame{kind: settingsFrame, payload: make([]byte, 5)}), hold)),
		first("window-beyond-all-numbers", "sends SETTINGS with a window beyond all numbers",
			errored("malformed", elsewhat+"(breaks its rules|FLOW_CONTROL)"),
			acts(send(setting(4, 0x80, 0, 0, 0)), hold)),
		first("frame-size-of-nothing", "sends SETTINGS that allow no frames",
			errored("malformed", elsewhat+"(breaks its rules|PROTOCOL_ERROR)"),
			acts(send(setting(5, 0, 0, 0, 0)), hold)),
		first("allows-no-stream", "sends SETTINGS that allow no stream",
			errored("silent", "no request got an answer: nothing more came within .* before an answer began"),
			acts(send(setting(3, 0, 0, 0, 0)), hold)).waiting(),
		first("opens-no-window", "sends SETTINGS that allow no body",
			errored("silent", "no request got an answer: nothing more came within .* before an answer began"),
			acts(send(setting(4, 0, 0, 0, 0)), hold)).waiting(),
		first("endless-settings", "sends SETTINGS without end", errored("silent", "nothing more came"),
			flood(frame{kind: settingsFrame, payload: []byte{0, 3, 0, 0, 0, 100}}, false)).waiting(),
		first("endless-pings", "sends PING without end", errored("silent", "nothing more came"),
			flood(frame{kind: pingFrame, payload: make([]byte, 8)}, false)).waiting(),

		plays("resets-connection", "resets the connection in place of an answer",
			failed("closed", "(closed|reset) before an answer began"), reset),
		plays("goes-away", "sends GOAWAY in place of an answer",
			failed("closed", "ended before an answer began: .*GOAWAY"),
			acts(send(frame{kind: goAwayFrame, payload: []byte{0, 0, 0, 0, 0, 0, 0, 2}}), hold)),
		plays("halts-inside-frame", "stops in a frame of the body",
			failed("slow", "it was not whole within .*: the time was up after .* of the body"),
			acts(reply(func(s *scene) []frame { return []frame{head(s)} }), say("\x00\x10\x00\x00"), hold)).waiting(),
		plays("endless-header", "sends a header block without end", failed("malformed", garbled+"PROTOCOL_ERROR"),
			acts(begun, flood(frame{kind: continuationFrame, payload: block("x-more", "more")}, true))),
		plays("endless-empty-continuation", "sends empty CONTINUATION without end",
			failed("silent", "nothing more came"),
			acts(begun, flood(frame{kind: continuationFrame}, true))).waiting(),
		plays("endless-empty-data", "sends empty DATA without end",
			failed("slow", "it was not whole within .*: the time was up after 0 bytes of the body"),
			acts(reply(func(s *scene) []frame { return []frame{head(s)} }),
				flood(frame{kind: dataFrame}, true))).waiting(),
		plays("endless-body", "sends DATA without end, whatever the window",
			failed("malformed", garbled+"FLOW_CONTROL"),
			acts(reply(func(s *scene) []frame { return []frame{head(s)} }),
				flood(frame{kind: dataFrame, payload: make([]byte, 16<<10)}, true))),
		plays("answers-on-another-stream", "answers on a stream that nobody opened",
			failed("malformed", garbled+"PROTOCOL_ERROR"),
			acts(func(s *scene) {
				send(frame{headersFrame, endHeaders, s.stream + 10, s.head()},
					frame{dataFrame, endStream, s.stream + 10, s.honest.body})(s)
			}, hold)),
		at("resets-stream", "resets the stream in place of an answer", failed("closed", "INTERNAL_ERROR"),
			func(*scene) []frame {
				return []frame{{kind: resetFrame, payload: []byte{0, 0, 0, 2}}}
			}),
		at("refuses-stream", "refuses the stream", failed("closed", "REFUSED_STREAM"), func(*scene) []frame {
			return []frame{{kind: resetFrame, payload: []byte{0, 0, 0, 7}}}
		}),
		at("resets-stream-inside-body", "resets the stream in the body",
			failed("cut", "after 40 bytes of the body: .*INTERNAL_ERROR"), func(s *scene) []frame {
				return []frame{head(s), {kind: dataFrame, payload: s.honest.first(40)},
					{kind: resetFrame, payload: []byte{0, 0, 0, 2}}}
			}),
		at("halts-inside-body", "stops in the body", failed("slow", "it was not whole within .*: the time was up "+
			"after 40 bytes of the body"), func(s *scene) []frame {
			return []frame{head(s), {kind: dataFrame, payload: s.honest.first(40)}}
		}).waiting(),
		at("halts-behind-head", "stops behind the head",
			failed("slow", "it was not whole within .*: the time was up after 0 bytes of the body"),
			func(s *scene) []frame { return []frame{head(s)} }).waiting(),
		at("length-too-great", "announces more than it sends", failed("cut", "bytes of the body|EOF"),
			func(s *scene) []frame {
				return []frame{head(s, "content-length", "9999"), body(s)}
			}),
		at("length-too-small", "announces less than it sends",
			failed("", "more bytes came than Content-Length gives|PROTOCOL_ERROR"), func(s *scene) []frame {
				return []frame{head(s, "content-length", "9"), body(s)}
			}),
		at("two-lengths", "announces two lengths that differ", failed("conflict", "Content-Length"),
			func(s *scene) []frame {
				return []frame{head(s, "content-length", "9", "content-length", "10"), body(s)}
			}),
		at("garbled-header-block", "sends a header block that is none",
			failed("malformed", garbled+"COMPRESSION_ERROR"), func(*scene) []frame {
				return []frame{{kind: headersFrame, flags: endHeaders | endStream,
					payload: []byte("\xff\xff\xff\xff\xff\xff\xff\xff")}}
			}),
		at("header-index-of-nothing", "refers to a header that was never sent",
			failed("malformed", garbled+"COMPRESSION_ERROR"), func(*scene) []frame {
				return []frame{{kind: headersFrame, flags: endHeaders | endStream, payload: []byte{0x88, 0xff, 0x40}}}
			}),
		at("status-missing", "sends a head without a status", failed("malformed", garbled+"missing status"),
			func(s *scene) []frame {
				return []frame{{kind: headersFrame, flags: endHeaders,
					payload: block("content-type", "application/json")}, body(s)}
			}),
		at("status-in-words", "sends a status in words", failed("malformed", garbled+"status"), func(s *scene) []frame {
			return []frame{{kind: headersFrame, flags: endHeaders, payload: block(":status", "created")}, body(s)}
		}),
		at("upper-case-name", "sends the name of a field in capitals",
			failed("malformed", garbled+"field name.*X-More"), func(s *scene) []frame {
				return []frame{head(s, "X-More", "more"), body(s)}
			}),
		at("value-with-line-break", "sends a field value with a line break", failed("malformed", garbled+"x-more"),
			func(s *scene) []frame {
				return []frame{head(s, "x-more", "more\r\nx-even: more"), body(s)}
			}),
		at("connection-header", "sends a field of HTTP/1.1", failed("malformed", garbled+"(?i)transfer-encoding"),
			func(s *scene) []frame {
				return []frame{head(s, "transfer-encoding", "chunked"), body(s)}
			}),
		at("large-header-list", "sends a field of 300 KiB", failed("malformed", garbled), func(s *scene) []frame {
			all := s.head("x-more", strings.Repeat("m", 300<<10))
			out := []frame{{kind: headersFrame, payload: all[:16<<10]}}
			for all = all[16<<10:]; len(all) > 16<<10; all = all[16<<10:] {
				out = append(out, frame{kind: continuationFrame, payload: all[:16<<10]})
			}
			return append(out, frame{kind: continuationFrame, flags: endHeaders, payload: all}, body(s))
		}),
		at("data-before-headers", "sends a body before its head", failed("malformed", garbled+"PROTOCOL_ERROR"),
			func(s *scene) []frame { return []frame{body(s), head(s)} }),
		at("frame-too-large", "sends a frame of 16 MiB", failed("malformed", garbled+"frame too large"),
			func(s *scene) []frame {
				return []frame{head(s), {kind: dataFrame, flags: endStream, payload: make([]byte, 1<<24-1)}}
			}),
		at("padding-too-long", "sends more padding than the frame holds", failed("malformed", garbled+"PROTOCOL_ERROR"),
			func(s *scene) []frame {
				return []frame{head(s), {kind: dataFrame, flags: endStream | padded, payload: []byte{200, 0, 0}}}
			}),
		at("window-overflowing", "opens a window beyond all numbers", failed("malformed", "FLOW_CONTROL|standstill"),
			func(s *scene) []frame {
				return []frame{{kind: windowFrame, payload: []byte{0x7f, 0xff, 0xff, 0xff}},
					{kind: windowFrame, payload: []byte{0x7f, 0xff, 0xff, 0xff}}}
			}).waiting().stuck(),
		plays("connection-window-overflowing", "opens the window of the connection beyond all numbers",
			failed("malformed", garbled+"FLOW_CONTROL"),
			acts(send(frame{kind: windowFrame, payload: []byte{0x7f, 0xff, 0xff, 0xff}}), hold)),
		at("window-of-nothing", "opens a window by nothing", failed("malformed", garbled+"PROTOCOL_ERROR"),
			func(s *scene) []frame {
				return []frame{{kind: windowFrame, payload: []byte{0, 0, 0, 0}}}
			}),
		at("pushes-unasked", "pushes an answer that nobody asked for", failed("malformed", garbled+"PROTOCOL_ERROR"),
			func(s *scene) []frame {
				promise := append([]byte{0, 0, 0, 2}, block(":method", "GET", ":scheme", "http", ":authority", "here",
					":path", "/")...)
				return []frame{{kind: pushFrame, flags: endHeaders, payload: promise}, head(s), body(s)}
			}),
		at("second-answer", "sends a second answer behind the end of the first", passed(), func(s *scene) []frame {
			return []frame{head(s), body(s), head(s), body(s)}
		}),
	}
}

// begun sends a head that does not end.
func begun(s *scene) {
	reply(func(s *scene) []frame { return []frame{{kind: headersFrame, payload: s.head()}} })(s)
}

// stuck is a behaviour at which the client's library waits for itself.
func (b Behaviour) stuck() Behaviour {
	b.Stuck = true
	return b
}

// waiting is a behaviour that ends with the client's deadline alone.
func (b Behaviour) waiting() Behaviour {
	b.Waits = true
	return b
}
