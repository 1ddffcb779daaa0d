package main

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/analyze/guide"
	"github.com/dnssniff/dnssniff/analyze/where"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// TestGuideCommands checks that each call of dnssniff in the guide is one that the command takes: its name, its flags, its expressions, its keys.
func TestGuideCommands(t *testing.T) {
	g := guide.Load()
	fill := guide.Fill{"server": "192.0.2.53", "client": "192.0.2.1", "zone": "example.com.", "name": "www.example.com.", "type": "A", "file": "x.pcap", "packet": "7"}
	calls := 0
	for _, p := range g.All() {
		for _, line := range p.Commands() {
			args := shellWords(fill.Apply(line))
			if len(args) == 0 || args[0] != "dnssniff" {
				continue
			}
			calls++
			for i, a := range args { // pipelines end the call
				if a == "|" {
					args = args[:i]
					break
				}
			}
			if err := checkCall(g, args[1:]); err != "" {
				t.Errorf("%s: %s: %s", p.Key, line, err)
			}
		}
	}
	if calls < 50 {
		t.Errorf("only %d calls were found", calls)
	}
}

// checkCall returns what is wrong with the arguments of a call, "" for nothing.
func checkCall(g *guide.Guide, args []string) string {
	root := rootCommand(streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err.Error()
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err.Error()
	}
	if cmd == root && cmd.Flags().NArg() > 0 && !strings.Contains(cmd.Flags().Arg(0), ".") {
		return "neither a command nor a file"
	}
	if w := cmd.Flags().Lookup("where"); w != nil && w.Value.String() != "" && w.Value.String() != "EXPRESSION" {
		if _, err := where.Parse(w.Value.String()); err != nil {
			return err.Error()
		}
	}
	return checkKeys(g, cmd)
}

// checkKeys returns what is wrong with the keys of a call of explain.
func checkKeys(g *guide.Guide, cmd *cobra.Command) string {
	if cmd.Name() != "explain" {
		return ""
	}
	keys := cmd.Flags().Args()
	if len(keys) == 0 || len(keys) == 1 && keys[0] == "KEY" {
		return ""
	}
	if _, _, err := lookUp(g, keys); err != nil {
		return err.Error()
	}
	return ""
}

// shellWords splits a line as a shell does, as far as the guide needs it: at spaces, but not within quotes, up to a comment.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quote, open := rune(0), false
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, open = c, true
		case quote == 0 && c == ' ':
			if open || word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		case quote == 0 && c == '#' && word.Len() == 0:
			return words
		default:
			word.WriteRune(c)
		}
	}
	if open || word.Len() > 0 {
		words = append(words, word.String())
	}
	return words
}

func TestShellWords(t *testing.T) {
	got := strings.Join(shellWords(`dnssniff inspect x --where 'rcode == "FORMERR"'  # why`), "|")
	if want := `dnssniff|inspect|x|--where|rcode == "FORMERR"`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestGuideExpressions checks the expressions that heads of pages propose.
func TestGuideExpressions(t *testing.T) {
	for _, p := range guide.Load().All() {
		for _, f := range p.Facts {
			if f.Label == "--where" {
				if _, err := where.Parse(f.Text); err != nil {
					t.Errorf("%s: %s: %v", p.Key, f.Text, err)
				}
			}
		}
	}
}

// TestEveryCodeIsExplained asks for everything that a report can name.
func TestEveryCodeIsExplained(t *testing.T) {
	g := guide.Load()
	var words []string
	for n := range uint16(64) {
		words = append(words, mnemonic.RCODE(n), mnemonic.TSIGError(n), "ede "+strings.TrimPrefix(mnemonic.EDE(n), "EDE"))
	}
	for id := range anomaly.All {
		words = append(words, id.String(), id.Name())
	}
	for _, w := range words {
		if _, _, err := lookUp(g, []string{w}); err != nil {
			t.Errorf("%s: %v", w, err)
		}
	}
}
