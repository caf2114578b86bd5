<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Port: reads the shop's orders. */
interface ShopOrders
{
    public function stateOf(string $order): OrderState;

    /** Return whether a line of an order has the price of an offer. */
    public function usesOffers(string $order): bool;
}
