<?php
declare(strict_types=1);

namespace Tactful\Woo\Admin;

use Tactful\Woo\Bridge\BridgeError;
use Tactful\Woo\Connection;
use Tactful\Woo\Sync;

/** The requests of the button "Report now": one page each, so that no request lasts long. */
final class SyncRequests
{
    public const ACTION = 'tactful_woo_sync';
    private const DAYS = 180;

    public static function register(): void
    {
        add_action('wp_ajax_' . self::ACTION, [self::class, 'step']);
    }

    /** Answer with the total for page 0, else with what one page of a kind did. */
    public static function step(): void
    {
        check_ajax_referer(self::ACTION);
        $connection = Connection::current();
        $kind = sanitize_key($_POST['kind'] ?? '');
        if (!current_user_can(SettingsPage::CAPABILITY) || $connection === null || !in_array($kind, Sync::KINDS, true)) {
            wp_send_json(['message' => __('You may not do this.', 'tactful-woo')], 403);
        }
        $sync = new Sync($connection);
        $page = absint($_POST['page'] ?? 0);
        try {
            wp_send_json($page === 0 ? ['total' => $sync->total(self::DAYS), 'kinds' => Sync::KINDS] : $sync->step($kind, $page, self::DAYS));
        } catch (BridgeError $error) {
            wp_send_json(['message' => $error->getMessage()], 502);
        }
    }
}
