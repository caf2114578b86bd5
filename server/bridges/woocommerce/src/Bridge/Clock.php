<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** The time, and pauses. Tests replace it. */
class Clock
{
    /** Return milliseconds since the Unix epoch, UTC. */
    public function now(): int
    {
        return (int) floor(microtime(true) * 1000);
    }

    /** Wait for some milliseconds. */
    public function sleep(int $pause): void
    {
        usleep($pause * 1000);
    }
}
