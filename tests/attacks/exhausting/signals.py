"""Has a timer send it signals faster than they can be handled, and blocks all that could end it."""
# against: toy/sizes

import signal

signal.signal(signal.SIGALRM, lambda *_: None)
signal.signal(signal.SIGVTALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
signal.setitimer(signal.ITIMER_VIRTUAL, 0.0001, 0.0001)
signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGALRM})
# === the honest file ===
