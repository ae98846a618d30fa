#!/usr/bin/env bash
# Prints the path of promtool: the one that is installed, else Debian's, unpacked into the user's cache folder. Nothing is installed.
set -euo pipefail

if command -v promtool; then
  exit
fi

folder=${XDG_CACHE_HOME:-$HOME/.cache}/fargateclaims/promtool
if [ -x "$folder/promtool" ]; then
  echo "$folder/promtool"
  exit
fi

for program in apt-get dpkg-deb; do
  if ! command -v "$program" >/dev/null; then
    echo "promtool is missing: put it on PATH, it comes with Prometheus (https://prometheus.io/download/); here is no $program to get Debian's" >&2
    exit 1
  fi
done

mkdir -p "$folder"
work=$(mktemp -d "$folder/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# Where the machine's own lists of packages are missing or too old, they are read anew, beside them: that takes no rights.
fetch() {
  local options=(-qq -o APT::Sandbox::User=)
  if apt-get "${options[@]}" download prometheus; then return; fi
  mkdir -p lists/partial cache/archives/partial
  options+=(-o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache")
  apt-get "${options[@]}" update && apt-get "${options[@]}" download prometheus
}

if ! said=$(fetch 2>&1); then
  echo "promtool is missing, and apt-get cannot download Debian's package prometheus: $(tail -n 1 <<<"$said")" >&2
  exit 1
fi
dpkg-deb --fsys-tarfile prometheus_*.deb | tar --extract ./usr/bin/promtool
mv usr/bin/promtool "$folder/promtool"
echo "$folder/promtool"
