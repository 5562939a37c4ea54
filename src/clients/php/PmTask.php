<?php

declare(strict_types=1);

/** The task at work, as its handler sees it. */
final class PmTask
{
    public int $id;
    private PmTasks $tasks;

    /** @internal */
    public function __construct(int $id, PmTasks $tasks)
    {
        $this->id = $id;
        $this->tasks = $tasks;
    }

    /** True when nobody waits for the answer any more: a handler that takes long should look now and then, and end in whatever way. */
    public function cancelled(): bool
    {
        return $this->tasks->isCancelled($this->id);
    }

    /** Throws PmTaskCancelled when nobody waits for the answer any more. */
    public function check(): void
    {
        if ($this->cancelled()) {
            throw new PmTaskCancelled('called off');
        }
    }

    /** Hands a task to another consumer and waits for its result; throws PmTaskError, or PmTaskCancelled when this task is called off. */
    public function call(string $consumer, $payload, ?float $timeoutSeconds = null)
    {
        return $this->tasks->call($this, $consumer, $payload, $timeoutSeconds);
    }
}

/** What came of a call when it has no result: `reason` as pm says it (failed, timeout, overloaded, …), `details` as the other worker says. */
final class PmTaskError extends \RuntimeException
{
    public string $reason;
    public $details;

    public function __construct(string $reason, string $message, $details)
    {
        parent::__construct($message);
        $this->reason = $reason;
        $this->details = $details;
    }
}

/** Nobody waits for the answer any more. */
final class PmTaskCancelled extends \RuntimeException
{
}

/** Sends what is written to STDOUT to stderr. */
final class PmStderrFilter extends \php_user_filter
{
    public function filter($in, $out, &$consumed, $closing): int
    {
        while ($bucket = stream_bucket_make_writeable($in)) {
            fwrite(STDERR, $bucket->data);
            $consumed += $bucket->datalen;
        }

        return PSFS_FEED_ME;
    }
}
