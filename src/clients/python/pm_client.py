"""Worker client of pm: worker protocol version 1, Python 3.8 and newer, standard library only. Printed by `pm client python`.

    pm = PmClient()
    pm.ready()
    while not pm.should_stop():  # answers pings, and sees a drain request or the end of the manager
        with pm.message("emails", "SendEmail"):
            ...  # take one and handle it

A worker that pm did not start (no PM_IPC_FD): every call does nothing. No call raises. A frame is written whole and
waits until pm has room for it; once pm is gone, nothing is written any more. One client per process. Threads may report
messages at once; should_stop() and poll() belong to the loop that takes the work, since a pong must prove that it turns.
A worker that is handed tasks needs no more than serve_tasks(), below.
"""

import itertools
import json
import os
import socket
import threading
import time
from contextlib import contextmanager

_MAX_STARTED = 1024
_MAX_TEXT = 500  # characters; keeps every frame far below the 64 KiB of the protocol


class PmClient:
    def __init__(self):
        self._stop = False
        self._unread = b""
        self._started = {}  # message id -> start, in seconds of the monotonic clock; oldest first
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self.on_frame = lambda frame: None  # called by poll() with every frame that is not the business of this class
        # Taken out of the environment: the programs a worker starts are not workers.
        fd = os.environ.pop("PM_IPC_FD", "")
        try:
            self._channel = socket.socket(fileno=int(fd))
            self._channel.set_inheritable(False)
            self._channel.setblocking(True)
        except (OSError, ValueError):
            self._channel = None  # not started by pm

    def ready(self):
        """The worker can take its first message."""
        self._send({"type": "ready"})

    def progress(self):
        """The message at work advances: call it now and then while one takes long."""
        self._send({"type": "progress"})

    def slots(self, busy, total):
        """For workers that do several things at once: how many are at work, of how many."""
        self._send({"type": "slots", "busy": busy, "total": total})

    @contextmanager
    def message(self, transport, class_name, id=None):
        """Reports the work in its block: received, then handled, or failed with what the block raised."""
        id = str(next(self._ids)) if id is None else id
        self.received(transport, class_name, id)
        try:
            yield
        except BaseException as error:
            self.failed(transport, class_name, _class_of(error), id)
            raise
        self.handled(transport, class_name, id)

    def received(self, transport, class_name, id=None):
        """The id tells messages apart that are in flight together; the same in all calls about one message."""
        with self._lock:
            if len(self._started) >= _MAX_STARTED:
                del self._started[next(iter(self._started))]  # the oldest
            self._started[id] = time.monotonic()
        self._event("received", transport, class_name, id)

    def handled(self, transport, class_name, id=None, seconds=None):
        """Seconds are measured since `received` where they are not given."""
        self._event("handled", transport, class_name, id, self._since_received(id, seconds))

    def failed(self, transport, class_name, error_class, id=None, seconds=None):
        """One attempt failed, whether it will be retried or not."""
        self._event("failed", transport, class_name, id, self._since_received(id, seconds), error_class)

    def retried(self, transport, class_name, id=None):
        """The message goes back to its queue; in addition to `failed`, before or after it."""
        self._event("retried", transport, class_name, id)

    def should_stop(self):
        """True when the worker should end after the message at work: pm asked it to drain, or is gone. Polls first."""
        self.poll()
        return self._stop

    def stopping(self):
        """What should_stop() would say without having polled."""
        return self._stop

    def poll(self, wait=False):
        """Answers the pings that wait and takes note of a drain request. Waits for pm to say something only where asked to. Call it between messages."""
        while (channel := self._channel) is not None:  # another thread may find pm gone meanwhile
            try:
                received = channel.recv(65536, 0 if wait else socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:
                received = b""
            wait = False
            if received == b"":
                self._manager_is_gone()
            *lines, self._unread = (self._unread + received).split(b"\n")
            for line in lines:
                try:
                    frame = json.loads(line)
                except ValueError:
                    continue
                kind = frame.get("type") if isinstance(frame, dict) else None
                if kind == "ping":
                    self._send({"type": "pong"})
                elif kind == "drain":
                    self._stop = True
                elif kind is not None:
                    self.on_frame(frame)

    def _since_received(self, id, seconds):
        with self._lock:
            start = self._started.pop(id, None)
        return seconds if seconds is not None or start is None else time.monotonic() - start

    def _event(self, event, transport, class_name, id, seconds=None, error_class=None):
        frame = {"type": "message", "event": event, "transport": _text(transport), "class": _text(class_name)}
        if id is not None:
            frame["id"] = _text(id)
        if seconds is not None:
            frame["duration_seconds"] = seconds
        if error_class is not None:
            frame["error_class"] = _text(error_class)
        self._send(frame)

    def _send(self, frame):
        self.write(json.dumps(frame, ensure_ascii=False).encode() + b"\n")

    def write(self, line):
        """Sends a frame that is a line already; false where there is no manager."""
        with self._lock:
            if self._channel is not None:
                try:
                    self._channel.sendall(line)
                except OSError:
                    self._manager_is_gone()
            return self._channel is not None

    def fileno(self):
        """The descriptor to wait for between polls; -1 where there is no manager."""
        channel = self._channel
        return -1 if channel is None else channel.fileno()

    def _manager_is_gone(self):
        self._channel = None
        self._stop = True


def _text(value):
    return str(value)[:_MAX_TEXT].encode("utf-8", "replace").decode()


def _class_of(error):
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else kind.__module__ + "." + kind.__qualname__
