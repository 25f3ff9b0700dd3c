"""Ways to reach a shell on a host, and to ask it many probes in one line."""
