<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Port: the shop's log. Messages never contain a token or a key. */
interface Log
{
    public function warning(string $message): void;

    public function error(string $message): void;
}
