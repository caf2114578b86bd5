<?php
/** Removes the tables, settings and jobs of the plugin. Orders keep the ids of their offers. */

declare(strict_types=1);

defined('WP_UNINSTALL_PLUGIN') || exit;

global $wpdb;
foreach (['tactful_attempts', 'tactful_outbox'] as $table) {
    $wpdb->query("DROP TABLE IF EXISTS {$wpdb->prefix}$table"); // phpcs:ignore WordPress.DB -- a fixed name
}
foreach (['tactful_woo_settings', 'tactful_woo_keys', 'tactful_woo_status', 'tactful_woo_tables'] as $option) {
    delete_option($option);
}
delete_transient('tactful_woo_pause');
if (function_exists('as_unschedule_all_actions')) {
    as_unschedule_all_actions('tactful_woo_sweep');
    as_unschedule_all_actions('tactful_woo_deliver');
}
