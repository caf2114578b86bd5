<?php
declare(strict_types=1);

namespace Tactful\Woo;

/** The command `wp tactful`. */
final class Cli
{
    /**
     * Reports all products, and the orders and reviews of some time. It can be repeated.
     *
     * ## OPTIONS
     *
     * [--days=<days>]
     * : How far back orders and reviews are reported.
     * ---
     * default: 180
     * ---
     *
     * @param list<string> $args
     * @param array<string, string> $named
     */
    public function sync(array $args, array $named): void
    {
        $days = $named['days'] ?? '180';
        if (!ctype_digit($days)) {
            \WP_CLI::error('--days must be a number of days, such as 180.');
        }
        $connection = Connection::current() ?? \WP_CLI::error('Save the address and the key first: WooCommerce → Tactful.');
        $sync = new Sync($connection);
        $bar = \WP_CLI\Utils\make_progress_bar('Reporting', $sync->total((int) $days));
        $reported = 0;
        $rejected = [];
        foreach (Sync::KINDS as $kind) {
            for ($page = 1; ($step = $sync->step($kind, $page, (int) $days))['subjects'] > 0; $page++) {
                $bar->tick($step['subjects']);
                $reported += $step['reported'];
                array_push($rejected, ...$step['rejected']);
            }
        }
        $bar->finish();
        foreach (array_slice($rejected, 0, 20) as $line) {
            \WP_CLI::warning($line);
        }
        \WP_CLI::success("$reported facts reported, " . count($rejected) . ' rejected.');
    }

    /** Settles open holds and sends what waits, as the job of every ten minutes does. */
    public function sweep(): void
    {
        $connection = Connection::current() ?? \WP_CLI::error('Save the address and the key first: WooCommerce → Tactful.');
        $report = $connection->sweep->run();
        if ($report->failure !== '') {
            \WP_CLI::warning($report->failure);
        }
        \WP_CLI::success(sprintf(
            '%d confirmed, %d released, %d lapsed, %d strays; %d delivered, %d refused, %d waiting.',
            $report->confirmed, $report->released, $report->lapsed, $report->strays,
            $report->delivery->delivered, $report->delivery->failed, $report->delivery->waiting,
        ));
    }
}
