#!/bin/sh
# /// probe
# help    = "Connections and requests of nginx, from its stub_status page."
# source  = "http://127.0.0.1/nginx_status"
# docs    = "https://nginx.org/en/docs/http/ngx_http_stub_status_module.html"
# every   = "30s"
# timeout = "5s"
# parse   = "keyvalue"
#
# [columns]
# connections = { id = 1, type = "i64", kind = "gauge", help = "Connections of clients that are open, waiting ones too" }
# reading = { id = 2, type = "i64", kind = "gauge", help = "Those whose request is being read" }
# writing = { id = 3, type = "i64", kind = "gauge", help = "Those that are being answered" }
# waiting = { id = 4, type = "i64", kind = "gauge", help = "Those that are idle between two requests" }
# accepted_total = { id = 5, type = "u64", kind = "counter", help = "Connections accepted" }
# handled_total = { id = 6, type = "u64", kind = "counter", help = "Connections served: fewer than accepted where a limit was met" }
# requests_total = { id = 7, type = "u64", kind = "counter", help = "Requests" }
#
# [derived]
# dropped_increase = { sql = "accepted_increase - handled_increase", help = "Connections dropped since the sample before" }
# ///
url=http://127.0.0.1/nginx_status # the page's address: location = /nginx_status { stub_status; allow 127.0.0.1; deny all; }

pidof nginx >/dev/null 2>&1 || exit 69
if command -v curl >/dev/null 2>&1; then
  page=$(curl -sSf -m 4 "$url")
elif command -v wget >/dev/null 2>&1; then
  page=$(wget -q -T 4 -O - "$url")
else
  exit 69
fi || exit 1
printf '%s\n' "$page" | awk '
  /^Active connections:/ { print "connections=" $3 }
  /^ *[0-9]+ +[0-9]+ +[0-9]+ *$/ { print "accepted_total=" $1; print "handled_total=" $2; print "requests_total=" $3 }
  /^Reading:/ { print "reading=" $2; print "writing=" $4; print "waiting=" $6 }
'
