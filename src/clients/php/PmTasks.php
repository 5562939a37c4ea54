<?php

declare(strict_types=1);

/**
 * Tasks: a worker of a consumer with `tasks: { protocol: jsonl }`. It reads them from stdin and answers on stdout.
 *
 *     PmTasks::serve(function ($payload, PmTask $task) {
 *         return ['thumbnail' => scale($payload['url'])];
 *     });
 *
 * What is thrown becomes the error of the task; a public property `retry` that is false says that trying again is no use. Objects of the payload
 * are associative arrays, and integers beyond 64 bits are strings. One at a time. Ends when pm closes stdin, asks to drain, or, where pcntl is
 * there, sends SIGTERM: what is at work is finished first. What is echoed or written to STDOUT meanwhile goes to stderr, for stdout is the protocol;
 * only what opens php://stdout by itself must be pointed to php://stderr.
 */
final class PmTasks
{
    public const MAX_FRAME_BYTES = 65536;
    private const FLAGS = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION | JSON_THROW_ON_ERROR;
    private const POLL_NS = 1000000; // between two short tasks, pm's frames are looked for this often
    private const MAX_CANCELLED = 1000;

    private $handler;
    private PmClient $pm;
    private $output;
    private string $held = '';
    private int $polled = 0;
    private ?int $atWork = null; // id of the task in hand
    private bool $stop = false;
    private int $lastCall = 0;
    private array $results = []; // id of the call that waits => its frame, or null
    private array $cancelled = []; // id called off => true; oldest first
    private ?string $reserve; // memory for the answer to the task that has used up all

    /** Runs the handler for every task: it is given the payload and the PmTask, and returns the result. Returns when there is no more to do. */
    public static function serve(callable $handler, ?PmClient $pm = null): void
    {
        (new self($handler, $pm ?? new PmClient()))->run();
    }

    private function __construct(callable $handler, PmClient $pm)
    {
        $this->handler = $handler;
        $this->pm = $pm;
        $this->output = fopen('php://fd/1', 'w');
        $this->reserve = str_repeat(' ', 1 << 16);
        $pm->onFrame = function (array $frame): void {
            $this->hear($frame);
        };
        stream_set_write_buffer($this->output, 0);
        stream_set_read_buffer(STDIN, 0);
        stream_filter_register('pm.stderr', PmStderrFilter::class);
        stream_filter_append(STDOUT, 'pm.stderr', STREAM_FILTER_WRITE);
        ob_start(static function (string $printed): string {
            fwrite(STDERR, $printed);

            return '';
        }, 1, 0);
        $logsToStderr = (bool) ini_get('log_errors') && (string) ini_get('error_log') === '';
        ini_set('display_errors', $logsToStderr ? '0' : 'stderr');
        ini_set('html_errors', '0');
        register_shutdown_function(function (): void {
            $this->lastWords();
        });
        if (function_exists('pcntl_async_signals')) {
            pcntl_async_signals(true);
            pcntl_signal(SIGTERM, function (): void {
                $this->stop = true;
            }, false);
        }
    }

    private function run(): void
    {
        $level = ob_get_level();
        $this->pm->ready();
        foreach ($this->lines() as $line) {
            $this->answer($line);
            while (ob_get_level() > $level) {
                ob_end_flush(); // a buffer the handler has left open
            }
            if ($this->stop || $this->pm->isStopping()) {
                break;
            }
        }
        $this->flush();
    }

    private function answer(string $line): void
    {
        if (preg_match('/^\s*{\s*"id"\s*:\s*(\d+)/', $line, $match) !== 1) {
            fwrite(STDERR, 'no task: ' . substr($line, 0, 200) . "\n");

            return;
        }
        $this->atWork = $id = (int) $match[1];
        try {
            if (isset($this->cancelled[$id])) {
                throw new PmTaskCancelled('called off before it was begun');
            }
            $payload = json_decode($line, true, 512, JSON_BIGINT_AS_STRING | JSON_THROW_ON_ERROR)['payload'] ?? null;
            $this->held .= '{"id":' . $id . ',"result":' . json_encode(($this->handler)($payload, new PmTask($id, $this)), self::FLAGS) . "}\n";
        } catch (\Throwable $error) {
            $this->failed($id, $error->getMessage(), get_class($error), $error);
        }
        $this->atWork = null;
        unset($this->cancelled[$id]);
        $this->flush(); // an answer that is kept back would be lost with the next task, and its own be run twice
    }

