<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Sends the entries of a store's outbox; two deliveries at once do no harm. */
final class Delivery
{
    private const FIRST_WAIT_MS = 5_000;
    /** Milliseconds between two attempts while a server is away for long. */
    private const LONGEST_WAIT_MS = 3_600_000;

    public function __construct(
        private readonly Client $client,
        private readonly Store $store,
        private readonly FactReader $facts,
        private readonly Log $log,
        private readonly Clock $clock = new Clock(),
    ) {
    }

    /**
     * Send what is due, each entry once, until nothing is due or a try has failed.
     *
     * @param int $limit The most entries that are sent.
     * @param ?string $subject Only the entries of this subject, whether or not their time has come.
     * @param int $milliseconds After this time no further entry is begun.
     */
    public function deliver(int $limit = 100, ?string $subject = null, int $milliseconds = 20_000): DeliveryReport
    {
        $report = new DeliveryReport();
        $end = $this->clock->now() + $milliseconds;
        do {
            $entries = $this->store->due($this->clock->now(), $limit - $report->sum(), $subject);
            foreach ($entries as $entry) {
                $this->send($entry, $report, 0);
                if ($this->clock->now() >= $end) {
                    return $report;
                }
            }
        } while ($entries !== [] && $report->waiting === 0 && $report->sum() < $limit);
        return $report;
    }

    /** Send all entries of a subject with the client's patience; return whether none is left. */
    public function deliverAll(string $subject): bool
    {
        while ($entries = $this->store->due($this->clock->now(), 1, $subject)) {
            $report = new DeliveryReport();
            $this->send($entries[0], $report, 8_000);
            if ($report->waiting > 0) {
                return false;
            }
        }
        return true;
    }

    private function send(Entry $entry, DeliveryReport $report, int $patience): void
    {
        try {
            $failure = $this->answerTo($entry, $patience);
        } catch (OutcomeUnknown $error) {
            $this->postpone($entry, $report, $error->getMessage(), $error->retryAfter);
            return;
        } catch (Refused $refused) {
            if ($refused->isAboutTheKey()) {
                $this->log->error("Tactful refuses the server key: {$refused->reason}. Correct the setting.");
                $this->postpone($entry, $report, $refused->getMessage(), 0);
                return;
            }
            if ($entry->kind !== EntryKind::Cancel || $refused->status !== 404) {
                $this->fail($entry, $report, $refused);
                return;
            }
            $failure = ''; // nothing was redeemed: the hold never reached Tactful, or it was undone before
        }
        $event = match ($entry->kind) {
            EntryKind::Confirm => AttemptEvent::ConfirmAnswered,
            EntryKind::Cancel => AttemptEvent::ReleaseAnswered,
            default => null,
        };
        $this->store->finish($entry, $this->changed($entry, $event), $failure);
        $failure === '' ? $report->delivered++ : $report->failed++;
    }

    /** Send an entry; return which facts were rejected and why, or an empty text. */
    private function answerTo(Entry $entry, int $patience): string
    {
        if ($entry->kind !== EntryKind::Facts) {
            $path = Client::pathOf($entry->subject, $entry->kind->value);
            $this->client->ask('POST', $path, $entry->body, $patience);
            return '';
        }
        $rejected = $this->client->report($this->facts->factsOf($entry->subject), $patience);
        $failure = implode('; ', array_map([self::class, 'rejection'], $rejected));
        if ($failure !== '') {
            $this->log->warning("Tactful rejected facts about {$entry->subject}: $failure");
        }
        return $failure;
    }

    /** @param array<string, mixed> $row A rejected fact. */
    public static function rejection(array $row): string
    {
        return ($row['code'] ?? 'unclear') . ': ' . ($row['message'] ?? '');
    }

    private function fail(Entry $entry, DeliveryReport $report, Refused $refused): void
    {
        $this->log->error("Tactful refused to {$entry->kind->value} {$entry->subject}: {$refused->reason}");
        $event = $entry->kind === EntryKind::Confirm ? AttemptEvent::ConfirmRefused : null;
        $this->store->finish($entry, $this->changed($entry, $event), $refused->getMessage());
        $report->failed++;
    }

    private function postpone(Entry $entry, DeliveryReport $report, string $failure, int $retryAfter): void
    {
        $wait = min(self::FIRST_WAIT_MS << min($entry->tries, 20), self::LONGEST_WAIT_MS);
        $this->store->postpone($entry, $this->clock->now() + max($wait, 1000 * $retryAfter), $failure);
        $report->waiting++;
    }

    /** Return the attempt of an entry after an event; null: the entry changes none. */
    private function changed(Entry $entry, ?AttemptEvent $event): ?Attempt
    {
        $attempt = $event === null ? null : $this->store->latestAttempt($entry->subject);
        if ($attempt === null || $attempt->number !== $entry->attempt) {
            return null;
        }
        return $attempt->after($event);
    }
}
