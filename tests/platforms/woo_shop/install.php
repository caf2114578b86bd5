<?php
/** Installs WordPress with WooCommerce and the plugin: php install.php ROOT TACTFUL-URL KEY SECRET. */

declare(strict_types=1);

[, $root, $tactful, $key, $secret] = $argv;
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = 'localhost';
require "$root/wp-load.php";
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Invented shop', 'admin', 'admin@shop.example', false, '', 'a-password-of-the-tests');
update_option('permalink_structure', '/%postname%/');
$options = [
    'woocommerce_default_country' => 'GB', 'woocommerce_currency' => 'GBP', 'woocommerce_store_address' => '1 High Street',
    'woocommerce_calc_taxes' => 'yes', 'woocommerce_prices_include_tax' => 'yes', 'woocommerce_tax_display_shop' => 'incl',
    'woocommerce_tax_display_cart' => 'incl', 'woocommerce_coming_soon' => 'no', 'woocommerce_enable_coupons' => 'yes',
    'woocommerce_hold_stock_minutes' => '60', 'woocommerce_custom_orders_table_enabled' => 'yes', 'woocommerce_onboarding_profile' => ['skipped' => true],
    'active_plugins' => ['woocommerce/woocommerce.php', 'tactful-woo/tactful-woo.php'],
    'tactful_woo_settings' => [
        'url' => $tactful, 'server_key' => $key, 'identity_secret' => $secret, 'territory' => 'GB', 'consent' => 'anonymous',
    ],
];
foreach ($options as $name => $value) {
    update_option($name, $value);
}
