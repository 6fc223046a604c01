"""watch.py: reads lines of hostnames and sends requests for them through Caddy until the next line comes.

Prints for each line but the first, as JSON, how many were sent and which went wrong.
"""

import http.client
import json
import sys
import threading
import time

PAUSE = 0.04


class Watch:
    def __init__(self, names):
        self.sent, self.wrong, self.stop = 0, [], threading.Event()
        self.threads = [threading.Thread(target=self.send, args=(name,)) for name in names]
        for thread in self.threads:
            thread.start()

    def send(self, name):
        while not self.stop.is_set():
            begun = time.time()
            connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=20)
            try:
                connection.request("GET", "/", headers={"Host": name})
                answer = connection.getresponse()
                text = answer.read().decode(errors="replace")
                problem = None if answer.status == 200 else f"{answer.status} {text[:80]}"
            except (OSError, http.client.HTTPException) as error:
                problem = repr(error)
            finally:
                connection.close()
            self.sent += 1
            if problem:
                self.wrong.append(f"{name} at {begun:.2f} after {time.time() - begun:.2f} s: {problem}")
            self.stop.wait(PAUSE)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        print(json.dumps({"sent": self.sent, "failed": len(self.wrong), "wrong": self.wrong[:3]}), flush=True)


watch = None
for line in sys.stdin:
    if watch:
        watch.end()
    watch = Watch(line.split())
if watch:
    watch.end()
