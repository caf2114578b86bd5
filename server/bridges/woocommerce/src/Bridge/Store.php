<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Port: attempts and the outbox, kept in the shop's own database. */
interface Store
{
    /** Return the attempt of an order with the highest number. */
    public function latestAttempt(string $order): ?Attempt;

    /** @return list<Attempt> All open attempts, the oldest first. */
    public function openAttempts(): array;

    /** Store an attempt, replacing the one of the same order and number, and add an entry. */
    public function record(?Attempt $attempt, ?Entry $entry = null): void;

    /**
     * Return entries that are to be sent, the oldest first, and at most one for each subject.
     *
     * An entry is due if its time has come and no earlier entry of its subject is unfinished.
     *
     * @param int $now Milliseconds since the Unix epoch, UTC.
     * @param ?string $subject Only the entries of this subject, whether or not their time has come.
     * @return list<Entry>
     */
    public function due(int $now, int $limit, ?string $subject = null): array;

    /** Finish an entry and store the attempt that its answer changed; with a failure it is kept for a person. */
    public function finish(Entry $entry, ?Attempt $attempt, string $failure = ''): void;

    /** Note that an entry could not be delivered, and before when (ms since the epoch) it is not sent again. */
    public function postpone(Entry $entry, int $notBefore, string $failure): void;
}
