<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Tactful refused a request, and would refuse it again. */
final class Refused extends BridgeError
{
    /**
     * @param int $status The HTTP status, 400 to 499.
     * @param string $reason The stable code of the problem document, such as `redemption.used`.
     */
    public function __construct(
        public readonly int $status,
        public readonly string $reason,
        string $detail = '',
    ) {
        parent::__construct(mb_substr("Tactful refused the request: $status $reason. $detail", 0, 200));
    }

    /** Whether the server key is wrong or has too small a scope: the shop's setting is at fault. */
    public function isAboutTheKey(): bool
    {
        return str_starts_with($this->reason, 'key.');
    }
}
