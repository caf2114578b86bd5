<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** What one delivery did. */
final class DeliveryReport
{
    public int $delivered = 0;
    /** Entries that Tactful refused for good; the store keeps them with the reason. */
    public int $failed = 0;
    /** Entries that could not be delivered now. */
    public int $waiting = 0;

    public function sum(): int
    {
        return $this->delivered + $this->failed + $this->waiting;
    }
}
