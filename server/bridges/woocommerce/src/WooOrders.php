<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\OrderState;
use Tactful\Woo\Bridge\ShopOrders;

/** The shop's orders as the sweep reads them. */
final class WooOrders implements ShopOrders
{
    /** Statuses in which an order is not placed; every other one, also of other plugins, is. */
    private const STATES = [
        'auto-draft' => OrderState::Unknown,
        'checkout-draft' => OrderState::Pending,
        'pending' => OrderState::Pending,
        'failed' => OrderState::Abandoned,
        'cancelled' => OrderState::Cancelled,
        'trash' => OrderState::Cancelled,
    ];

    public function stateOf(string $order): OrderState
    {
        $found = self::find($order);
        return $found === null ? OrderState::Unknown : self::stateOfStatus($found->get_status());
    }

    public function usesOffers(string $order): bool
    {
        $found = self::find($order);
        return $found !== null && OfferLines::ofOrder($found) !== [];
    }

    public static function stateOfStatus(string $status): OrderState
    {
        return self::STATES[$status] ?? OrderState::Placed;
    }

    public static function find(string $order): ?\WC_Order
    {
        $found = ctype_digit($order) ? wc_get_order((int) $order) : null;
        return $found instanceof \WC_Order ? $found : null;
    }
}
