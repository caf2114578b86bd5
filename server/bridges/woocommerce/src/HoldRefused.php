<?php
declare(strict_types=1);

namespace Tactful\Woo;

/** The offers of an order cannot be held; the text is for the shopper, and nothing was charged. */
final class HoldRefused extends \RuntimeException
{
    /** @param string $reason A stable code. */
    public function __construct(public readonly string $reason, string $message)
    {
        parent::__construct($message);
    }
}
