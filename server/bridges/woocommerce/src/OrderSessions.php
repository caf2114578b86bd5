<?php
declare(strict_types=1);

namespace Tactful\Woo;

/** The shopper's Tactful session, which is written beside each order, with or without an offer. */
final class OrderSessions
{
    /** Meta key of an order. */
    public const META = '_tactful_session';
    /** The storefront's script writes this cookie, and deletes it when the shopper withdraws consent. */
    public const COOKIE = 'tactful_woo_session';

    public static function register(): void
    {
        // Before the holds: an order that is refused keeps its number for the next try.
        add_action('woocommerce_checkout_order_processed', [self::class, 'write'], 4);
        add_action('woocommerce_store_api_checkout_order_processed', [self::class, 'write'], 4);
    }

    /** Write in which session an order is made; some payment plugins name the order by its id alone. */
    public static function write(mixed $given): void
    {
        $order = wc_get_order($given);
        $session = $_COOKIE[self::COOKIE] ?? ''; // phpcs:ignore WordPress.Security -- checked below
        if ($order instanceof \WC_Order && is_string($session) && preg_match('/\A[\w.-]{1,128}\z/', $session)) {
            $order->update_meta_data(self::META, $session);
            $order->save_meta_data();
        }
    }
}
