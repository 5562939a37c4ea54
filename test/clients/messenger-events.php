<?php
// A WORKER_SUBSCRIBER of test/fixtures/symfony that plays the events of a worker to the client, for cases Redis cannot show.
use Symfony\Component\EventDispatcher\EventDispatcher;
use Symfony\Component\Messenger\Envelope;
use Symfony\Component\Messenger\Event\WorkerMessageFailedEvent;
use Symfony\Component\Messenger\Event\WorkerMessageHandledEvent;
use Symfony\Component\Messenger\Event\WorkerMessageReceivedEvent;
use Symfony\Component\Messenger\Exception\HandlerFailedException;
use Symfony\Component\Messenger\Stamp\TransportMessageIdStamp;

require getenv('PM_CLIENT_FILE');

return static function (EventDispatcher $events): void {
    $events->addSubscriber(new PmMessengerSubscriber());

    // Two queues that number alike, in flight together; the handler's bus gives back an envelope around another object.
    $numbered = static fn (): Envelope => new Envelope(new Job('x'), [new TransportMessageIdStamp(7)]);
    $events->dispatch(new WorkerMessageReceivedEvent($numbered(), 'left'));
    $events->dispatch(new WorkerMessageReceivedEvent($numbered(), 'right'));
    $events->dispatch(new WorkerMessageHandledEvent($numbered(), 'right'));
    $events->dispatch(new WorkerMessageHandledEvent($numbered(), 'left'));

    // The failure of a handler that dispatched to handlers of its own.
    $message = new Envelope(new class() {});
    $inner = new HandlerFailedException($message, ['first' => new DomainException('no'), 'second' => new LogicException('no')]);
    $events->dispatch(new WorkerMessageReceivedEvent($message, 'nested'));
    $events->dispatch(new WorkerMessageFailedEvent($message, 'nested', new HandlerFailedException($message, [$inner])));

    // A message that another listener refuses.
    $refuse = static function (WorkerMessageReceivedEvent $event): void { $event->shouldHandle(false); };
    $events->addListener(WorkerMessageReceivedEvent::class, $refuse);
    $events->dispatch(new WorkerMessageReceivedEvent($numbered(), 'refused'));
    $events->removeListener(WorkerMessageReceivedEvent::class, $refuse);
};
