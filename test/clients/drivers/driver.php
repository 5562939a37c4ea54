<?php
// Runs the PHP client for clients.test.ts: one call a line of stdin, its result a line of stdout. Arguments: the client's file.
declare(strict_types=1);

require $argv[1];

$pm = new PmClient();
while (($line = fgets(STDIN)) !== false) {
    ['call' => $call, 'args' => $args] = json_decode($line, true);
    foreach ($args as $i => $arg) {
        $args[$i] = is_array($arg) ? base64_decode($arg['base64']) : $arg;
    }
    switch ($call) {
        case 'burst': // so many messages, received and handled
            for ($i = 0; $i < $args[0]; $i++) {
                $pm->received('async', 'App\\Burst', (string) $i);
                $pm->handled('async', 'App\\Burst', (string) $i);
            }
            $result = null;
            break;
        case 'untilStop':
            $result = $pm->shouldStop();
            break;
        case 'work':
            $result = $pm->message($args[0], $args[1], static fn () => 'done');
            break;
        case 'fail':
            try {
                $result = $pm->message($args[0], $args[1], static function () { throw new DomainException('no'); });
            } catch (DomainException $error) {
                $result = 'thrown: ' . $error->getMessage();
            }
            break;
        default:
            $result = $pm->{$call}(...$args);
    }
    echo json_encode($result), "\n";
}
