"""Pipeline: configuration, artifacts, code fingerprints, stages, command line."""
