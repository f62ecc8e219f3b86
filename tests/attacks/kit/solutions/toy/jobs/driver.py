"""What must happen within the submission's process: threads that add jobs."""

import threading
from collections import namedtuple

import jobs

Seen = namedtuple("Seen", "length distinct")


def hammer(threads, times):
    queue = jobs.JobQueue()

    def add(thread):
        for number in range(times):
            queue.add(f"{thread}-{number}", number)

    running = [threading.Thread(target=add, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return Seen(len(queue), len(set(queue.drain())))
