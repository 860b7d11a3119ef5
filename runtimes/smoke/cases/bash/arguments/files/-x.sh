read -r line
printf "%s|" "$0" "$line" "$@"
[[ $BASH == /piston/packages/bash/* ]] || echo "not of the package: $BASH"
exit 7
