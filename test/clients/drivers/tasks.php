<?php
// A task worker for tasks.test.ts: the payload says what to do. Arguments: the client's file.
declare(strict_types=1);

require $argv[1];

final class PermanentException extends DomainException
{
    public bool $retry = false;
}

PmTasks::serve(static function (array $payload, PmTask $task) {
    switch ($payload['do']) {
        case 'echo':
            return $payload['value'];
        case 'gate':
            return $task->call('gate', $payload['value'], 2.5);
        case 'untilCancelled':
            $task->call('gate', null);
            while (!$task->cancelled()) {
            }

            return 'broken off';
        case 'reason':
            try {
                return $task->call('gate', $payload['value']);
            } catch (PmTaskError $error) {
                return [$error->reason, $error->getMessage(), $error->details];
            }
        case 'fail':
            throw new DomainException('no "ü"');
        case 'failForGood':
            throw new PermanentException('never');
        case 'unwritable':
            return NAN;
        case 'print':
            echo "printed\n";
            fwrite(STDOUT, "written\n");
            ob_start();
            echo 'left in a buffer';

            return $undefined ?? 'done';
        case 'warn':
            return $undefined;
        case 'fatal':
            ini_set('memory_limit', '8M');

            return str_repeat('x', 1 << 24);
        case 'exit':
            exit(3);
    }
});
fwrite(STDERR, "served\n");
