#!/usr/bin/env bash
# Builds kube-apiserver, kube-controller-manager and etcd into the user's cache folder, once per version, and prints the folder.
# KUBEBUILDER_ASSETS, as envtest knows it, names a folder that has all three already.
set -euo pipefail
cd "$(dirname "$0")"

programs=(kube-apiserver kube-controller-manager etcd)

missing() { # FOLDER: which of the programs it lacks
  for program in "${programs[@]}"; do [ -x "$1/$program" ] || echo "$program"; done
}

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  lacking=$(missing "$KUBEBUILDER_ASSETS" | paste -sd ' ')
  if [ -n "$lacking" ]; then
    echo "make kube: KUBEBUILDER_ASSETS is $KUBEBUILDER_ASSETS, which has no $lacking; add it, or unset the variable to build all" >&2
    exit 1
  fi
  echo "$KUBEBUILDER_ASSETS"
  exit
fi

version=$(sed -n 's|^require k8s.io/kubernetes ||p' go.mod)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/fargateclaims/kube/$version
# What it was built from: with another etcd or another dependency, the same version of Kubernetes is built again.
sources=$(cat go.mod go.sum etcd/go.mod etcd/go.sum etcd/main.go build.sh | sha256sum | cut -d ' ' -f 1)

if [ "$(cat "$folder/.sources" 2>/dev/null)" = "$sources" ] && [ -z "$(missing "$folder")" ]; then
  echo "$folder"
  exit
fi

if ! command -v go >/dev/null; then
  echo "make kube: Go builds the control plane and is not here: install Go $(sed -n 's/^go //p' go.mod) or newer, or set KUBEBUILDER_ASSETS to a folder with ${programs[*]}" >&2
  exit 1
fi

echo "building Kubernetes $version into $folder, once; it takes some minutes" >&2
mkdir -p "$folder"
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
