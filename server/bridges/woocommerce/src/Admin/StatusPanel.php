<?php
declare(strict_types=1);

namespace Tactful\Woo\Admin;

use Tactful\Woo\Connection;
use Tactful\Woo\Jobs;
use Tactful\Woo\Status;

/** What was delivered, what waits, what was refused, and what to do; and the first report. */
final class StatusPanel
{
    public const ACT = 'tactful_woo_act';
    private const SHOWN = 20;

    /** Do what a button of the panel asks for. */
    public static function act(): void
    {
        SettingsPage::check(self::ACT);
        $connection = Connection::current();
        $act = sanitize_key($_POST['act'] ?? ''); // phpcs:ignore WordPress.Security.NonceVerification -- checked above
        if ($connection !== null && $act === 'send') {
            Jobs::sweep();
        } elseif ($connection !== null && $act === 'forget') {
            $connection->store->forgetFailures(true);
        }
        wp_safe_redirect(SettingsPage::url());
        exit;
    }

    public static function print(Connection $connection): void
    {
        $status = Status::read();
        $counts = $connection->store->counts();
        echo '<h2>' . esc_html__('Status', 'tactful-woo') . '</h2><table class="widefat striped" style="max-width:60em"><tbody>';
        self::row(__('Last delivery', 'tactful-woo'), self::instant($status['delivered']));
        self::row(__('Waiting to be sent', 'tactful-woo'), $counts['waiting'] === 0 ? '0' : sprintf(
            /* translators: 1: number of entries, 2: a date */
            __('%1$d, the oldest since %2$s', 'tactful-woo'),
            $counts['waiting'], self::instant(intdiv($counts['oldest'], 1000)),
        ));
        if ($status['failed'] > $status['delivered']) {
            self::row(__('Last failure', 'tactful-woo'), self::instant($status['failed']) . ' – ' . $status['failure']);
            self::row(__('What to do', 'tactful-woo'), str_contains($status['failure'], ' key.')
                ? __('Correct the server key above. Nothing is lost meanwhile.', 'tactful-woo')
                : __('Check that the server runs at the address above. Everything is sent as soon as it answers.', 'tactful-woo'));
        }
        self::row(__('Refused for good', 'tactful-woo'), (string) $counts['failed']);
        if ($connection->settings->consent === 'ask' && !function_exists('wp_has_consent')) {
            self::row(__('Consent', 'tactful-woo'), __(
                'No plugin with the WP Consent API is active. With "Ask", shoppers see no offers until another consent tool has answered. To try the shop out, choose "Anonymous".',
                'tactful-woo',
            ));
        }
        echo '</tbody></table>';
        self::button('send', __('Send now', 'tactful-woo'));
        self::printFailures($connection);
        self::printSync();
    }

    private static function printFailures(Connection $connection): void
    {
        $failures = $connection->store->failures(self::SHOWN);
        if ($failures === []) {
            return;
        }
        echo '<h2>' . esc_html__('Refused by Tactful', 'tactful-woo') . '</h2><p>'
            . esc_html__('These were not taken, and are not sent again. Correct what the reason names, then report the shop again.', 'tactful-woo')
            . '</p><table class="widefat striped" style="max-width:60em"><tbody>';
        foreach ($failures as $one) {
            self::row("{$one['kind']} {$one['subject']}", self::instant(intdiv((int) $one['created_ms'], 1000)) . ' – ' . $one['failure']);
        }
        echo '</tbody></table>';
        self::button('forget', __('Clear this list', 'tactful-woo'));
    }

    private static function printSync(): void
    {
        echo '<h2>' . esc_html__('Report the shop', 'tactful-woo') . '</h2><p>'
            . esc_html__('Reports all products, and the orders and reviews of the last 180 days. Do it once after the installation, and after a change of taxes.', 'tactful-woo')
            // Enabled by its script, which comes last: a click before would do nothing.
            . '</p><p><button type="button" class="button" id="tactful-sync" disabled>' . esc_html__('Report now', 'tactful-woo')
            . '</button> <progress id="tactful-progress" max="1" value="0" hidden></progress> <span id="tactful-said" role="status"></span></p>';
        wp_enqueue_script('tactful-woo-admin', plugins_url('assets/admin.js', \Tactful\Woo\PLUGIN_FILE), [], \Tactful\Woo\VERSION, ['in_footer' => true]);
        $said = ['url' => admin_url('admin-ajax.php'), 'nonce' => wp_create_nonce(SyncRequests::ACTION), 'action' => SyncRequests::ACTION];
        wp_add_inline_script('tactful-woo-admin', 'window.tactfulSync = ' . wp_json_encode($said, JSON_HEX_TAG) . ';', 'before');
    }

    private static function button(string $act, string $label): void
    {
        echo '<form method="post" action="' . esc_url(admin_url('admin-post.php')) . '"><p>';
        printf('<input type="hidden" name="action" value="%s"><input type="hidden" name="act" value="%s">', esc_attr(self::ACT), esc_attr($act));
        wp_nonce_field(self::ACT);
        printf('<button class="button">%s</button></p></form>', esc_html($label));
    }

    private static function row(string $name, string $value): void
    {
        printf('<tr><th scope="row">%s</th><td>%s</td></tr>', esc_html($name), esc_html($value));
    }

    private static function instant(int $seconds): string
    {
        return $seconds === 0 ? __('never', 'tactful-woo') : (string) wp_date('Y-m-d H:i:s', $seconds);
    }
}
