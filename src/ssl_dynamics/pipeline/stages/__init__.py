"""One module for each rule of the pipeline; each reads files and writes files."""
