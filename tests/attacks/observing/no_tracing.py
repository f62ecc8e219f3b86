"""Switches off tracing and the switching of threads, by which a driver would make races happen."""
# against: week2/lru_cache
# over: no_lock

import sys
import threading

sys.settrace = threading.settrace = lambda *_: None
sys.setswitchinterval(100)
sys.setswitchinterval = lambda *_: None
# === the honest file ===
