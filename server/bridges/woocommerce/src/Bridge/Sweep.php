<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Settles holds that no request settles any more; run it every ten minutes. */
final class Sweep
{
    /** States in which a hold at Tactful is as the shop expects it. */
    private const LIVE = [AttemptState::Asked, AttemptState::Held, AttemptState::Confirming, AttemptState::Confirmed];

    /** Milliseconds for which a hold that the tables lack is left alone: its row may not be committed yet. */
    private const YOUNG_MS = 120_000;

    public function __construct(
        private readonly Checkout $checkout,
        private readonly Client $client,
        private readonly Store $store,
        private readonly Delivery $delivery,
        private readonly ShopOrders $orders,
        private readonly Log $log,
        private readonly Clock $clock = new Clock(),
    ) {
    }

    /** Compare both sides, and deliver what is due. */
    public function run(): SweepReport
    {
        $report = new SweepReport();
        foreach ($this->store->openAttempts() as $attempt) {
            $this->settle($attempt, $report);
        }
        try {
            $this->settleStrays($report);
        } catch (BridgeError $error) {
            $report->failure = $error->getMessage();
            $this->log->warning('The holds of Tactful cannot be compared now: ' . $error->getMessage());
        }
        $report->delivery = $this->delivery->deliver();
        return $report;
    }

    private function settle(Attempt $attempt, SweepReport $report): void
    {
        $state = $this->orders->stateOf($attempt->order);
        if ($state === OrderState::Placed) {
            $uses = $this->orders->usesOffers($attempt->order);
            $this->checkout->placed($attempt->order, $uses);
            $uses ? $report->confirmed++ : $report->released++;
        } elseif ($state === OrderState::Abandoned || $state === OrderState::Cancelled) {
            $this->checkout->release($attempt->order);
            $report->released++;
        } elseif ($attempt->until <= $this->clock->now()) {
            // Tactful ends the hold by itself. A payment that ends later is still confirmed.
            $this->store->record($attempt->after(AttemptEvent::Expired));
            $report->lapsed++;
        }
    }

    /**
     * Settle holds that Tactful has and the tables do not.
     *
     * A hold may reach Tactful after its cancellation, or the shop has restored a backup. Ids that the
     * shop does not know belong to another shop of the same server; their holds lapse by themselves.
     */
    private function settleStrays(SweepReport $report): void
    {
        foreach ($this->client->redemptions(['state' => 'held']) as $row) {
            $order = (string) ($row['order'] ?? '');
            $number = $row['attempt'] ?? 1;
            $known = $this->store->latestAttempt($order);
            $madeAt = (int) strtotime((string) ($row['at'] ?? '')) * 1000;
            if ($this->clock->now() - $madeAt < self::YOUNG_MS) {
                continue;
            }
            $isExpected = $known !== null && $known->number === $number && in_array($known->state, self::LIVE, true);
            $entry = $isExpected || !is_int($number) ? null : $this->entryFor($order, $number, $known);
            if ($entry !== null) {
                $this->store->record(null, $entry);
                $report->strays++;
            }
        }
    }

    /** Return what settles a stray hold; null: it is not this shop's, or not decided yet. */
    private function entryFor(string $order, int $number, ?Attempt $known): ?Entry
    {
        $state = $this->orders->stateOf($order);
        if ($state === OrderState::Unknown || $state === OrderState::Pending) {
            return null;
        }
        $hasNoOther = $known === null || $known->state === AttemptState::Lost;
        if ($state === OrderState::Placed && $hasNoOther && $this->orders->usesOffers($order)) {
            return new Entry(EntryKind::Confirm, $order, ['attempt' => $number], $number);
        }
        return new Entry(EntryKind::Cancel, $order, ['attempt' => $number]);
    }
}
