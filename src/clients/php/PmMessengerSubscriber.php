<?php

declare(strict_types=1);

/*
 * Worker client of pm for Symfony Messenger 5.4 to 8: worker protocol version 1. Printed by `pm client php-symfony`.
 *
 *   pm client php-symfony > lib/pm-client.php
 *   composer.json         "autoload": {"classmap": ["lib/pm-client.php"]}, then `composer dump-autoload`
 *   config/services.yaml  services: { PmMessengerSubscriber: { autoconfigure: true } }
 *
 * `messenger:consume` then reports every message to pm, answers its pings between messages, and ends after the message
 * at work when pm drains it or is gone. Started by hand, without pm, it does nothing.
 */

use Symfony\Component\EventDispatcher\EventSubscriberInterface;
use Symfony\Component\Messenger\Event\AbstractWorkerMessageEvent;
use Symfony\Component\Messenger\Event\WorkerMessageFailedEvent;
use Symfony\Component\Messenger\Event\WorkerMessageHandledEvent;
use Symfony\Component\Messenger\Event\WorkerMessageReceivedEvent;
use Symfony\Component\Messenger\Event\WorkerRunningEvent;
use Symfony\Component\Messenger\Event\WorkerStartedEvent;
use Symfony\Component\Messenger\Event\WorkerStoppedEvent;
use Symfony\Component\Messenger\Exception\HandlerFailedException;
use Symfony\Component\Messenger\Stamp\TransportMessageIdStamp;

final class PmMessengerSubscriber implements EventSubscriberInterface
{
    private PmClient $client;

    public function __construct(?PmClient $client = null)
    {
        $this->client = $client ?? new PmClient();
    }

    public static function getSubscribedEvents(): array
    {
        return [
            WorkerStartedEvent::class => 'onStarted',
            // After every listener that may refuse the message: for a refused one no other event follows.
            WorkerMessageReceivedEvent::class => ['onReceived', -1024],
            WorkerMessageHandledEvent::class => ['onHandled', 1024],
            // Right after Messenger's own listener (100) has decided on a retry, and done it. So the retry is known from
            // this event; WorkerMessageRetriedEvent would come earlier, in the middle of the failure.
            WorkerMessageFailedEvent::class => ['onFailed', 99],
            WorkerRunningEvent::class => 'onRunning', // between messages, and while idle
            WorkerStoppedEvent::class => 'onStopped',
        ];
    }

    public function onStarted(): void
    {
        $this->client->ready();
    }

    public function onReceived(WorkerMessageReceivedEvent $event): void
    {
        if ($event->shouldHandle()) {
            $this->client->received($event->getReceiverName(), $this->messageClass($event), $this->id($event));
        }
    }

    public function onHandled(WorkerMessageHandledEvent $event): void
    {
        $this->client->handled($event->getReceiverName(), $this->messageClass($event), $this->id($event));
    }

    public function onFailed(WorkerMessageFailedEvent $event): void
    {
        $error = $event->getThrowable();
        while ($error instanceof HandlerFailedException && $error->getPrevious() !== null) {
            $error = $error->getPrevious(); // the first of the handlers' own exceptions
        }
        $this->client->failed($event->getReceiverName(), $this->messageClass($event), get_class($error), $this->id($event));
        if ($event->willRetry()) {
            $this->client->retried($event->getReceiverName(), $this->messageClass($event), $this->id($event));
        }
    }

    public function onRunning(WorkerRunningEvent $event): void
    {
        if ($this->client->shouldStop()) {
            $event->getWorker()->stop();
        }
    }

    public function onStopped(): void
    {
        $this->client->poll(); // the last batch may have taken long: a ping can wait
    }

    private function messageClass(AbstractWorkerMessageEvent $event): string
    {
        return get_class($event->getEnvelope()->getMessage());
    }

    /** Equal in all events of one delivery, and unlike that of any other in flight. */
    private function id(AbstractWorkerMessageEvent $event): string
    {
        $stamp = $event->getEnvelope()->last(TransportMessageIdStamp::class);
        if ($stamp !== null && is_scalar($stamp->getId())) {
            return $event->getReceiverName() . ':' . $stamp->getId(); // two queues may number alike
        }

        return 'object:' . spl_object_id($event->getEnvelope()->getMessage());
    }
}
