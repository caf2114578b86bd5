<?php
declare(strict_types=1);

namespace Tactful\Woo\Admin;

use Tactful\Woo\Bridge\BridgeError;
use Tactful\Woo\Bridge\NotACode;
use Tactful\Woo\Bridge\Pairing;
use Tactful\Woo\Bridge\Transport;
use Tactful\Woo\Connection;
use Tactful\Woo\Settings;
use Tactful\Woo\WpTransport;

/** The page WooCommerce → Tactful: settings, status, first report. */
final class SettingsPage
{
    public const SLUG = 'tactful-woo';
    public const CAPABILITY = 'manage_woocommerce';
    private const SAVE = 'tactful_woo_save';
    /** Settings that are never shown again; an empty field keeps them. */
    private const SECRETS = ['server_key', 'identity_key', 'identity_secret'];

    public static function register(): void
    {
        add_action('admin_menu', static function (): void {
            $title = __('Tactful', 'tactful-woo');
            add_submenu_page('woocommerce', $title, $title, self::CAPABILITY, self::SLUG, [self::class, 'print']);
        });
        add_action('admin_post_' . self::SAVE, [self::class, 'save']);
        add_action('admin_post_' . StatusPanel::ACT, [StatusPanel::class, 'act']);
    }

    /** Save the form; a mistake is named, and nothing is saved then. */
    public static function save(): void
    {
        self::check(self::SAVE);
        $given = self::given();
        $code = wp_unslash($_POST['code'] ?? ''); // phpcs:ignore WordPress.Security -- checked above, and never shown
        $code = is_string($code) ? trim($code) : '';
        $hint = '';
        try {
            if ($code !== '') {
                [$given, $hint] = self::paired($code, $given);
            }
            $mistake = self::mistakeIn($given);
        } catch (BridgeError $error) {
            /* translators: %s: what went wrong */
            $mistake = sprintf(__('Not paired: %s Make a new code, and try again.', 'tactful-woo'), $error->getMessage());
        }
        if ($mistake === '') {
            update_option(Settings::OPTION, $given, true);
            delete_option('tactful_woo_keys'); // of the server before
            $mistake = Connection::trial(Settings::saved()) ?: $hint;
        }
        set_transient('tactful_woo_notice_' . get_current_user_id(), $mistake, 60);
        wp_safe_redirect(self::url(['saved' => '1']));
        exit;
    }

    /**
     * Return the form's values with those of a pairing, and what is left to do; empty: nothing.
     *
     * @param array<string, string> $given The form's values.
     * @return array{0: array<string, string>, 1: string}
     * @throws BridgeError The shop is not paired.
     */
    public static function paired(string $code, array $given, ?Transport $transport = null): array
    {
        $url = Pairing::addressIn($code);
        if (!Settings::isAddress($url)) {
            throw new NotACode(__('This is no code. Copy the whole line that "tactful keys pair" prints.', 'tactful-woo'));
        }
        $found = Pairing::exchange($code, self::origin(), $transport ?? new WpTransport($url, ''));
        $own = [
            'url' => $found->url, 'widget_url' => '', 'server_key' => $found->key,
            'identity_key' => $found->identityKey, 'identity_secret' => '',
        ];
        /* translators: %s: the shop's origin */
        $hint = __('Paired. Add %s to the server\'s setting TACTFUL_ORIGINS, so that the widget can connect.', 'tactful-woo');
        return [$own + $given, $found->isOriginAllowed === false ? sprintf($hint, self::origin()) : ''];
    }

    private static function origin(): string
    {
        $parts = (array) wp_parse_url(home_url());
        return ($parts['scheme'] ?? '') . '://' . ($parts['host'] ?? '') . (isset($parts['port']) ? ":{$parts['port']}" : '');
    }

    /** End the request unless its sender may do this. */
    public static function check(string $action): void
    {
        if (!current_user_can(self::CAPABILITY)) {
            wp_die(esc_html__('You may not change these settings.', 'tactful-woo'), '', ['response' => 403]);
        }
        check_admin_referer($action);
    }

    /** @param array<string, string> $query */
    public static function url(array $query = []): string
    {
        return add_query_arg(['page' => self::SLUG] + $query, admin_url('admin.php'));
    }

    public static function print(): void
    {
        if (!current_user_can(self::CAPABILITY)) {
            return;
        }
        $settings = Settings::saved();
        echo '<div class="wrap"><h1>' . esc_html__('Tactful', 'tactful-woo') . '</h1>';
        self::printNotice();
        echo '<form method="post" action="' . esc_url(admin_url('admin-post.php')) . '">';
        echo '<input type="hidden" name="action" value="' . esc_attr(self::SAVE) . '">';
        wp_nonce_field(self::SAVE);
        echo '<table class="form-table" role="presentation">';
        self::code();
        self::text('url', __('Address of the server', 'tactful-woo'), $settings->url, __('Such as https://offers.shop.example. The shop\'s own server must reach it.', 'tactful-woo'));
        self::secret('server_key', __('Server key', 'tactful-woo'), $settings->serverKey !== '', __('A token with the scopes redeem and facts:write is enough.', 'tactful-woo'));
        self::text('widget_url', __('Address for browsers', 'tactful-woo'), $settings->widgetUrl === $settings->url ? '' : $settings->widgetUrl, __('Only if browsers reach the server at another address.', 'tactful-woo'));
        self::secret('identity_secret', __('Identity secret', 'tactful-woo'), $settings->knowsCustomers(), __('The server\'s TACTFUL_IDENTITY_SECRET. A pairing gives a key instead. Without both the widget knows no customers.', 'tactful-woo'));
        self::choice('territory', __('Territory', 'tactful-woo'), WC()->countries->get_countries(), $settings->territory);
        self::choice('consent', __('Consent', 'tactful-woo'), self::consents(), $settings->consent);
        self::choice('completed', __('A completed order is', 'tactful-woo'), [
            'shipped' => __('shipped', 'tactful-woo'),
            'delivered' => __('delivered', 'tactful-woo'),
        ], $settings->completed);
        echo '</table>';
        submit_button();
        echo '</form>';
        $connection = Connection::current();
        if ($connection !== null) {
            StatusPanel::print($connection);
        }
        echo '</div>';
    }

