<?php
/**
 * Plugin Name: Tactful for WooCommerce
 * Description: Sells at the offers of a Tactful server: a shopper takes an offer and pays exactly the promised price, once.
 * Version: 0.1.0
 * Requires at least: 6.9
 * Requires PHP: 8.1
 * Requires Plugins: woocommerce
 * WC requires at least: 10.0
 * WC tested up to: 11.0
 * License: Apache-2.0
 * Text Domain: tactful-woo
 */

declare(strict_types=1);

namespace Tactful\Woo;

defined('ABSPATH') || exit;

const VERSION = '0.1.0';
const PLUGIN_FILE = __FILE__;

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, __NAMESPACE__ . '\\')) {
        $file = __DIR__ . '/src/' . str_replace('\\', '/', substr($class, strlen(__NAMESPACE__) + 1)) . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});

register_activation_hook(__FILE__, [Tables::class, 'create']);
register_deactivation_hook(__FILE__, [Jobs::class, 'unschedule']);

add_action('before_woocommerce_init', static function (): void {
    foreach (['custom_order_tables', 'cart_checkout_blocks'] as $feature) {
        \Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility($feature, __FILE__, true);
    }
});

add_action('woocommerce_loaded', [Plugin::class, 'start']);
