# A second version of Node.js, the last of its line.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=/dev/null
. "$recipe/node/recipe.sh"

disk=150

node_version=20.20.2
node_sha512="PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ=="
