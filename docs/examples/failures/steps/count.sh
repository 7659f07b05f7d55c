# Counts the words of captions: sh count.sh CAPTIONS WORDS
printf '{"words": %d}\n' "$(grep -v -e '-->' -e '^WEBVTT' "$1" | wc -w)" >"$2"
