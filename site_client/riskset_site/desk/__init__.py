"""The site desk: pages on this machine, for a data manager or a committee who types no commands. They call what the
commands call; nothing of them leaves the machine."""
