package text

import (
	"encoding/json"
	"io"

	"github.com/dnssniff/dnssniff/analyze"
)

// OffendersSchema is the version of the JSON form of offenders. Fields are added, never renamed.
const OffendersSchema = "dnssniff.offenders/1"

// offendersJSON is the JSON form.
type offendersJSON struct {
	Schema    string            `json:"schema"`
	Source    analyze.Source    `json:"source"`
	Settings  analyze.Settings  `json:"settings"`
	Queries   uint64            `json:"queries"` // of all clients
	Total     uint64            `json:"offenders_total"`
	Lost      uint64            `json:"offenders_lost"`
	Offenders []offenderJSON    `json:"offenders"`
	Rules     map[string]string `json:"rules,omitempty"`
	Written   *Written          `json:"written,omitempty"`
}

// offenderJSON adds to an offender what follows from it. Its kinds and samples take the place of the report's.
type offenderJSON struct {
	analyze.Offender
	Share   float64      `json:"share"`      // of all its queries
	Rate    float64      `json:"rate_per_s"` // of offences between the first and the last; 0 where that is less than a second
	Kinds   []kindJSON   `json:"kinds"`
	Samples []sampleJSON `json:"samples"`
	Words   []wordsJSON  `json:"fingerprint_words"`
}

type kindJSON struct {
	ID       string `json:"id"` // OTHER are further ones together
	Name     string `json:"name,omitempty"`
	Severity string `json:"severity,omitempty"`
	Meaning  string `json:"meaning,omitempty"`
	RFC      string `json:"rfc,omitempty"`
	Messages uint64 `json:"messages"`
}

type sampleJSON struct {
	analyze.Sample
	Inspect string `json:"inspect"` // a command for a shell
}

type wordsJSON struct {
	About string `json:"about"`
	Words string `json:"words"`
}

// OffendersJSON prints the offenders of r, all that it has, as a JSON object, with rules for the rulesets asked for. The error is that of w.
func OffendersJSON(w io.Writer, r *analyze.Report, o OffendersOptions) error {
	out := offendersJSON{Schema: OffendersSchema, Source: r.Source, Settings: r.Settings, Queries: r.Messages.Queries,
		Total: max(r.Rows.Offenders, uint64(len(r.Offenders))), Lost: r.Limits.OffendersLost, Offenders: []offenderJSON{}, Written: o.Written}
	for i := range r.Offenders {
		out.Offenders = append(out.Offenders, offenderObject(r, &r.Offenders[i]))
	}
	for _, set := range o.Rules {
		if out.Rules == nil {
			out.Rules = make(map[string]string)
		}
		out.Rules[set.String()] = Rules(set, r.Offenders, r.Settings.Ports)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(out)
}

func offenderObject(r *analyze.Report, f *analyze.Offender) offenderJSON {
	x := offenderJSON{Offender: *f, Share: ratio(f.Malformed+f.Violating, max(f.AllQueries, f.Queries)), Kinds: []kindJSON{}, Samples: []sampleJSON{}}
	if seconds := f.Last.Sub(f.First).Seconds(); seconds >= leastRated {
		x.Rate = float64(offenceIntervals(f)) / seconds
	}
	for _, k := range kinds(f) {
		x.Kinds = append(x.Kinds, kindObject(k))
	}
	for _, s := range f.Samples {
		x.Samples = append(x.Samples, sampleJSON{s, inspectCommand(r, &s, true)})
	}
	for _, w := range fingerprintWords(&f.Fingerprint, Options{ASCII: true}) {
		x.Words = append(x.Words, wordsJSON{w.label, w.text})
	}
	return x
}

func kindObject(k kindCount) kindJSON {
	e, ok := k.id.Entry()
	if !ok {
		return kindJSON{ID: k.key, Messages: k.n}
	}
	return kindJSON{ID: k.key, Name: e.Name, Severity: e.Severity.String(), Meaning: e.Meaning, RFC: e.RFC, Messages: k.n}
}
