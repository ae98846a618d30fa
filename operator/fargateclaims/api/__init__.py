"""The two kinds of the API as models: the one source of `crds/*.yaml`."""
