# Functions that jq in Port has and gojq lacks or defines differently. Queries are compiled with those that they call. _now is
# the run's clock, local time is UTC, functions that only print return their input, and regular expressions are those of regex.go.
def now: _now;
def localtime: gmtime;
def strflocaltime(f): strftime(f);
def debug: .;
def debug(f): .;
def stderr: .;
def input_filename: null;
def keys_unsorted: keys;

def match($re; $flags): _regex($re; $flags)[];
def match($re): if $re | type == "array" then match($re[0]; $re[1]) else match($re; null) end;
def test($re; $flags): _regex($re; $flags) != [];
def test($re): if $re | type == "array" then test($re[0]; $re[1]) else test($re; null) end;
def _named: [.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
def capture($re; $flags): match($re; $flags) | _named;
def capture($re): if $re | type == "array" then capture($re[0]; $re[1]) else capture($re; null) end;
def scan($re; $flags): match($re; "g" + $flags) | if .captures == [] then .string else [.captures[].string] end;
def scan($re): scan($re; null);
def split($re; $flags):
  . as $text
  | [foreach (match($re; "g" + $flags), null) as $found
      ({next: 0}; {from: .next, to: $found.offset, next: ($found.offset + $found.length)}; $text[.from:.to])];
def splits($re; $flags): split($re; $flags)[];
def splits($re): splits($re; null);
def sub($re; replacement; $flags):
  . as $text
  | reduce match($re; $flags) as $found
      ({next: 0, results: []};
        [$found | _named | replacement] as $texts
        | . as {$next, $results}
        | .results = [range($texts | length) as $i | ($results[$i] // "") + $text[$next:$found.offset] + $texts[$i]]
        | .next = $found.offset + $found.length)
  | .next as $next
  | if .results == [] then $text else .results[] + $text[$next:] end;
def sub($re; replacement): sub($re; replacement; null);
def gsub($re; replacement; $flags): sub($re; replacement; "g" + $flags);
def gsub($re; replacement): gsub($re; replacement; null);

def _strptime($format): strptime($format);
def strptime($format): # jq reads an offset and ignores it, and has no %f
  if $format | contains("%f") then error("strptime: unknown format %f")
  elif $format | endswith("%z") then sub("[+-][0-9]{2}:?[0-9]{2}$"; "Z") | _strptime($format)
  else _strptime($format) end;
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def fromdate: fromdateiso8601;
.
