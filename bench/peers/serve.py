"""A side in Python: answers one JSON line per request (protocol: worker.ts). serve.ts does the same for sides in JavaScript."""

import json
import sys

from clock import measure


def serve(greeting, works, ready):
    """Says the greeting, then answers until the input ends. `ready(request)` is called before every request."""
    print(json.dumps(greeting), flush=True)
    prepared = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            ready(request)
            if request["do"] == "prepare":
                step, value = works[request["work"]](**request["args"])
                prepared = step
                answer = {"value": value()}
            else:
                answer = {"samples": measure(prepared, request["seconds"], request.get("cpu", False))}
        except Exception as problem:
            answer = {"error": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(answer), flush=True)
