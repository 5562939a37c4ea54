# Tasks: a worker of a consumer with `tasks: { protocol: jsonl }`. It reads them from stdin and answers on stdout.
#
#     def handle(payload, task):
#         return {"thumbnail": scale(payload["url"])}
#
#     serve_tasks(handle)
#
# What is raised becomes the error of the task; an attribute `retry = False` says that trying again is no use. One at a time. Ends when pm
# closes stdin, asks to drain, or sends SIGTERM: what is at work is finished first. What is printed meanwhile, also by programs that are
# started, goes to stderr, for stdout is the protocol.

import re
import select
import signal
import sys

_MAX_FRAME_BYTES = 65536
_POLL_SECONDS = 0.001  # between two short tasks, pm's frames are looked for this often
_MAX_CANCELLED = 1000


class TaskError(Exception):
    """What came of a call when it has no result: `code` as pm says it (failed, timeout, overloaded, ...), `details` as the other worker says."""

    def __init__(self, code, message, details=None):
        super().__init__(message)
        self.code = code
        self.details = details


class TaskCancelled(Exception):
    """Nobody waits for the answer any more."""


class Task:
    __slots__ = ("id", "_server")

    def __init__(self, id, server):
        self.id = id
        self._server = server

    def cancelled(self):
        """True when nobody waits for the answer any more: a handler that takes long should look now and then, and end in whatever way."""
        return self._server.is_cancelled(self.id)

    def check(self):
        """Raises TaskCancelled when nobody waits for the answer any more."""
        if self.cancelled():
            raise TaskCancelled("called off")

    def call(self, consumer, payload, timeout_seconds=None):
        """Hands a task to another consumer and waits for its result; raises TaskError, or TaskCancelled when this task is called off."""
        return self._server.call(self, consumer, payload, timeout_seconds)


def serve_tasks(handler, pm=None):
    """Runs the handler for every task: `handler(payload, task)` returns the result. Returns when there is no more to do. For the main thread."""
    _TaskServer(handler, PmClient() if pm is None else pm).run()


class _Stop(BaseException):
    pass


class _TaskServer:
    def __init__(self, handler, pm):
        self._handler = handler
        self._pm = pm
        self._cancelled = {}  # ids called off, oldest first
        self._results = {}  # id of the call that waits -> its frame, or None
        self._calls = 0
        self._polled = 0.0
        self._idle = self._stop = False
        pm.on_frame = self._hear
        # A program that the handler starts finds neither the tasks on its stdin nor pm on its stdout.
        sys.stdout.flush()
        self._input, self._output = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(2, 1)
        os.close(null)
        self._readable = select.poll()
        for fd in {self._input, pm.fileno()} - {-1}:
            self._readable.register(fd, select.POLLIN)
        sys.stdout.reconfigure(line_buffering=True)

    def run(self):
        previous = signal.signal(signal.SIGTERM, self._terminate)
        try:
            self._pm.ready()
            for line in self._lines():
                self._run(line)
                if self._stop or self._pm.stopping():
                    break
        except _Stop:
            pass
        finally:
            signal.signal(signal.SIGTERM, previous)

    def is_cancelled(self, id):
        self._pm.poll()
        return id in self._cancelled

    def call(self, task, consumer, payload, timeout_seconds):
        self._calls += 1
        frame = {"type": "call", "id": "c%d" % self._calls, "consumer": consumer}
        if timeout_seconds is not None:
            frame["timeout_seconds"] = timeout_seconds
        line = _encode({**frame, "payload": payload}) + b"\n"  # the payload comes last: pm then passes it on as it is
        if len(line) > _MAX_FRAME_BYTES:
            raise TaskError("too_large", "the payload is longer than the %d bytes of a frame" % _MAX_FRAME_BYTES)
        self._results[frame["id"]] = None
        try:
            connected = self._pm.write(line)
            while connected and self._results[frame["id"]] is None:
                if task.id in self._cancelled:
                    self._pm.write(_encode({"type": "cancel", "id": frame["id"]}) + b"\n")
                    raise TaskCancelled("called off")
                self._pm.poll(wait=True)
                connected = self._pm.fileno() >= 0
            answer = self._results[frame["id"]]
        finally:
            del self._results[frame["id"]]
        if answer is None:
            raise TaskError("unavailable", "there is no pm to call")
        error = answer.get("error")
        if error is not None:
            raise TaskError(error.get("code"), error.get("message"), error.get("details"))
        return answer.get("result")

    def _hear(self, frame):
        if frame["type"] == "cancel":
            if len(self._cancelled) >= _MAX_CANCELLED:
                del self._cancelled[next(iter(self._cancelled))]  # answered long ago
            self._cancelled[frame.get("id")] = None
        elif frame["type"] == "result" and frame.get("id") in self._results:
            self._results[frame["id"]] = frame

    def _terminate(self, number, stack):
        self._stop = True
        if self._idle:
            raise _Stop

    def _run(self, line):
        numbered = _opening(line)
        if numbered is None:
            print("no task: %r" % line[:200], file=sys.stderr)
            return
        id = int(numbered.group(1))
        try:
            payload = _decode(line.decode()).get("payload")
            if self._cancelled and id in self._cancelled:
                raise TaskCancelled("called off before it was begun")
            result = _encode(self._handler(payload, Task(id, self)))
            self._answer(b'{"id":%d,"result":%s}\n' % (id, result))
        except Exception as error:
            self._fail(id, error)
        except BaseException as error:
            self._fail(id, error)
            raise
        finally:
            if self._cancelled:
                self._cancelled.pop(id, None)

    def _fail(self, id, error):
        described = {"message": str(error) or type(error).__name__, "class": _class_of(error)}
        for name in ("code", "details") if isinstance(error, TaskError) else ():
            described[name] = getattr(error, name)
        if isinstance(getattr(error, "retry", None), bool):
            described["retry"] = error.retry
        self._answer(_encode({"id": id, "error": described}) + b"\n")

    def _lines(self):
        """Every line of the input, until it ends or the worker is to end. Waits for pm's frames as well."""
        parts = []  # of a line whose end has not come
        while self._wait():
            chunk = os.read(self._input, 1 << 16)
            *lines, rest = chunk.split(b"\n")
            if lines:
                lines[0] = b"".join(parts) + lines[0]
                parts.clear()
            parts.append(rest)
            for line in lines:
                if line:
                    yield line
                if time.monotonic() - self._polled >= _POLL_SECONDS:
                    self._polled = time.monotonic()
                    self._pm.poll()
            if chunk == b"":
                if any(parts):
                    yield b"".join(parts)
                return

    def _wait(self):
        """True when there is something to read, or its end; false when the worker is to end."""
        try:
            self._idle = True
            while not (self._stop or self._pm.stopping()):
                ready = [fd for fd, _ in self._readable.poll()]
                if self._input not in ready or len(ready) > 1:
                    self._pm.poll()
                if self._input in ready:
                    return True
        finally:
            self._idle = False
        return False

    def _answer(self, line):
        """At once: an answer that is kept back would be lost with the next task, and its own be run twice."""
        line = memoryview(line)
        try:
            while line:
                line = line[os.write(self._output, line) :]
        except OSError:
            self._stop = True  # nobody reads any more


_opening = re.compile(rb'\s*{\s*"id"\s*:\s*(\d+)').match
_decode = json.JSONDecoder().decode
_plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_escaped = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def _encode(value):
    try:
        return _plain(value).encode()
    except UnicodeEncodeError:  # half a character
        return _escaped(value).encode()
