<?php
declare(strict_types=1);

use Tactful\Woo\Bridge\Attempt;
use Tactful\Woo\Bridge\Entry;
use Tactful\Woo\Bridge\Store;

/** Attempts and entries in arrays. */
final class MemoryStore implements Store
{
    /** @var array<string, array<int, Attempt>> */
    public array $attempts = [];
    /** @var array<int, array{0: Entry, 1: int}> Unfinished entries, each with the instant before which it is not sent. */
    public array $waiting = [];
    /** @var list<string> */
    public array $failures = [];
    private int $last = 0;

    public function latestAttempt(string $order): ?Attempt
    {
        $all = $this->attempts[$order] ?? [];
        return $all === [] ? null : $all[max(array_keys($all))];
    }

    public function openAttempts(): array
    {
        return array_values(array_filter(
            array_merge([], ...array_map('array_values', array_values($this->attempts))),
            static fn (Attempt $one): bool => $one->state->isOpen(),
        ));
    }

    public function record(?Attempt $attempt, ?Entry $entry = null): void
    {
        if ($attempt !== null) {
            // As a database returns it.
            $request = json_decode((string) json_encode($attempt->request), true);
            $this->attempts[$attempt->order][$attempt->number] =
                new Attempt($attempt->order, $attempt->number, $attempt->state, $request, $attempt->until);
        }
        if ($entry !== null) {
            $id = ++$this->last;
            $this->waiting[$id] = [
                new Entry($entry->kind, $entry->subject, $entry->body, $entry->attempt, $id), 0,
            ];
        }
    }

    public function due(int $now, int $limit, ?string $subject = null): array
    {
        $first = [];
        foreach ($this->waiting as $one) {
            $first[$one[0]->subject] ??= $one;
        }
        $found = array_filter($first, static fn (array $one): bool => $subject === null
            ? $one[1] <= $now
            : $one[0]->subject === $subject);
        return array_slice(array_column(array_values($found), 0), 0, $limit);
    }

    public function finish(Entry $entry, ?Attempt $attempt, string $failure = ''): void
    {
        unset($this->waiting[$entry->id]);
        if ($failure !== '') {
            $this->failures[] = $failure;
        }
        $this->record($attempt);
    }

    public function postpone(Entry $entry, int $notBefore, string $failure): void
    {
        $again = new Entry($entry->kind, $entry->subject, $entry->body, $entry->attempt, $entry->id, $entry->tries + 1);
        $this->waiting[$entry->id] = [$again, $notBefore];
    }
}
