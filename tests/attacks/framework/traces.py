"""Sets tracing and profiling functions that leave whoever is traced."""
# against: toy/jobs

import sys
import threading

sys.settrace(lambda *_: sys.exit(0))
sys.setprofile(lambda *_: None)
threading.settrace(lambda *_: sys.exit(0))
# === the honest file ===
