"""From a probe's file to a `Probe`: the block in its head, the rules it must keep, the folders it may lie in."""
