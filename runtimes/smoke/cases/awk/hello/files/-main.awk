BEGIN { print PROCINFO["version"] ~ /^5/ ? "gawk 5" : "another awk" }
{ sum += $1 * n }
END { print sum, gensub(/l+/, "L", 1, "hello") }
