<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** An item as the shop sells it now, to the shopper of this cart. */
final class CartItem
{
    /**
     * @param string $currency ISO 4217 code.
     * @param int $unit The shop's own price of one unit, as the shopper sees it, in minor units.
     */
    public function __construct(
        public readonly string $sku,
        public readonly string $territory,
        public readonly string $currency,
        public readonly int $unit,
    ) {
    }

    /**
     * Return why an offer cannot be put into a cart as a line of its own; null: it can.
     *
     * @param list<string> $inCart The ids of the offers that the cart has already.
     */
    public function reasonAgainst(OfferClaims $claims, int $quantity, array $inCart = []): ?string
    {
        return match (true) {
            $claims->level !== null => 'offer.level',
            $claims->sku !== $this->sku => 'offer.item',
            $claims->territory !== $this->territory => 'offer.territory',
            $claims->currency !== $this->currency => 'offer.currency',
            $quantity < 1 || $quantity > $claims->maxQty => 'offer.quantity',
            in_array($claims->offer, $inCart, true) => 'offer.in_cart',
            $this->unit <= $claims->unit => 'offer.no_saving',
            default => null,
        };
    }
}
