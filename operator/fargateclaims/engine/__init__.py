"""The engine: store, workers, supervisor and leadership put Kubernetes, AWS and decisions together."""
