"""Log files, and the rings of hosts that keep none: which bytes are new (`generations`, `follow`), when a line is from (`stamps`), and what it says (`formats`)."""
