<?php
/** A payment method whose outcome the tests choose (a header, or the option `lab_outcome`); a must-use plugin of the test shop. */

declare(strict_types=1);

use Automattic\WooCommerce\Blocks\Payments\Integrations\AbstractPaymentMethodType;

add_action('plugins_loaded', static function (): void {
    if (!class_exists('WC_Payment_Gateway')) {
        return;
    }
    final class Lab_Gateway extends WC_Payment_Gateway
    {
        public function __construct()
        {
            $this->id = 'lab';
            $this->title = 'Invented card';
            $this->method_title = 'Invented card';
            $this->enabled = 'yes';
            $this->supports = ['products', 'refunds'];
        }

        public function process_payment($id)
        {
            $order = wc_get_order($id);
            $outcome = $_SERVER['HTTP_X_LAB_OUTCOME'] ?? get_option('lab_outcome', 'good');
            if ($outcome === 'bank') {
                return ['result' => 'success', 'redirect' => add_query_arg('lab_bank', $id, home_url('/'))];
            }
            if ($outcome !== 'good') {
                if ($outcome === 'declined') {
                    $order->update_status('failed', 'The card was declined.');
                }
                throw new Exception('The card was declined.');
            }
            $order->payment_complete('lab-' . $id);
            return ['result' => 'success', 'redirect' => $this->get_return_url($order)];
        }

        public function process_refund($id, $amount = null, $reason = '')
        {
            return true;
        }
    }
    add_filter('woocommerce_payment_gateways', static fn (array $all): array => [...$all, 'Lab_Gateway']);
});

// The bank's page, from which shoppers come back or not.
add_action('template_redirect', static function (): void {
    $id = (int) ($_GET['lab_bank'] ?? 0);
    $order = $id > 0 ? wc_get_order($id) : null;
    if (!$order) {
        return;
    }
    if (isset($_GET['paid'])) {
        $order->payment_complete("lab-$id");
        wp_safe_redirect($order->get_checkout_order_received_url());
        exit;
    }
    echo '<p id="total">' . esc_html($order->get_total()) . '</p><a href="' . esc_url(add_query_arg('paid', '1')) . '">Pay</a> '
        . '<a href="' . esc_url(wc_get_cart_url()) . '">Back</a>';
    exit;
}, 1);

add_action('woocommerce_blocks_payment_method_type_registration', static function ($registry): void {
    $registry->register(new class () extends AbstractPaymentMethodType {
        protected $name = 'lab';

        public function initialize()
        {
        }

        public function is_active()
        {
            return true;
        }

        public function get_payment_method_script_handles()
        {
            wp_register_script('lab-blocks', false, ['wc-blocks-registry', 'wp-element'], '1', true);
            wp_add_inline_script('lab-blocks', "(() => { const text = wp.element.createElement('span', null, 'Invented card');
                wc.wcBlocksRegistry.registerPaymentMethod({ name: 'lab', label: text, content: text, edit: text,
                canMakePayment: () => true, ariaLabel: 'Invented card', supports: { features: ['products'] } }); })();");
            return ['lab-blocks'];
        }

        public function get_payment_method_data()
        {
            return [];
        }
    });
});

// Orders as posts, where the tests ask for it: WooCommerce refuses to switch while there are orders.
add_filter('pre_option_woocommerce_custom_orders_table_enabled', static fn ($value) => get_option('lab_orders_as_posts') ? 'no' : $value);

// A coupon that the shop applies to every cart by itself, where the tests ask for it.
add_filter('woocommerce_get_shop_coupon_data', static function ($data, $code) {
    $percent = (float) get_option('lab_coupon', 0);
    return $code === 'everything' && $percent > 0 ? ['discount_type' => 'percent', 'amount' => $percent] : $data;
}, 10, 2);
add_action('woocommerce_cart_loaded_from_session', static function (WC_Cart $cart): void {
    $others = array_diff($cart->get_applied_coupons(), ['everything']);
    $cart->set_applied_coupons([...$others, ...(get_option('lab_coupon', 0) > 0 ? ['everything'] : [])]);
});

// Another plugin that reduces every price in the cart, where the tests ask for it.
add_filter('woocommerce_product_get_price', static function ($price) {
    $less = (float) get_option('lab_less_at_last', 0);
    return $less > 0 && is_numeric($price) && did_action('woocommerce_before_calculate_totals') ? (string) ($price - $less) : $price;
}, 1_000_000);
add_filter('woocommerce_enable_setup_wizard', '__return_false');
