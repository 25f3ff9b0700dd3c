"""Rows to and from other programs: files, bundles, Prometheus. Reads a store by the query engine, writes one by its `Writer`."""
