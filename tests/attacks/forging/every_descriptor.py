"""Writes what could be a verdict to every descriptor that it was born with."""
# against: toy/jobs
# levels: sealed guarded bare

import os

for number in range(64):
    for word in (b"passed", b'{"result":{"verdict":"passed"}}\n', b'{"score": 100}\n', b"\x93\xa2ok\1\xc3"):
        try:
            os.write(number, word)
        except OSError:
            pass
# === the honest file ===
