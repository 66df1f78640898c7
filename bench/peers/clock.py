"""How a side in Python times its own work; clock.ts does the same."""

import time

SAMPLE = 0.02  # seconds


def measure(step, seconds, cpu=False):
    """Seconds per iteration: samples of some 20 ms until the time is used up. A step longer than a turn is timed once."""
    wall = time.perf_counter
    clock = time.process_time if cpu else wall
    start, begun = wall(), clock()
    count = 0
    while True:
        step()
        count += 1
        spent = wall() - start
        if spent >= seconds / 10:
            break
    if count == 1 and spent >= seconds:
        return [clock() - begun]
    many = max(1, round(SAMPLE / (spent / count)))
    samples = []
    while True:
        before = clock()
        for _ in range(many):
            step()
        samples.append((clock() - before) / many)
        if wall() - start >= seconds:
            return samples
