"""The command line: a file for each command group; nothing heavy is imported before a command runs."""
