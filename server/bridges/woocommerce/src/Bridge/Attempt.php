<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** One attempt to pay for an order whose lines use offers. */
final class Attempt
{
    /**
     * @param string $order The shop's id of the order.
     * @param int $number 1 for the first attempt of an order, at most 1,000.
     * @param array<string, mixed> $request The body of the hold, to repeat it; empty when the attempt
     *                                      is not open any more, because it names the customer.
     * @param int $until When the hold ends, in milliseconds since the Unix epoch, UTC.
     */
    public function __construct(
        public readonly string $order,
        public readonly int $number,
        public readonly AttemptState $state,
        public readonly array $request,
        public readonly int $until,
    ) {
    }

    /** Return the attempt after an event, without its request once it is not open any more. */
    public function after(AttemptEvent $event, ?int $until = null): self
    {
        $state = $this->state->after($event);
        $request = $state->isOpen() ? $this->request : [];
        return new self($this->order, $this->number, $state, $request, $until ?? $this->until);
    }
}
