<?php
declare(strict_types=1);

namespace Tactful\Woo;

/** When something was delivered last, and why it failed last; the settings page shows it. */
final class Status
{
    private const OPTION = 'tactful_woo_status';

    /** @return array{delivered: int, failed: int, failure: string} Seconds since the Unix epoch; 0: never. */
    public static function read(): array
    {
        $found = (array) get_option(self::OPTION, []);
        return [
            'delivered' => (int) ($found['delivered'] ?? 0),
            'failed' => (int) ($found['failed'] ?? 0),
            'failure' => (string) ($found['failure'] ?? ''),
        ];
    }

    public static function delivered(): void
    {
        update_option(self::OPTION, ['delivered' => time()] + self::read(), true);
    }

    public static function failed(string $failure): void
    {
        update_option(self::OPTION, ['failed' => time(), 'failure' => $failure] + self::read(), true);
    }
}
