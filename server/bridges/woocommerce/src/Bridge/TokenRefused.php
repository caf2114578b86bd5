<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** A text is no offer token, or its offer has ended. */
final class TokenRefused extends BridgeError
{
    /** @param string $reason `token.malformed`, `token.key`, `token.signature` or `token.expired`. */
    public function __construct(public readonly string $reason)
    {
        parent::__construct("The offer's token is refused: $reason.");
    }
}
