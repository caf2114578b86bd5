<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** The state machine of a checkout: hold, confirm, release, cancel, refund. */
final class Checkout
{
    /** Attempt numbers that are tried before a hold counts as refused. */
    private const FRESH_NUMBERS = 3;

    public function __construct(
        private readonly Client $client,
        private readonly Store $store,
        private readonly Delivery $delivery,
        private readonly Log $log,
        private readonly Clock $clock = new Clock(),
    ) {
    }

    /**
     * Hold the offers of an order before its payment, and return the attempt.
     *
     * The same request for an order that already holds them is answered alike. An order whose lines
     * have changed since releases what it held, and holds anew.
     *
     * @throws Refused The offers cannot be used. Nothing is held, and nothing may be charged.
     * @throws OutcomeUnknown It is not known whether they are held. Nothing may be charged.
     */
    public function hold(HoldRequest $request): Attempt
    {
        $latest = $this->withoutOpenDifferences($request);
        $number = $latest === null ? 1 : $latest->number + ($latest->state->isOpen() ? 0 : 1);
        $refusal = null;
        for ($try = 0; $try < self::FRESH_NUMBERS; $try++) {
            try {
                $attempt = $this->ask($request, $number);
            } catch (Refused $refused) {
                // The order has used this number before, though the shop's table lacks it.
                if (!in_array($refused->reason, ['redemption.cancelled', 'redemption.mismatch'], true)) {
                    throw $refused;
                }
                $refusal = $refused;
                $number = 1 + max($number, $this->highestNumber($request->order));
                continue;
            }
            if ($attempt->state === AttemptState::Held) {
                return $attempt;
            }
            $number++;
        }
        throw $refusal ?? new Refused(409, 'redemption.lapsed');
    }

    /** Note that an order was placed. */
    public function placed(string $order, bool $usesOffers): void
    {
        $attempt = $this->store->latestAttempt($order);
        if ($attempt === null) {
            if ($usesOffers) {
                $this->log->error("Order $order was placed at the price of an offer that was never held.");
            }
            return;
        }
        if (!$usesOffers) {
            $this->release($order);
            return;
        }
        $placed = $attempt->after(AttemptEvent::Placed);
        if ($placed->state === $attempt->state) {
            return;
        }
        if ($placed->state === AttemptState::Lost) {
            $this->log->error(
                "Order $order was placed at the price of an offer after the offer was released. "
                . 'The order stands; the redemption is not recorded.'
            );
            $this->store->record($placed);
            return;
        }
        $body = ['attempt' => $attempt->number];
        $this->store->record($placed, new Entry(EntryKind::Confirm, $order, $body, $attempt->number));
    }

    /** Abandon the open attempt of an order that was not placed; return whether there was one. */
    public function release(string $order): bool
    {
        $attempt = $this->store->latestAttempt($order);
        if ($attempt === null || !$attempt->state->isOpen()) {
            return false;
        }
        $this->recordCancellation($attempt, ['attempt' => $attempt->number]);
        return true;
    }

    /** Give back everything that a cancelled order used; an order without offers is ignored. */
    public function cancel(string $order): void
    {
        $attempt = $this->store->latestAttempt($order);
        if ($attempt !== null && $attempt->after(AttemptEvent::Abandoned)->state !== $attempt->state) {
            $this->recordCancellation($attempt, []);
        }
    }

    /**
     * Report a refund of lines that used offers; an order without a redemption is ignored.
     *
     * @param string $refund The shop's id of the refund; a repetition changes nothing.
     * @param array<string, mixed> $what `['lines' => [['sku' => …, 'qty' => …]]]` or `['amount' => money]`.
     */
    public function refund(string $order, string $refund, array $what): void
    {
        $state = $this->store->latestAttempt($order)?->state;
        if ($state === AttemptState::Confirming || $state === AttemptState::Confirmed) {
            $this->store->record(null, new Entry(EntryKind::Refund, $order, ['refund' => $refund] + $what));
        }
    }

    /** Return the latest attempt, after an open one for other lines was released. */
    private function withoutOpenDifferences(HoldRequest $request): ?Attempt
    {
        while (true) {
            if (!$this->delivery->deliverAll($request->order)) {
                throw new OutcomeUnknown(
                    "What was released for order {$request->order} has not reached Tactful yet."
                );
            }
            $latest = $this->store->latestAttempt($request->order);
            if ($latest !== null && $latest->state->isOpen() && $latest->until <= $this->clock->now()) {
                $latest = $latest->after(AttemptEvent::Expired);
                $this->store->record($latest);
            }
            if ($latest === null) {
                return null;
            }
            if ($latest->state === AttemptState::Confirming || $latest->state === AttemptState::Confirmed) {
                throw new Refused(409, 'order.placed', "Order {$request->order} was placed already.");
            }
            $same = [$request->body($latest->number), $request->withoutCustomer()->body($latest->number)];
            if (!$latest->state->isOpen() || in_array($latest->request, $same, true)) {
                return $latest;
            }
            $this->release($request->order);
        }
    }

    /** Ask for one attempt, which is stored first: after the request it may be held. */
    private function ask(HoldRequest $request, int $number): Attempt
    {
        $body = $request->body($number);
        $now = $this->clock->now();
        $attempt = new Attempt(
            $request->order, $number, AttemptState::Asked, $body, $now + 1000 * $request->seconds,
        );
        $this->store->record($attempt);
        try {
            $answer = $this->client->ask('POST', '/v1/redemptions', $body);
        } catch (Refused $refused) {
            if ($refused->reason === 'redemption.holder' && $request->customer !== '') {
                // The session accepted the offer and never identified its customer, for want of
                // consent. A token that another customer accepted is refused without one too.
                return $this->ask($request->withoutCustomer(), $number);
            }
            $this->store->record($attempt->after(AttemptEvent::HoldRefused));
            throw $refused;
        }
        $until = self::untilOf($answer) ?? $attempt->until;
        // A repetition gets the first answer, also when that hold has lapsed since.
        $event = $until > $now ? AttemptEvent::HoldAnswered : AttemptEvent::Expired;
        $held = $attempt->after($event, $until);
        $this->store->record($held);
        return $held;
    }

    private function highestNumber(string $order): int
    {
        $rows = $this->client->redemptions(['order' => $order]);
        return (int) max([0, ...array_filter(array_column($rows, 'attempt'), 'is_int')]);
    }

    /** @param array<string, mixed> $body */
    private function recordCancellation(Attempt $attempt, array $body): void
    {
        $entry = new Entry(EntryKind::Cancel, $attempt->order, $body, $attempt->number);
        $this->store->record($attempt->after(AttemptEvent::Abandoned), $entry);
    }

    /**
     * Return when the hold of an answer ends, in milliseconds since the Unix epoch, UTC.
     *
     * @param array<mixed> $answer `until` stands beside `state` or in each redemption.
     */
    private static function untilOf(array $answer): ?int
    {
        $places = [$answer, ...array_filter((array) ($answer['redemptions'] ?? []), 'is_array')];
        $ends = array_filter(array_map(
            static fn (array $place): int => (int) strtotime((string) ($place['until'] ?? '')),
            $places,
        ));
        return $ends === [] ? null : 1000 * min($ends);
    }
}
