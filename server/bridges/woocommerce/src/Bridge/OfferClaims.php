<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** What a token promises. Amounts are minor units; instants are seconds since the Unix epoch, UTC. */
final class OfferClaims
{
    /**
     * @param string $currency ISO 4217 code.
     * @param int $unit The price of one unit.
     * @param int $maxQty The most units at this price.
     * @param int $exp When the promise ends, unless the offer is held by then.
     * @param ?string $level `order` or `shipping`; null: the promise is a price of the item.
     */
    public function __construct(
        public readonly string $offer,
        public readonly string $sku,
        public readonly string $territory,
        public readonly string $currency,
        public readonly int $unit,
        public readonly int $maxQty,
        public readonly int $exp,
        public readonly ?string $level = null,
    ) {
    }
}
