<?php
declare(strict_types=1);

use Tactful\Woo\Bridge\Log;

/** Keeps what was logged. */
final class KeptLog implements Log
{
    /** @var list<string> */
    public array $lines = [];

    public function warning(string $message): void
    {
        $this->lines[] = "warning: $message";
    }

    public function error(string $message): void
    {
        $this->lines[] = "error: $message";
    }
}
