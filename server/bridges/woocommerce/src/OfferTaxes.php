<?php
declare(strict_types=1);

namespace Tactful\Woo;

/**
 * Taxes of lines with an offer, with which they cost the promised price to the smallest coin.
 *
 * WooCommerce rounds net price and taxes apart. With 20 % no net price gives 109.65: 91.37 gives 109.64,
 * and 91.38 gives 109.66. A till computes the tax from the price with tax, and so do these lines.
 */
final class OfferTaxes
{
    /** @var array<string, true> Cart item keys of the lines whose taxes were changed. */
    private array $changed = [];

    /** @param \Closure(string): ?float $promised Returns the price of one unit of a line; null: its own. */
    public function __construct(private readonly \Closure $promised)
    {
    }

    public function register(): void
    {
        add_action('woocommerce_before_calculate_totals', function (): void {
            $this->changed = [];
        });
        add_filter('woocommerce_calculate_item_totals_taxes', [$this, 'exact'], 100_000, 2);
        add_action('woocommerce_after_calculate_totals', [$this, 'useInSubtotals'], -1_000);
    }

    /**
     * Return the taxes of a line with which it costs what was promised, where prices are shown with tax.
     *
     * @param array<int|string, float> $taxes By rate, in the smallest amount that the shop shows.
     * @param object $item With `key`, `quantity`, `total` and `price_includes_tax`.
     * @return array<int|string, float>
     */
    public function exact(array $taxes, object $item): array
    {
        $promised = ($this->promised)((string) ($item->key ?? ''));
        $roundsEachLine = get_option('woocommerce_tax_round_at_subtotal') !== 'yes';
        if ($promised === null || $taxes === [] || !$roundsEachLine || !Catalogue::showsTax()) {
            return $taxes;
        }
        $target = (int) round($promised * $item->quantity * 10 ** wc_get_price_decimals());
        $rounded = array_map(static fn (float $tax): float => (float) wc_round_tax_total($tax, 0), $taxes);
        $net = $item->price_includes_tax ? $item->total - array_sum($taxes) : $item->total;
        $missing = $target - (int) round($net) - (int) array_sum($rounded);
        if ($missing === 0 || abs($missing) > count($taxes)) {
            return $taxes; // exact, or another plugin changed the price
        }
        $this->changed[$item->key] = true;
        if (!$item->price_includes_tax) {
            $rounded[array_search(max($rounded), $rounded, true)] += $missing;
        }
        return $rounded; // WooCommerce takes them off a price with tax, which leaves a round net price
    }

    /** Use the same taxes in the subtotals, which WooCommerce computes first: no coupon reduces these lines. */
    public function useInSubtotals(\WC_Cart $cart): void
    {
        foreach (array_keys($this->changed) as $key) {
            $line = &$cart->cart_contents[$key];
            $cart->set_subtotal((string) ($cart->get_subtotal() + $line['line_total'] - $line['line_subtotal']));
            $cart->set_subtotal_tax((string) ($cart->get_subtotal_tax() + $line['line_tax'] - $line['line_subtotal_tax']));
            $line['line_subtotal'] = $line['line_total'];
            $line['line_subtotal_tax'] = $line['line_tax'];
            $line['line_tax_data']['subtotal'] = $line['line_tax_data']['total'];
            unset($line);
        }
    }
}
