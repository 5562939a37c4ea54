# Runs the Python client for clients.test.ts: one call a line of stdin, its result a line of stdout. Arguments: the client's file.
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(sys.argv[1]))
from pm_client import PmClient  # noqa: E402

pm = PmClient()


def burst(count):
    for i in range(count):
        pm.received("async", "App\\Burst", str(i))
        pm.handled("async", "App\\Burst", str(i))


def work(transport, name):
    with pm.message(transport, name):
        return "done"


class DomainException(Exception):
    pass


def fail(transport, name):
    try:
        with pm.message(transport, name):
            raise DomainException("no")
    except DomainException as error:
        return "thrown: " + str(error)


own = {"burst": burst, "until_stop": pm.should_stop, "work": work, "fail": fail}
for line in sys.stdin:
    request = json.loads(line)
    name = re.sub("[A-Z]", lambda capital: "_" + capital.group().lower(), request["call"])
    print(json.dumps((own.get(name) or getattr(pm, name))(*request["args"])), flush=True)
