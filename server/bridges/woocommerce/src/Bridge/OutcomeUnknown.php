<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/**
 * A request may have had its effect, because its answer never came or was not clear.
 *
 * The same request must be repeated until its outcome is known.
 */
final class OutcomeUnknown extends BridgeError
{
    /** @param int $retryAfter Seconds that the server asked to wait; 0: it did not say. */
    public function __construct(string $message, public readonly int $retryAfter = 0)
    {
        parent::__construct(mb_substr($message, 0, 200));
    }
}
