package diagnose

import (
	"fmt"
	"testing"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

func TestLatencyRules(t *testing.T) {
	steps := "NOERROR 192.0.2.1 198.51.100.1 - 60 rd=60 ra=60\n"
	spread := steps
	for i := range 10 {
		steps += fmt.Sprintf("moment 192.0.2.1 198.51.100.1 example.com. slow %d %d\n", 5*i, 5*i+2)
		spread += fmt.Sprintf("moment 192.0.2.1 198.51.100.1 example.com. slow %d %d\n", 20*i, 20*i+2+i)
	}
	testRules(t, []ruleTest{
		{"one server slow, its peer fast", "server-slow", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 rd=40 ra=40 rtt=700
			NOERROR 192.0.2.1 198.51.100.2 - 60 rd=60 ra=60 rtt=3`},
		{"both slow", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 rd=40 ra=40 rtt=700
			NOERROR 192.0.2.1 198.51.100.2 - 60 rd=60 ra=60 rtt=700`},
		{"one a little slower", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 rd=40 ra=40 rtt=20
			NOERROR 192.0.2.1 198.51.100.2 - 60 rd=60 ra=60 rtt=3`},
		{"slow at first, fast from the cache", "cache-misses", `
			NOERROR 192.0.2.1 198.51.100.1 - 100 rd=100 ra=100
			asked_first - 198.51.100.1 - 40 rtt=90
			asked_before - 198.51.100.1 - 60 rtt=0`},
		{"slow always", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 100 rd=100 ra=100
			asked_first - 198.51.100.1 - 40 rtt=90
			asked_before - 198.51.100.1 - 60 rtt=90`},
		{"ten answers after two seconds each", "timeout-steps", steps},
		{"slow answers of all times", "", spread},
		{"repeated by the client", "", steps + "NOERROR 192.0.2.1 198.51.100.1 example.com. 9 rd=9 ra=9 retransmitted=9"},
	})
}

func TestStepsOf(t *testing.T) {
	steps, in := stepsOf([]int64{2e9, 2.01e9, 2.02e9, 2.03e9, 400e6, 5e9, 5.01e9, 5.05e9, 5.02e9, 5.03e9, 9e9})
	if len(steps) != 2 || in != 9 || steps[0].n != 5 || steps[1].n != 4 {
		t.Errorf("got %v, %d", steps, in)
	}
	if steps, in := stepsOf(nil); steps != nil || in != 0 {
		t.Errorf("of nothing: %v, %d", steps, in)
	}
}

// TestSpike puts slow answers at some buckets among fast ones.
func TestSpike(t *testing.T) {
	const fast, slow = 2, 9
	for _, tt := range []struct {
		name     string
		slowAt   []int
		n        uint32
		from, to int
	}{
		{"a burst", []int{40, 41}, 50, 40, 42},
		{"too small", []int{40}, 5, 0, 0},
		{"at the end, where nobody knows how it goes on", []int{98, 99}, 50, 0, 0},
		{"again and again", []int{10, 30, 50, 70, 90}, 50, 0, 0},
		{"half of the time", []int{40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62}, 50, 0, 0},
	} {
		p := evidence.Pace{Width: 1e8, Buckets: make([]evidence.PaceBucket, 100)}
		for i := range p.Buckets {
			p.Buckets[i][fast] = 4
		}
		for _, i := range tt.slowAt {
			p.Buckets[i][slow] = tt.n
		}
		if from, to, _, _ := spikeOf(&p); from != tt.from || to != tt.to {
			t.Errorf("%s: %d to %d, want %d to %d", tt.name, from, to, tt.from, tt.to)
		}
		_, list := Find(Input{Facts: &evidence.Facts{Paces: [2]evidence.Pace{{}, p}}, Last: 10e9})
		if got := len(list) == 1 && list[0].ID == "latency-spike" && list[0].Severity == Info; got != (tt.to > 0) {
			t.Errorf("%s: %+v", tt.name, list)
		}
	}
}
