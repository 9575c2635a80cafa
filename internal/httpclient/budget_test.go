package httpclient

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// TestBudgetDecides on request 9: a limit of 100 in a minute, of which 80 are ours and 3 are left alone.
func TestBudgetDecides(t *testing.T) {
	const send, ask, waitForAnswer, waitForReset = "send", "ask", "wait for the answer", "wait for the reset"
	for name, test := range map[string]struct {
		used, remaining, underWay, asking int
		end                               time.Duration // of the window, from now on
		want                              string
	}{
		"no window yet":                         {end: -time.Hour, want: ask},
		"the window has ended":                  {used: 80, remaining: 3, end: -1, want: ask},
		"it ends now":                           {used: 80, remaining: 3, end: 0, want: ask},
		"another request asks":                  {asking: 7, end: -1, want: waitForAnswer},
		"another request asks within a window":  {asking: 7, used: 1, remaining: 99, end: time.Minute, want: waitForAnswer},
		"a whole window":                        {used: 1, remaining: 99, end: time.Minute, want: send},
		"the last of our share":                 {used: 79, remaining: 21, end: time.Minute, want: send},
		"our share is used":                     {used: 80, remaining: 20, end: time.Minute, want: waitForReset},
		"more than our share is used":           {used: 90, remaining: 10, end: time.Minute, want: waitForReset},
		"others used much, one is left to us":   {used: 10, remaining: 4, end: time.Minute, want: send},
		"others used much, the reserve is left": {used: 10, remaining: 3, end: time.Minute, want: waitForReset},
		"others used everything":                {used: 10, remaining: 0, end: time.Minute, want: waitForReset},
		"one more remains than is under way":    {used: 10, remaining: 36, underWay: 32, end: time.Minute, want: send},
		"what remains is under way":             {used: 10, remaining: 35, underWay: 32, end: time.Minute, want: waitForReset},
	} {
		b := budget{
			limit: limit{100, time.Minute}, share: 0.8, end: noon.Add(test.end),
			used: test.used, remaining: test.remaining, underWay: test.underWay, asking: test.asking,
		}
		want, got := b, waitForAnswer
		switch until, ok := b.admit(9, noon); {
		case ok && b.asking == 9:
			got, want.asking = ask, 9
		case ok:
			got = send
		case until.Equal(b.end):
			got = waitForReset
		}
		if got == send || got == ask {
			want.used, want.underWay = test.used+1, test.underWay+1
		}
		if got != test.want || b != want {
			t.Errorf("%s: %s and %+v, want %s and %+v", name, got, b, test.want, want)
		}
	}
}

// TestBudgetFollowsAnswers: request 5 is answered while 3 are under way, in a window of a minute that ends in 30 s, of
// which we used 20.
func TestBudgetFollowsAnswers(t *testing.T) {
	const grace = time.Second
	fresh := budget{}
	before := budget{end: noon.Add(30 * time.Second), used: 20, remaining: 50}
	asking := budget{end: noon.Add(-time.Second), used: 20, remaining: 50, asking: 5}
	other := budget{end: noon.Add(-time.Second), used: 20, remaining: 50, asking: 6}
	nothing := rateLimit{remaining: -1, reset: -1}
	for name, test := range map[string]struct {
		before budget
		shown  rateLimit
		want   budget
	}{
		"the same window": {
			before: before, shown: rateLimit{remaining: 40, reset: 30 * time.Second},
			want: budget{used: 20, remaining: 40, end: noon.Add(30*time.Second + grace)},
		},
		"an answer that was overtaken": {
			before: before, shown: rateLimit{remaining: 60, reset: 30 * time.Second},
			want: budget{used: 20, remaining: 50, end: noon.Add(30*time.Second + grace)},
		},
		"an answer that shows nothing": {
			before: before, shown: nothing, want: budget{used: 20, remaining: 49, end: before.end},
		},
		"no answer": {
			before: before, shown: nothing, want: budget{used: 20, remaining: 49, end: before.end},
		},
		"a later window": {
			before: before, shown: rateLimit{remaining: 90, reset: time.Minute + 2*time.Second},
			want: budget{used: 4, remaining: 90, end: noon.Add(time.Minute + 2*time.Second + grace)},
		},
		"a window that has ended": {
			before: budget{end: noon.Add(time.Minute), used: 20, remaining: 50}, shown: rateLimit{remaining: 1, reset: 0},
			want: budget{end: noon.Add(time.Minute), used: 20, remaining: 50},
		},
		"the first window": {
			before: fresh, shown: rateLimit{remaining: 30, reset: 12 * time.Second},
			want: budget{used: 4, remaining: 30, end: noon.Add(12*time.Second + grace)},
		},
		"a first answer without remaining": {
			before: fresh, shown: nothing, want: budget{used: 4, remaining: 99, end: noon.Add(time.Minute + grace)},
		},
		"the request that asked": {
			before: asking, shown: rateLimit{remaining: 99, reset: 59 * time.Second},
			want: budget{used: 4, remaining: 99, end: noon.Add(59*time.Second + grace)},
		},
		"the request that asked, without an answer or its headers": {
			before: asking, shown: nothing, want: budget{used: 4, remaining: 99, end: noon.Add(time.Minute + grace)},
		},
		"another request while one asks": {before: other, shown: rateLimit{remaining: 1, reset: 0}, want: other},
		"a reset that has passed by our clock": {
			before: asking, shown: rateLimit{remaining: 40, reset: 0},
			want: budget{used: 4, remaining: 40, end: noon.Add(time.Second + grace)},
		},
	} {
		b := test.before
		for _, b := range []*budget{&b, &test.want} {
			b.limit, b.share, b.underWay = limit{100, time.Minute}, 1, 3
		}
		if b.answered(5, test.shown, true, noon); b != test.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, b, test.want)
		}
	}
}

func TestBudgetSizes(t *testing.T) {
	for _, test := range []struct {
		limit          int
		share          float64
		ours, reserved int
	}{{35000, 0.8, 28000, 1050}, {35000, 1, 35000, 1050}, {250, 1, 250, 8}, {20, 0.8, 16, 1}, {100, 0.29, 29, 3}, {1, 0.8, 0, 1}} {
		b := budget{limit: limit{requests: test.limit}, share: test.share}
		if b.ours() != test.ours || b.reserved() != test.reserved {
			t.Errorf("%v of %d: ours %d, reserved %d, want %d, %d",
				test.share, test.limit, b.ours(), b.reserved(), test.ours, test.reserved)
		}
	}
}

// TestEstimateWait: 80 requests a minute are ours, 30 of them in this window, which ends in 20 s.
func TestEstimateWait(t *testing.T) {
	b := budget{
		limit: limit{100, time.Minute}, share: 0.8, end: noon.Add(20 * time.Second), used: 50, remaining: 50,
	}
	for requests, want := range map[int]time.Duration{
		0: 0, 30: 0, 31: 20 * time.Second, 110: 20 * time.Second, 111: 80 * time.Second, 190: 80 * time.Second,
		191: 140 * time.Second,
	} {
		if got := b.estimateWait(requests, noon); got != want {
			t.Errorf("%d requests: %v, want %v", requests, got, want)
		}
	}
	if got := b.estimateWait(80, noon.Add(time.Hour)); got != 0 {
		t.Errorf("80 requests after the window: %v, want 0", got)
	}
}
