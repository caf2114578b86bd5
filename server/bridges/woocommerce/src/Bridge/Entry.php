<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** A request that must reach Tactful, whatever fails on the way. */
final class Entry
{
    /**
     * @param string $subject The order's id, or what the facts are about, such as `product:17`.
     *                        Entries of a subject are sent in their order.
     * @param array<string, mixed> $body The JSON body; empty for facts, which are read when they are sent.
     * @param int $attempt The attempt that the answer concerns; 0: none.
     * @param int $id The key that the store gave it; 0: not stored.
     */
    public function __construct(
        public readonly EntryKind $kind,
        public readonly string $subject,
        public readonly array $body = [],
        public readonly int $attempt = 0,
        public readonly int $id = 0,
        public readonly int $tries = 0,
    ) {
    }
}