    private static function printNotice(): void
    {
        if (!isset($_GET['saved'])) { // phpcs:ignore WordPress.Security.NonceVerification -- only shown
            return;
        }
        $mistake = get_transient('tactful_woo_notice_' . get_current_user_id());
        if ($mistake === false) {
            return;
        }
        delete_transient('tactful_woo_notice_' . get_current_user_id());
        $text = $mistake === '' ? __('Saved. Tactful answers, and accepts the key.', 'tactful-woo') : $mistake;
        printf('<div class="notice notice-%s"><p>%s</p></div>', $mistake === '' ? 'success' : 'error', esc_html($text));
    }

    /** @return array<string, string> The form's values; an empty secret is the one that is saved. */
    private static function given(): array
    {
        $saved = (array) get_option(Settings::OPTION, []);
        $given = [];
        foreach (['url', 'widget_url', 'server_key', 'identity_key', 'identity_secret', 'territory', 'consent', 'completed'] as $name) {
            // The nonce was checked in save(). Secrets are kept as they are, apart from blanks around them.
            $value = wp_unslash($_POST[$name] ?? ''); // phpcs:ignore WordPress.Security
            $value = is_string($value) ? trim($value) : '';
            $isSecret = in_array($name, self::SECRETS, true);
            $given[$name] = $isSecret ? ($value ?: (string) ($saved[$name] ?? '')) : sanitize_text_field($value);
        }
        if (($_POST['identity_secret'] ?? '') !== '') { // phpcs:ignore WordPress.Security.NonceVerification -- see above
            $given['identity_key'] = ''; // the secret that was entered replaces it
        }
        if (isset($_POST['forget_identity_secret'])) { // phpcs:ignore WordPress.Security.NonceVerification
            $given['identity_secret'] = '';
            $given['identity_key'] = '';
        }
        return $given;
    }

    /**
     * Return what is wrong with values of the form; empty: nothing.
     *
     * @param array<string, string> $given
     */
    public static function mistakeIn(array $given): string
    {
        foreach (['url', 'widget_url'] as $name) {
            if (($name === 'url' || $given[$name] !== '') && !Settings::isAddress($given[$name])) {
                /* translators: %s: what was entered */
                return sprintf(__('"%s" is no address of a server. Write it like https://offers.shop.example.', 'tactful-woo'), $given[$name]);
            }
        }
        if ($given['server_key'] === '') {
            return __('Enter the server key.', 'tactful-woo');
        }
        if (!preg_match('/\A[\x21-\x7e]+\z/', $given['server_key'])) {
            return __('The server key has a character that no key has. Copy it again.', 'tactful-woo');
        }
        return '';
    }

    /** @return array<string, string> */
    private static function consents(): array
    {
        return [
            'ask' => __('Ask: nothing before a consent tool has answered (WP Consent API, IAB TCF, Google)', 'tactful-woo'),
            'auto' => __('Auto: like Ask, but anonymous where there is no consent tool', 'tactful-woo'),
            'none' => __('None: no connection', 'tactful-woo'),
            'anonymous' => __('Anonymous: this visit only, without asking', 'tactful-woo'),
            'personal' => __('Personal: with the customer\'s history, without asking', 'tactful-woo'),
        ];
    }

    private static function code(): void
    {
        printf(
            '<tr><th><label for="code">%s</label></th><td><input type="text" class="large-text" id="code" name="code" value="" autocomplete="off"><p class="description">%s</p></td></tr>',
            esc_html__('Pairing code', 'tactful-woo'),
            esc_html__('What "tactful keys pair" prints on the server. It fills in address and keys; the fields below can stay empty.', 'tactful-woo'),
        );
    }

    private static function text(string $name, string $label, string $value, string $help): void
    {
        printf(
            '<tr><th><label for="%1$s">%2$s</label></th><td><input type="url" class="regular-text" id="%1$s" name="%1$s" value="%3$s"><p class="description">%4$s</p></td></tr>',
            esc_attr($name), esc_html($label), esc_attr($value), esc_html($help),
        );
    }

    private static function secret(string $name, string $label, bool $isSaved, string $help): void
    {
        $place = $isSaved ? __('saved; leave it empty to keep it', 'tactful-woo') : '';
        printf(
            '<tr><th><label for="%1$s">%2$s</label></th><td><input type="password" class="regular-text" id="%1$s" name="%1$s" value="" autocomplete="off" placeholder="%3$s"><p class="description">%4$s</p>',
            esc_attr($name), esc_html($label), esc_attr($place), esc_html($help),
        );
        if ($name === 'identity_secret' && $isSaved) {
            echo '<label><input type="checkbox" name="forget_identity_secret" value="1"> ' . esc_html__('Forget it', 'tactful-woo') . '</label>';
        }
        echo '</td></tr>';
    }

    /** @param array<string, string> $options */
    private static function choice(string $name, string $label, array $options, string $chosen): void
    {
        printf('<tr><th><label for="%1$s">%2$s</label></th><td><select id="%1$s" name="%1$s">', esc_attr($name), esc_html($label));
        foreach ($options + [$chosen => $chosen] as $value => $text) {
            printf('<option value="%s"%s>%s</option>', esc_attr((string) $value), selected($value, $chosen, false), esc_html($text));
        }
        echo '</select></td></tr>';
    }
}
