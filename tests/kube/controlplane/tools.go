//go:build tools

// Package controlplane pins the programs of a Kubernetes control plane: `make kube` builds them from here.
package controlplane

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
)
