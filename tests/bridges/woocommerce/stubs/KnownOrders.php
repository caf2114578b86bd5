<?php
declare(strict_types=1);

use Tactful\Woo\Bridge\OrderState;
use Tactful\Woo\Bridge\ShopOrders;

/** Orders as the test says; each uses offers. */
final class KnownOrders implements ShopOrders
{
    /** @var array<string, OrderState> */
    public array $states = [];

    public function stateOf(string $order): OrderState
    {
        return $this->states[$order] ?? OrderState::Unknown;
    }

    public function usesOffers(string $order): bool
    {
        return true;
    }
}
