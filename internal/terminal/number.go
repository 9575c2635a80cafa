package terminal

import "strconv"

// Count writes a number with a comma between thousands: 1,505.
func Count[T int | int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Several counts things: 1 minute, 1,200 minutes. A thing that ends in y has its plural in ies.
func Several(count int, thing string) string {
	switch {
	case count == 1:
		return "1 " + thing
	case thing[len(thing)-1] == 'y':
		thing = thing[:len(thing)-1] + "ie"
	}
	return Count(count) + " " + thing + "s"
}
