<?php
declare(strict_types=1);

namespace Tactful\Woo;

/** The script tags of the shop's pages. They name nobody, so that pages may be cached. */
final class Storefront
{
    public function __construct(private readonly Settings $settings)
    {
    }

    public function register(): void
    {
        add_action('wp_enqueue_scripts', [$this, 'enqueue']);
        add_action('wp_head', [$this, 'printWidget'], 20);
        add_filter('woocommerce_available_variation', [$this, 'nameVariation'], 10, 3);
    }

    public function enqueue(): void
    {
        wp_enqueue_script('tactful-woo', plugins_url('assets/storefront.js', PLUGIN_FILE), [], VERSION, ['in_footer' => true]);
        $said = [
            'shopper' => \WC_AJAX::get_endpoint('tactful_woo_shopper'),
            'take' => \WC_AJAX::get_endpoint('tactful_woo_take'),
            'nonce' => wp_create_nonce(TakeOffer::NONCE),
            'isLoggedIn' => $this->settings->knowsCustomers() && is_user_logged_in(),
            'session' => OrderSessions::COOKIE,
            'sku' => self::sku(),
        ];
        wp_add_inline_script('tactful-woo', 'window.tactfulWoo = ' . wp_json_encode($said, JSON_HEX_TAG) . ';', 'before');
    }

    public function printWidget(): void
    {
        $tag = [
            'src' => $this->settings->widgetUrl . '/widget/v1.js',
            'async' => true,
            'data-territory' => $this->settings->territory,
            // Another plugin may sell in several, and a shop that has changed its currency has old prices.
            'data-currency' => get_woocommerce_currency(),
            'data-consent' => $this->settings->consent,
        ];
        $page = self::pageKind();
        wp_print_script_tag($tag + ($page !== '' ? ['data-page' => $page] : []));
    }

    /**
     * Name a variation without an SKU of its own by its id, as the facts do.
     *
     * @param array<string, mixed> $data
     * @return array<string, mixed>
     */
    public function nameVariation(array $data, mixed $parent, \WC_Product $variation): array
    {
        return $data + ['tactful_sku' => Catalogue::sku($variation)];
    }

    /** Return the widget's kind of a page; empty: the widget finds it out. */
    public static function pageKind(): string
    {
        return match (true) {
            is_checkout_pay_page() => 'payment',
            is_order_received_page() => 'other',
            is_cart() => 'cart',
            is_checkout() => 'checkout',
            is_account_page() => 'account',
            is_product() => 'product',
            is_search() => 'search',
            is_shop(), is_product_taxonomy() => 'category',
            is_front_page() => 'home',
            default => '',
        };
    }

    /** Return the SKU of a product page; empty for other pages and for products with variations. */
    private static function sku(): string
    {
        $product = is_product() ? wc_get_product(get_queried_object_id()) : null;
        return $product instanceof \WC_Product && $product->is_type('simple') ? Catalogue::sku($product) : '';
    }
}
