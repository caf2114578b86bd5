<?php
declare(strict_types=1);

namespace Tactful\Woo;

/** Joins the parts to the hooks of WordPress and WooCommerce. */
final class Plugin
{
    public static function start(): void
    {
        add_action('init', static function (): void {
            load_plugin_textdomain('tactful-woo', false, dirname(plugin_basename(PLUGIN_FILE)) . '/languages');
        });
        add_filter('wp_consent_api_registered_' . plugin_basename(PLUGIN_FILE), '__return_true');
        Tables::createIfOutdated();
        Admin\SettingsPage::register();
        $connection = Connection::current();
        if ($connection === null) {
            return; // nothing happens in the shop before an address and a key are saved
        }
        Jobs::register();
        $lines = new OfferLines($connection);
        $lines->register();
        (new OfferTaxes($lines->promised(...)))->register();
        (new TakeOffer($connection))->register();
        OrderSessions::register();
        (new CheckoutHolds($connection))->register();
        (new OrderEvents($connection))->register();
        FactEvents::register();
        (new Storefront($connection->settings))->register();
        Admin\SyncRequests::register();
        if (defined('WP_CLI') && WP_CLI) {
            \WP_CLI::add_command('tactful', Cli::class);
        }
    }
}
