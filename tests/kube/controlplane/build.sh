#!/usr/bin/env bash
# Builds kube-apiserver, kube-controller-manager and etcd into the user's cache folder, once per version, and prints the folder.
# KUBEBUILDER_ASSETS, as envtest knows it, names a folder that has all three already.
set -euo pipefail
assets=${KUBEBUILDER_ASSETS:-}
[[ -z $assets || $assets = /* ]] || assets=$PWD/$assets
cd "$(dirname "$0")"

programs=(kube-apiserver kube-controller-manager etcd)

missing() { # FOLDER: which of the programs it lacks
  for program in "${programs[@]}"; do [ -x "$1/$program" ] || echo "$program"; done
}

if [ -n "$assets" ]; then
  lacking=$(missing "$assets" | paste -sd ' ')
  if [ -n "$lacking" ]; then
    echo "make kube: KUBEBUILDER_ASSETS is $assets, which has no $lacking; add it, or unset the variable to build all" >&2
    exit 1
  fi
  echo "$assets"
  exit
fi

version=$(sed -n 's|^require k8s.io/kubernetes ||p' go.mod)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/fargateclaims/kube/$version
# What it was built from: with another etcd or another dependency, the same version of Kubernetes is built again.
sources=$(cat go.mod go.sum etcd/go.mod etcd/go.sum etcd/main.go build.sh | sha256sum | cut -d ' ' -f 1)

finish_if_built() {
  [ "$(cat "$folder/.sources" 2>/dev/null)" = "$sources" ] && [ -z "$(missing "$folder")" ] || return 0
  echo "$folder"
  exit
}

finish_if_built

needed=$(sed -n 's/^go //p' go.mod)
refuse() { # WHY
  echo "make kube: Go builds the control plane, and $1: install Go $needed or newer, or set KUBEBUILDER_ASSETS to a folder with ${programs[*]}" >&2
  exit 1
}
go_version() { go env GOVERSION 2>/dev/null | grep -o 'go[0-9][0-9.]*' || true; }

command -v go >/dev/null || refuse "is not here"
# An old one is asked here, beside go.mod: if it may, it fetches the version that this needs, and is that one from then on.
if [ "$(printf '%s\n' "go$needed" "$(go_version)" | sort -V | head -n 1)" != "go$needed" ]; then
  refuse "$(cd / && GOTOOLCHAIN=local go_version) is too old and did not get a newer one by itself"
fi

mkdir -p "$folder"
exec {lock}>"$folder/.lock"
flock --nonblock "$lock" || { echo "waiting for another make kube, which is building" >&2 && flock "$lock"; }
finish_if_built

echo "building Kubernetes $version into $folder, once; it takes some minutes" >&2
rm -f "$folder/.sources"
stamp=k8s.io/component-base/version
IFS=. read -r major minor _ <<<"${version#v}"
build() { # PACKAGE [FLAGS]: a program into the folder, at once or not at all
  local package=$1 program
  program=$(basename "$package")
  [ "$package" = . ] && program=etcd
  CGO_ENABLED=0 go build -trimpath -ldflags "-s -w ${2:-}" -o "$folder/.$program" "$package"
  mv "$folder/.$program" "$folder/$program"
  echo "built $program" >&2
}
(cd etcd && build .)
for program in kube-apiserver kube-controller-manager; do
  build "k8s.io/kubernetes/cmd/$program" \
    "-X $stamp.gitVersion=$version -X $stamp.gitMajor=$major -X $stamp.gitMinor=$minor -X $stamp.gitTreeState=clean"
done
echo "$sources" >"$folder/.sources"
echo "$folder"