    private function failed(int $id, string $message, string $class, ?\Throwable $error = null): void
    {
        // PHP hides a file name behind a NUL in the name of an anonymous class: that is left out.
        $described = ['message' => $message === '' ? $class : $message, 'class' => explode("\0", $class)[0]];
        if ($error instanceof PmTaskError) {
            $described += ['code' => $error->reason, 'details' => $error->details];
        } elseif ($error !== null && $error->getCode() !== 0) {
            $described['code'] = $error->getCode();
        }
        $public = $error === null ? [] : get_object_vars($error);
        if (is_bool($public['retry'] ?? null)) {
            $described['retry'] = $public['retry'];
        }
        $flags = JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;
        $this->held .= json_encode(['id' => $id, 'error' => $described], $flags) . "\n";
    }

    /** A fatal error, or an exit within a task, ends the process: the task is told before. */
    private function lastWords(): void
    {
        $this->reserve = null;
        if ($this->atWork !== null) {
            $error = error_get_last();
            $fatal = $error !== null && ($error['type'] & (E_ERROR | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR)) !== 0;
            $this->failed($this->atWork, $fatal ? $error['message'] : 'the worker exited within the task', $fatal ? 'FatalError' : 'Exit');
        }
        $this->flush();
    }

    /** Every line of stdin, until it ends or the worker is to end. Waits for pm's frames as well. */
    private function lines(): \Generator
    {
        $unread = '';
        while ($this->wait()) {
            $chunk = (string) fread(STDIN, 1 << 16);
            if ($chunk === '' && feof(STDIN)) {
                if ($unread !== '') {
                    yield $unread;
                }

                return;
            }
            $searched = strlen($unread);
            $unread .= $chunk;
            $start = 0;
            while (($end = strpos($unread, "\n", max($start, $searched))) !== false) {
                if ($end > $start) {
                    yield substr($unread, $start, $end - $start);
                }
                $start = $end + 1;
                if (hrtime(true) - $this->polled >= self::POLL_NS) {
                    $this->polled = hrtime(true);
                    $this->pm->poll();
                }
            }
            if ($start > 0) {
                $unread = substr($unread, $start);
            }
        }
    }

    /** True when there is something to read, or its end; false when the worker is to end. */
    private function wait(): bool
    {
        $none = null;
        while (!$this->stop && !$this->pm->isStopping()) {
            $channel = $this->pm->channel();
            $ready = $channel === null ? [STDIN] : [STDIN, $channel];
            if (!@stream_select($ready, $none, $none, null)) {
                continue; // a signal
            }
            if (in_array($channel, $ready, true)) {
                $this->pm->poll();
            }
            if (in_array(STDIN, $ready, true)) {
                return true;
            }
        }

        return false;
    }

    private function flush(): void
    {
        while ($this->held !== '') {
            $written = @fwrite($this->output, $this->held);
            if ($written === false) {
                $this->stop = true; // nobody reads any more
                $this->held = '';
            } else {
                $this->held = (string) substr($this->held, $written);
            }
        }
    }

    private function hear(array $frame): void
    {
        $id = $frame['id'] ?? '';
        if ($frame['type'] === 'result' && array_key_exists($id, $this->results)) {
            $this->results[$id] = $frame;
        } elseif ($frame['type'] === 'cancel') {
            if (count($this->cancelled) >= self::MAX_CANCELLED) {
                unset($this->cancelled[array_key_first($this->cancelled)]); // answered long ago
            }
            $this->cancelled[$id] = true;
        }
    }

    /** @internal */
    public function isCancelled(int $id): bool
    {
        $this->pm->poll();

        return isset($this->cancelled[$id]);
    }

    /** @internal */
    public function call(PmTask $task, string $consumer, $payload, ?float $timeoutSeconds)
    {
        $call = 'c' . ++$this->lastCall;
        $frame = ['type' => 'call', 'id' => $call, 'consumer' => $consumer];
        if ($timeoutSeconds !== null) {
            $frame['timeout_seconds'] = $timeoutSeconds;
        }
        $line = json_encode($frame + ['payload' => $payload], self::FLAGS) . "\n"; // the payload comes last: pm then passes it on as it is
        if (strlen($line) > self::MAX_FRAME_BYTES) {
            throw new PmTaskError('too_large', 'the payload is longer than the ' . self::MAX_FRAME_BYTES . ' bytes of a frame', null);
        }
        $this->flush();
        $this->results[$call] = null;
        try {
            $connected = $this->pm->write($line);
            while ($connected && $this->results[$call] === null) {
                if (isset($this->cancelled[$task->id])) {
                    $this->pm->write('{"type":"cancel","id":"' . $call . "\"}\n");
                    throw new PmTaskCancelled('called off');
                }
                $this->pm->poll(true);
                $connected = $this->pm->channel() !== null;
            }
            $answer = $this->results[$call];
        } finally {
            unset($this->results[$call]);
        }
        if ($answer === null) {
            throw new PmTaskError('unavailable', 'there is no pm to call', null);
        }
        if (isset($answer['error'])) {
            throw new PmTaskError($answer['error']['code'], $answer['error']['message'], $answer['error']['details'] ?? null);
        }

        return $answer['result'] ?? null;
    }
}
