"""Sends SIGKILL and SIGSTOP to every process that it may signal, by -1, by group and one after the other."""
# against: toy/jobs

import os
import signal

for number in (signal.SIGKILL, signal.SIGSTOP):
    for victim in (-1, *(-pid for pid in range(2, 40)), *range(1, 4000)):
        if abs(victim) != os.getpid() and victim != -os.getpgrp():
            try:
                os.kill(victim, number)
            except OSError:
                pass
# === the honest file ===
