<?php
declare(strict_types=1);

use Tactful\Woo\Bridge\Clock;

/** A clock that moves when somebody waits, or when the test says so. */
final class SetClock extends Clock
{
    /** @var list<int> */
    public array $pauses = [];

    public function __construct(public int $now = 1_773_144_000_000)
    {
    }

    public function now(): int
    {
        return $this->now;
    }

    public function sleep(int $pause): void
    {
        $this->pauses[] = $pause;
        $this->now += $pause;
    }
}
