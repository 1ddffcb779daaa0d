//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
)

func TestListWithoutArguments(t *testing.T) {
	var out bytes.Buffer
	if err := run(context.Background(), nil, &out); err != nil || !strings.Contains(out.String(), "resolver ") {
		t.Errorf("%v:\n%s", err, out.String())
	}
}

func TestChoose(t *testing.T) {
	all := []stage.Scenario{{Name: "one"}, {Name: "two"}, {Name: "two-more"}}
	for args, want := range map[string]int{"all": 3, "one": 1, "two*": 2, "one two": 2} {
		if got, err := choose(all, strings.Fields(args)); err != nil || len(got) != want {
			t.Errorf("%s: %d scenarios, %v, want %d", args, len(got), err, want)
		}
	}
	for _, args := range []string{"three", "one three", "[", ""} {
		if args == "" {
			continue
		}
		if _, err := choose(all, strings.Fields(args)); err == nil {
			t.Errorf("%s: no error", args)
		}
	}
}

func TestMissingNamesEachPackageOnce(t *testing.T) {
	err := missing(func(program string) (string, error) {
		if strings.HasPrefix(program, "pdns") || program == "nft" {
			return "", errors.New("not found")
		}
		return program, nil
	})
	if err == nil || !strings.HasSuffix(err.Error(), "apt-get install pdns-server pdns-recursor nftables") {
		t.Errorf("got %v", err)
	}
	if err := missing(func(p string) (string, error) { return p, nil }); err != nil {
		t.Error(err)
	}
}
