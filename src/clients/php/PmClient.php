<?php

declare(strict_types=1);

/**
 * Worker client of pm: worker protocol version 1, PHP 7.4 and newer, no dependency. Printed by `pm client php`.
 *
 *     $pm = new PmClient();
 *     $pm->ready();
 *     while (!$pm->shouldStop()) { // answers pings, and sees a drain request or the end of the manager
 *         $pm->message('emails', SendEmail::class, function () { …take one and handle it… });
 *     }
 *
 * A worker that pm did not start (no PM_IPC_FD): every call does nothing. No call throws. A frame is written whole and
 * waits until pm has room for it; once pm is gone, nothing is written any more. One client per process.
 * A worker that is handed tasks needs no more than `PmTasks::serve`, where `pm client php` was asked for it.
 */
final class PmClient
{
    private const MAX_STARTED = 1024;
    private const MAX_TEXT_BYTES = 500; // keeps every frame far below the 64 KiB of the protocol

    /** Called by `poll` with every frame that is not the business of this class. */
    public ?\Closure $onFrame = null;

    private $channel = null;
    private bool $stop = false;
    private string $unread = '';
    private int $lastId = 0;
    private array $started = []; // message id => start, in nanoseconds of the monotonic clock; oldest first

    public function __construct()
    {
        $fd = (string) getenv('PM_IPC_FD');
        $channel = ctype_digit($fd) ? @fopen("php://fd/$fd", 'r+') : false;
        if ($channel !== false && (fstat($channel)['mode'] & 0170000) === 0140000) { // a socket
            stream_set_blocking($channel, true);
            stream_set_read_buffer($channel, 0);
            $this->channel = $channel;
        }
        // The programs a worker starts are not workers: they must not take its descriptor for theirs.
        putenv('PM_IPC_FD');
        unset($_ENV['PM_IPC_FD'], $_SERVER['PM_IPC_FD']);
    }

    /** The worker can take its first message. */
    public function ready(): void
    {
        $this->send(['type' => 'ready']);
    }

    /** The message at work advances: call it now and then while one takes long. */
    public function progress(): void
    {
        $this->send(['type' => 'progress']);
    }

    /** For workers that do several things at once: how many are at work, of how many. */
    public function slots(int $busy, int $total): void
    {
        $this->send(['type' => 'slots', 'busy' => $busy, 'total' => $total]);
    }

    /** Reports the work: received, then handled, or failed with what it threw. Returns what it returns, throws what it throws. */
    public function message(string $transport, string $class, callable $work, ?string $id = null)
    {
        $id = $id ?? (string) ++$this->lastId;
        $this->received($transport, $class, $id);
        try {
            $result = $work();
        } catch (\Throwable $error) {
            $this->failed($transport, $class, get_class($error), $id);
            throw $error;
        }
        $this->handled($transport, $class, $id);

        return $result;
    }

    /** The id tells messages apart that are in flight together; the same in all calls about one message. */
    public function received(string $transport, string $class, ?string $id = null): void
    {
        if (count($this->started) >= self::MAX_STARTED) {
            unset($this->started[array_key_first($this->started)]);
        }
        $this->started[$id ?? ''] = hrtime(true);
        $this->event('received', $transport, $class, $id);
    }

    /** Seconds are measured since `received` where they are not given. */
    public function handled(string $transport, string $class, ?string $id = null, ?float $seconds = null): void
    {
        $this->event('handled', $transport, $class, $id, $this->secondsSinceReceived($id, $seconds));
    }

    /** One attempt failed, whether it will be retried or not. Seconds as in `handled`. */
    public function failed(string $transport, string $class, string $errorClass, ?string $id = null, ?float $seconds = null): void
    {
        $this->event('failed', $transport, $class, $id, $this->secondsSinceReceived($id, $seconds), $errorClass);
    }

    /** The message goes back to its queue: in addition to `failed`, before or after it. */
    public function retried(string $transport, string $class, ?string $id = null): void
    {
        $this->event('retried', $transport, $class, $id);
    }

    /** True when the worker should end after the message at work: pm asked it to drain, or is gone. Polls first. */
    public function shouldStop(): bool
    {
        $this->poll();

        return $this->stop;
    }

    /** What `shouldStop` would say without having polled. */
    public function isStopping(): bool
    {
        return $this->stop;
    }

    /** The stream to wait for between polls; null where there is no manager. */
    public function channel()
    {
        return $this->channel;
    }

    /** Answers the pings that wait and takes note of a drain request. Waits for pm to say something only where asked to. Call it between messages. */
    public function poll(bool $wait = false): void
    {
        $none = null;
        while ($this->channel !== null && ($readable = [$this->channel]) && @stream_select($readable, $none, $none, $wait ? null : 0) > 0) {
            $wait = false;
            $bytes = (string) @fread($this->channel, 8192);
            if ($bytes === '') {
                $this->managerIsGone();
            }
            $lines = explode("\n", $this->unread . $bytes);
            $this->unread = array_pop($lines);
            foreach ($lines as $line) {
                $frame = json_decode($line, true, 512, JSON_BIGINT_AS_STRING);
                $type = $frame['type'] ?? null;
                $this->stop = $this->stop || $type === 'drain';
                if ($type === 'ping') {
                    $this->send(['type' => 'pong']);
                } elseif ($type !== null && $type !== 'drain' && $this->onFrame !== null) {
                    ($this->onFrame)($frame);
                }
            }
        }
    }

    private function secondsSinceReceived(?string $id, ?float $given): ?float
    {
        $start = $this->started[$id ?? ''] ?? null;
        unset($this->started[$id ?? '']);

        return $given ?? ($start === null ? null : (hrtime(true) - $start) / 1e9);
    }

    private function event(string $event, string $transport, string $class, ?string $id, ?float $seconds = null, ?string $errorClass = null): void
    {
        $names = ['transport' => $transport, 'class' => $class, 'id' => $id, 'error_class' => $errorClass];
        // PHP hides a file name behind a NUL in the name of an anonymous class: that is left out.
        $short = static fn (?string $name): ?string => $name === null ? null : substr(explode("\0", $name)[0], 0, self::MAX_TEXT_BYTES);
        $frame = ['type' => 'message', 'event' => $event] + array_map($short, $names) + ['duration_seconds' => $seconds];
        $this->send(array_filter($frame, static fn ($value): bool => $value !== null));
    }

    private function send(array $frame): void
    {
        $flags = JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;
        $this->write(json_encode($frame, $flags) . "\n");
    }

    /** Sends a frame that is a line already; false where there is no manager. */
    public function write(string $line): bool
    {
        while ($this->channel !== null && $line !== '') {
            $written = @fwrite($this->channel, $line);
            if ($written === false) {
                $this->managerIsGone();
            }
            $line = substr($line, (int) $written);
        }

        return $this->channel !== null;
    }

    private function managerIsGone(): void
    {
        $this->channel = null;
        $this->stop = true;
    }
}
