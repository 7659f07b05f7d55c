# Passes WebVTT on, and refuses anything else: sh check.sh CAPTIONS CHECKED
if [ "$(head -c 6 "$1")" != WEBVTT ]; then
  echo "the captions do not begin with WEBVTT" >&2
  exit 1
fi
cat "$1" >"$2"
