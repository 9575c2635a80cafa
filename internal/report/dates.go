package report

import "time"

// stride is a distance between marks on an axis of dates, and how they are written.
type stride struct {
	years, months, days int
	layout              string
}

var strides = []stride{
	{days: 1, layout: "2 Jan"}, {days: 2, layout: "2 Jan"}, {days: 7, layout: "2 Jan"}, {days: 14, layout: "2 Jan"},
	{months: 1, layout: "Jan 2006"}, {months: 2, layout: "Jan 2006"}, {months: 3, layout: "Jan 2006"}, {months: 6, layout: "Jan 2006"},
	{years: 1, layout: "2006"}, {years: 2, layout: "2006"}, {years: 5, layout: "2006"}, {years: 10, layout: "2006"},
	{years: 100, layout: "2006"}, {years: 1000, layout: "2006"},
}

const mostDates = 6

// dates are the marks between two moments: at most six, at the beginnings of days, months or years.
func dates(first, last time.Time) []tick {
	for _, s := range strides {
		if last.Unix()-first.Unix() > s.seconds()*(mostDates+1) {
			continue
		}
		if ticks := s.between(span{first, last}); len(ticks) <= mostDates {
			return ticks
		}
	}
	return nil
}

// seconds is a stride's greatest length. A time.Duration would end at 292 years.
func (s stride) seconds() int64 { return int64(s.years*366+s.months*31+s.days) * 24 * 60 * 60 }

func (s stride) between(whole span) []tick {
	var ticks []tick
	for at := s.start(whole.first); !at.After(whole.last); at = at.AddDate(s.years, s.months, s.days) {
		if !at.Before(whole.first) {
			ticks = append(ticks, tick{share(whole.place(at)), at.Format(s.layout)})
		}
	}
	return ticks
}

// start is the last beginning of a stride that is not after a moment.
func (s stride) start(at time.Time) time.Time {
	year, month, day := at.UTC().Date()
	switch {
	case s.years > 0:
		return time.Date(year-year%s.years, time.January, 1, 0, 0, 0, 0, time.UTC)
	case s.months > 0:
		return time.Date(year, month-time.Month(int(month-1)%s.months), 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
