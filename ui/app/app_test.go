package app

import (
	"fmt"
	"testing"
)

const office = "../../pcaps/office.pcap"

func TestScreens(t *testing.T) {
	s := captured(t, office)
	for _, size := range []struct{ w, h int }{{80, 24}, {120, 40}, {40, 10}, {200, 50}} {
		r := start(t, s, size.w, size.h, nil)
		for _, sc := range screens {
			r.press(string(sc.key))
			golden(t, fmt.Sprintf("%s_%dx%d.golden", sc.short, size.w, size.h), r.text())
		}
	}
}
