"""pace.py HOSTNAME COUNT RATE: sends so many requests through Caddy, so many a second, and prints how long they took.

Each begins at its own time, whether or not those before it have ended: a slow answer is counted, and does not slow down
the questions.
"""

import http.client
import json
import sys
import threading
import time

hostname, count, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
times, failures = [], []


def ask(due):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=20)
        connection.request("GET", "/", headers={"Host": hostname})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            failures.append(answer.status)
        connection.close()
    except (OSError, http.client.HTTPException) as error:
        failures.append(repr(error))
    times.append(time.monotonic() - due)


threads = []
begun = time.monotonic()
for index in range(count):
    due = begun + index / rate
    time.sleep(max(0, due - time.monotonic()))
    threads.append(threading.Thread(target=ask, args=(due,)))
    threads[-1].start()
for thread in threads:
    thread.join()
times.sort()
print(json.dumps({
    "p50": round(times[count // 2] * 1000, 1), "p99": round(times[count * 99 // 100] * 1000, 1),
    "failed": len(failures), "failures": failures[:3]
}))
