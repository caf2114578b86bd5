<?php
declare(strict_types=1);

namespace Tactful\Woo;

/** The plugin's two tables: attempts to pay, and the outbox. */
final class Tables
{
    private const OPTION = 'tactful_woo_tables';
    /** Raised with every change of the tables. */
    private const EDITION = '1';

    public static function attempts(): string
    {
        return $GLOBALS['wpdb']->prefix . 'tactful_attempts';
    }

    public static function outbox(): string
    {
        return $GLOBALS['wpdb']->prefix . 'tactful_outbox';
    }

    /** Create or change the tables; dbDelta wants two blanks after PRIMARY KEY. */
    public static function create(): void
    {
        require_once ABSPATH . 'wp-admin/includes/upgrade.php';
        $charset = $GLOBALS['wpdb']->get_charset_collate();
        dbDelta('CREATE TABLE ' . self::attempts() . " (
            order_ref varchar(64) NOT NULL,
            number int unsigned NOT NULL,
            state varchar(16) NOT NULL,
            request longtext NOT NULL,
            until_ms bigint NOT NULL,
            PRIMARY KEY  (order_ref,number),
            KEY state (state)
        ) $charset;");
        dbDelta('CREATE TABLE ' . self::outbox() . " (
            id bigint unsigned NOT NULL AUTO_INCREMENT,
            kind varchar(16) NOT NULL,
            subject varchar(150) NOT NULL,
            body longtext NOT NULL,
            attempt int unsigned NOT NULL DEFAULT 0,
            tries int unsigned NOT NULL DEFAULT 0,
            not_before_ms bigint NOT NULL DEFAULT 0,
            is_failed tinyint NOT NULL DEFAULT 0,
            failure text NOT NULL,
            created_ms bigint NOT NULL,
            PRIMARY KEY  (id),
            KEY subject (is_failed,subject,id)
        ) $charset;");
        update_option(self::OPTION, self::EDITION, true);
    }

    /** Create the tables where an update of the plugin has not run the activation hook. */
    public static function createIfOutdated(): void
    {
        if (get_option(self::OPTION) !== self::EDITION) {
            self::create();
        }
    }
}
