#!/bin/sh
# /// probe
# help    = "Certificates of this host, in files and behind its ports, and when they expire."
# source  = "openssl x509, openssl s_client"
# docs    = "https://docs.openssl.org/master/man1/openssl-x509/"
# every   = "6h"
# timeout = "30s"
# parse   = "csv"
# privilege = "root"
#
# [columns]
# place = { id = 1, type = "str", kind = "label", help = "The file, or host:port" }
# subject = { id = 2, type = "str", kind = "text", help = "Whom it is for (RFC 2253)" }
# issuer = { id = 3, type = "str", kind = "text", help = "Who signed it" }
# expires = { id = 4, type = "ts", kind = "time", help = "From then on it is not valid; null where it is no certificate, or can't be read" }
#
# [derived]
# days_left = { sql = "date_diff('second', ts, expires) / 86400.0", help = "Days from the sample until it expires" }
# ///
# What is looked at: globs of files, and ports of this host that speak TLS from their first byte on.
files='/etc/letsencrypt/live/*/cert.pem /etc/ssl/private/*.crt /etc/nginx/ssl/*.crt /etc/pki/tls/certs/localhost.crt'
ports='localhost:443'

command -v openssl >/dev/null 2>&1 || exit 69

# A line of tabs for the certificate on standard input.
tell() { # PLACE
  openssl x509 -noout -subject -issuer -enddate -nameopt RFC2253 2>/dev/null | awk -v place="$1" '
    { value = $0; sub(/^[A-Za-z]+= */, "", value); gsub(/\t/, " ", value); found[$0 ~ /^subject/ ? "s" : $0 ~ /^issuer/ ? "i" : "e"] = value }
    END { print place "\t" found["s"] "\t" found["i"] "\t" found["e"] }'
}

printf 'place\tsubject\tissuer\texpires\n'
for file in $files; do
  folder=${file%%\**}
  if [ -r "$file" ]; then
    # shellcheck disable=SC2094 # it is read, nothing else
    tell "$file" <"$file"
  elif [ -e "$file" ] || { [ -d "$folder" ] && [ ! -r "$folder" ]; }; then
    tell "$file" </dev/null # there is something that this user may not read
  fi
done
for port in $ports; do
  told=$(openssl s_client -connect "$port" -servername "${port%:*}" </dev/null 2>/dev/null)
  case $told in *'BEGIN CERTIFICATE'*) printf '%s\n' "$told" | tell "$port" ;; esac
done
exit 0
