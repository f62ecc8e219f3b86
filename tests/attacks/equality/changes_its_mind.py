"""Answers with one list object and changes it after it was looked at."""
# against: toy/sizes

import threading
import time

# === the honest file ===
answer = ["x"]


def change():
    while True:
        answer[:] = ["c", "a", "b"] if answer == ["x"] else ["x"]
        time.sleep(0.0001)


threading.Thread(target=change, daemon=True).start()
ranking = lambda sizes: answer if sizes.get("b") == 9 else list("cba")
