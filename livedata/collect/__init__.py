"""The write side: wires inventory, transport, probes, parsers and store together, a task a host."""
