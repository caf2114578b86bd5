<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\Money;
use Tactful\Woo\Bridge\OrderState;

/** Reactions to the states and refunds of orders: confirm, give back, refund. */
final class OrderEvents
{
    public function __construct(private readonly Connection $connection)
    {
    }

    public function register(): void
    {
        add_action('woocommerce_order_status_changed', [$this, 'statusChanged'], 10, 4);
        add_action('woocommerce_order_refunded', [$this, 'refunded'], 10, 2);
        add_action('woocommerce_before_trash_order', [$this, 'removed']);
        add_action('woocommerce_before_delete_order', [$this, 'removed']);
    }

    public function statusChanged(int $id, string $from, string $to, \WC_Order $order): void
    {
        $number = (string) $id;
        $checkout = $this->connection->checkout;
        $state = WooOrders::stateOfStatus($to);
        if ($state === OrderState::Placed) {
            $checkout->placed($number, OfferLines::ofOrder($order) !== []);
        } elseif ($state === OrderState::Cancelled) {
            $checkout->cancel($number);
        } elseif ($state === OrderState::Abandoned && !$checkout->release($number)) {
            $checkout->cancel($number); // it was placed, and the payment failed after all
        }
        Jobs::deliverSoon($number);
    }

    /** Report a refund of lines with offers, by its lines or its amount. */
    public function refunded(int $id, int $refundId): void
    {
        $order = wc_get_order($id);
        $refund = wc_get_order($refundId);
        if (!$order instanceof \WC_Order || !$refund instanceof \WC_Order_Refund) {
            return;
        }
        $what = self::whatWasRefunded($order, $refund);
        if ($what !== []) {
            $this->connection->checkout->refund((string) $id, "woo-$refundId", $what);
            Jobs::deliverSoon((string) $id);
        }
    }

    /** Release what an order holds that is put into the trash or deleted. */
    public function removed(int $id): void
    {
        if ($this->connection->checkout->release((string) $id)) {
            Jobs::deliverSoon((string) $id);
        }
    }

    /**
     * Return the part of a refund that concerns offers: lines, an amount, or nothing.
     *
     * @return array<string, mixed>
     */
    public static function whatWasRefunded(\WC_Order $order, \WC_Order_Refund $refund): array
    {
        $lines = [];
        $amount = 0;
        $hasUnits = true;
        foreach ($refund->get_items() as $item) {
            $original = $order->get_item((int) $item->get_meta('_refunded_item_id'));
            if (!$original instanceof \WC_Order_Item_Product || (string) $original->get_meta(OfferLines::OFFER) === '') {
                continue;
            }
            $product = $original->get_product();
            $units = abs((int) $item->get_quantity());
            $hasUnits = $hasUnits && $units > 0 && $product instanceof \WC_Product;
            $amount += abs(Catalogue::charged($item, $order));
            if ($hasUnits) {
                $lines[] = ['sku' => Catalogue::sku($product), 'qty' => $units];
            }
        }
        if ($lines !== [] && $hasUnits) {
            return ['lines' => $lines];
        }
        if ($refund->get_items() === []) {
            $amount = self::shareOfOffers($order, $refund);
        }
        return $amount > 0 ? ['amount' => Money::fact($amount, $order->get_currency())] : [];
    }

    /** Return the part of an amount that falls on lines with offers: it is spread by what was paid. */
    private static function shareOfOffers(\WC_Order $order, \WC_Order_Refund $refund): int
    {
        $currency = $order->get_currency();
        $total = Money::minor($order->get_total(), $currency);
        $withOffers = 0;
        foreach (OfferLines::ofOrder($order) as $line) {
            $withOffers += Catalogue::charged($line, $order);
        }
        $refunded = min(Money::minor($refund->get_amount(), $currency), $total);
        return $total > 0 ? intdiv($refunded * $withOffers, $total) : 0;
    }
}
