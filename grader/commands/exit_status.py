"""The exit statuses of all commands."""

OK = 0
BELOW_MIN_SCORE = 1
USAGE = 2
AT_FAULT = 3
INTERRUPTED = 130
