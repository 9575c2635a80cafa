package codecov

import "strings"

// negotiate picks JSON or HTML by an Accept header, and tells whether either will do. As in Django REST framework the
// more specific range wins, quality values don't count, and JSON comes before HTML.
func negotiate(accept string) (mediaType string, ok bool) {
	if strings.TrimSpace(accept) == "" {
		accept = "*/*"
	}
	json, html := precedence(accept, jsonType), precedence(accept, htmlType)
	if html > json {
		return htmlType, true
	}
	return jsonType, json >= 0
}

// precedence tells how specifically an Accept header asks for a media type: from 0 for */* to 3, and -1 when it doesn't.
func precedence(accept, mediaType string) int {
	offered, _, _ := strings.Cut(mediaType, ";")
	family, _, _ := strings.Cut(offered, "/")
	best := -1
	for entry := range strings.SplitSeq(accept, ",") {
		wanted, parameters, _ := strings.Cut(entry, ";")
		switch strings.TrimSpace(wanted) {
		case offered:
			best = max(best, 2)
			if parameters = strings.TrimSpace(parameters); parameters != "" && !strings.HasPrefix(parameters, "q=") {
				best = 3
			}
		case family + "/*":
			best = max(best, 1)
		case "*/*":
			best = max(best, 0)
		}
	}
	return best
}
