package proxy

import (
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// delays are histograms of the time for which the proxy keeps heads of messages back.
type delays struct{ vec *prometheus.HistogramVec }

func newDelays() *delays {
	return &delays{prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    namespace + "delay_seconds",
		Help:    "Time for which the proxy kept back the head of a message before it passed it on.",
		Buckets: prometheus.ExponentialBuckets(0.00001, 4, 10),
	}, []string{"message"})}
}

func (d *delays) request(t time.Duration) { d.vec.WithLabelValues("request").Observe(t.Seconds()) }

func (d *delays) answer(t time.Duration) { d.vec.WithLabelValues("answer").Observe(t.Seconds()) }

// namespace begins the name of each metric.
const namespace = "fmaspec_proxy_"

// A collector makes metrics of the counts. The values of labels are ids of the suite and names of
// this package, so that their number is bounded whatever passes.
type collector struct{ proxy *Proxy }

// A series is the description of metrics with the same name.
type series struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func newSeries(kind prometheus.ValueType, name, help string, labels ...string) series {
	return series{prometheus.NewDesc(namespace+name, help, labels, nil), kind}
}

func (c collector) Describe(chan<- *prometheus.Desc) {} // an unchecked collector

func (c collector) Collect(out chan<- prometheus.Metric) {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	n, _ := c.proxy.tally.look()
	send := func(s series, value int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(s.desc, s.kind, float64(value), labels...)
	}
	send(newSeries(gauge, "in_flight", "Exchanges that pass at this moment."), n.InFlight)
	send(newSeries(gauge, "queue_length", "Exchanges that wait for the judge."), int64(len(c.proxy.queue)))
	send(newSeries(gauge, "copied_bytes", "Bytes of bodies that are kept for the judge."), c.proxy.budget.used.Load())
	send(newSeries(counter, "passed_total", "Exchanges that ended, whatever their path."), n.Passed)
	send(newSeries(counter, "upstream_errors_total", "Exchanges to which the upstream gave no answer."),
		n.UpstreamErrors)
	send(newSeries(counter, "broken_requests_total", "Exchanges whose request body is broken."), n.BrokenRequests)
	exchanges := newSeries(counter, "exchanges_total", "Judged exchanges by operation and result; those that are on "+
		"no documented path have the result not-applicable.", "operation", "outcome")
	for _, of := range c.outcomes() {
		send(exchanges, n.Outcomes[of], of.Operation, of.Result)
	}
	send(exchanges, n.NotApplicable, "", "not-applicable")
	findings := newSeries(counter, "findings_total", "Findings by requirement and by the side that they are against.",
		"requirement", "side")
	for _, of := range c.charges() {
		if _, is := n.Findings[of]; !is {
			n.Findings[of] = 0
		}
	}
	for of, value := range n.Findings {
		send(findings, value, of.Requirement, of.Side)
	}
	by := func(label string, known []string, of map[string]int64, name, help string) {
		s := newSeries(counter, name, help, label)
		for _, key := range known {
			send(s, of[key], key)
		}
		for key, value := range of {
			if !slices.Contains(known, key) {
				send(s, value, key)
			}
		}
	}
	by("reason", []string{QueueFull, NoMemory, Panicked, Ended}, n.NotJudged, "not_judged_total",
		"Exchanges on documented paths that were not judged.")
	by("reason", []string{TooLong, TooLate, Panicked, Dropped}, n.Unenforced, "unenforced_total",
		"Messages that were passed on without the judge in the mode enforce.")
	by("reason", noAnswerKinds(), n.NoAnswer, "no_answer_total", "Exchanges to which the upstream gave no answer.")
	by("status", unservedStatuses(), n.Unserved, "unserved_total", "Requests that are none, and that the proxy's HTTP "+
		"server answered itself.")
	refused := newSeries(counter, "refused_total", "Messages that broke the contract and were answered or replaced in "+
		"the mode enforce.", "message")
	send(refused, n.RefusedRequests, "request")
	send(refused, n.ReplacedAnswers, "answer")
	bytes := newSeries(counter, "body_bytes_total", "Bytes of bodies that passed.", "message")
	send(bytes, n.Sent, "request")
	send(bytes, n.Received, "answer")
}

// outcomes returns all outcomes that there can be: a series that appears with its first event hides that event from
// the functions of Prometheus that compare.
func (c collector) outcomes() (out []Outcome) {
	for _, op := range c.proxy.options.Suite.Operations {
		for _, result := range []string{"conformant", "server", "client", "both", "unjudged"} {
			out = append(out, Outcome{op.ID, result})
		}
	}
	return out
}

// charges returns the charges whose series are there from the beginning: of what servers owe, and of what clients
// alone do.
func (c collector) charges() (out []Charge) {
	for _, r := range c.proxy.options.Suite.Requirements {
		out = append(out, Charge{r.ID, "server"})
	}
	for _, r := range c.proxy.options.Suite.ClientRequirements {
		out = append(out, Charge{r.ID, "client"})
	}
	return out
}

// metrics returns a handler of the metrics of this proxy alone.
func (p *Proxy) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{p}, p.delay.vec)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}
