"""The manifests, as files that kustomize reads; ``argusd kubernetes`` prints them (docs/kubernetes.md)."""
