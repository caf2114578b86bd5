<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\Log;

/** WooCommerce's log, source `tactful-woo` (WooCommerce → Status → Logs). */
final class WooLog implements Log
{
    public function warning(string $message): void
    {
        wc_get_logger()->warning($message, ['source' => 'tactful-woo']);
    }

    public function error(string $message): void
    {
        wc_get_logger()->error($message, ['source' => 'tactful-woo']);
    }
}
