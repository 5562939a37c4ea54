<?php
// Plugs the client that `pm client php-symfony` prints (the file PM_CLIENT_FILE) into test/fixtures/symfony, as its WORKER_SUBSCRIBER.
use Symfony\Component\EventDispatcher\EventDispatcher;

require getenv('PM_CLIENT_FILE');

return static function (EventDispatcher $events): void {
    $events->addSubscriber(new PmMessengerSubscriber());
};
