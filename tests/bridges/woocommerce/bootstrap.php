<?php
/** Loads the plugin's classes over the stubs of WordPress and WooCommerce. */

declare(strict_types=1);

define('ABSPATH', __DIR__ . '/');
require __DIR__ . '/stubs/wordpress.php';
require __DIR__ . '/stubs/woocommerce.php';
require __DIR__ . '/stubs/bridge.php';
require __DIR__ . '/../../../server/bridges/woocommerce/tactful-woo.php';
