# A task worker for tasks.test.ts: the payload says what to do. Arguments: the client's file.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(sys.argv[1]))
from pm_client import TaskError, serve_tasks  # noqa: E402


class DomainException(Exception):
    pass


def handle(payload, task):
    deed = payload["do"]
    if deed == "echo":
        return payload["value"]
    if deed == "gate":
        return task.call("gate", payload["value"], timeout_seconds=2.5)
    if deed == "untilCancelled":
        task.call("gate", None)
        while not task.cancelled():
            pass
        return "broken off"
    if deed == "reason":
        try:
            return task.call("gate", payload["value"])
        except TaskError as error:
            return [error.code, str(error), error.details]
    if deed == "fail":
        raise DomainException('no "ü"')
    if deed == "failForGood":
        error = DomainException("never")
        error.retry = False
        raise error
    if deed == "unwritable":
        return float("nan")
    if deed == "print":
        print("printed")
        os.system("echo written; cat")
        return "done"
    if deed == "exit":
        sys.exit(3)


serve_tasks(handle)
print("served", file=sys.stderr)
