<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\CartItem;
use Tactful\Woo\Bridge\Money;

/** Products as Tactful knows them: their SKUs, and their prices as shoppers see them. */
final class Catalogue
{
    /** Return the SKU of a product or variation; without one of its own its id, as WooCommerce's markup has it. */
    public static function sku(\WC_Product $product): string
    {
        // "edit": a variation without an SKU would show that of its parent, which all variations share.
        return (string) ($product->get_sku('edit') ?: $product->get_id());
    }

    /** Return the product or variation with an SKU of `sku()`. */
    public static function find(string $sku): ?\WC_Product
    {
        $id = (int) wc_get_product_id_by_sku($sku) ?: (ctype_digit($sku) ? (int) $sku : 0);
        $product = $id > 0 ? wc_get_product($id) : null;
        return $product instanceof \WC_Product && self::sku($product) === $sku ? $product : null;
    }

    /** Whether shoppers see prices with tax. */
    public static function showsTax(): bool
    {
        return !wc_tax_enabled() || get_option('woocommerce_tax_display_shop') === 'incl';
    }

    /**
     * Return an item at its own price, as this shopper sees it.
     *
     * @param ?string $price The stored price, where another part of the shop changed it; null: the product's own.
     */
    public static function item(\WC_Product $product, string $territory, ?string $price = null): CartItem
    {
        $currency = get_woocommerce_currency();
        $asked = ['qty' => 1] + ($price === null ? [] : ['price' => $price]);
        $shown = self::showsTax()
            ? wc_get_price_including_tax($product, $asked)
            : wc_get_price_excluding_tax($product, $asked);
        return new CartItem(self::sku($product), $territory, $currency, Money::minor((string) $shown, $currency));
    }

    /** Return the highest price up to a promised one that the shop can charge; both in minor units. */
    public static function payable(int $promised, string $currency): int
    {
        // A shop whose prices have no decimals rounds the total of every line.
        $step = 10 ** max(0, Money::digits($currency) - wc_get_price_decimals());
        return intdiv($promised, $step) * $step;
    }

    /**
     * Return the stored price at which a shopper sees a given price: the inverse of WooCommerce's display.
     *
     * @param float $shown What the shopper is to see for one unit.
     */
    public static function storedFor(\WC_Product $product, float $shown): float
    {
        if (!wc_tax_enabled() || !$product->is_taxable()) {
            return $shown;
        }
        $rates = WC()->customer?->get_is_vat_exempt() ? [] : \WC_Tax::get_rates($product->get_tax_class());
        $base = \WC_Tax::get_base_tax_rates($product->get_tax_class('unfiltered'));
        $net = self::showsTax() ? $shown - array_sum(\WC_Tax::calc_inclusive_tax($shown, $rates)) : $shown;
        if (!wc_prices_include_tax()) {
            return $net;
        }
        $isSame = !apply_filters('woocommerce_adjust_non_base_location_prices', true) || $rates === $base;
        if ($isSame && self::showsTax()) {
            return $shown;
        }
        return $net + array_sum(\WC_Tax::calc_exclusive_tax($net, $base));
    }

    /** Return what a line of an order costs, in the way in which shoppers see prices, in minor units. */
    public static function charged(\WC_Order_Item_Product $item, \WC_Order $order): int
    {
        $net = (float) $item->get_total();
        $tax = self::showsTax() ? (float) $item->get_total_tax() : 0.0;
        if (get_option('woocommerce_tax_round_at_subtotal') !== 'yes') {
            $net = round($net, wc_get_price_decimals()); // as the order's total is made of it
        }
        return Money::minor($net + $tax, $order->get_currency());
    }
}
