<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\DeliveryReport;
use Tactful\Woo\Bridge\Entry;
use Tactful\Woo\Bridge\EntryKind;

/** Delivery of the outbox: at the end of the request, by Action Scheduler, and by the sweep. */
final class Jobs
{
    private const SWEEP = 'tactful_woo_sweep';
    private const DELIVER = 'tactful_woo_deliver';
    private const GROUP = 'tactful-woo';
    private const SWEEP_S = 600;
    /** Seconds in which requests of the shop do not wait for a server that did not answer. */
    private const PAUSE_S = 30;
    private const PAUSE = 'tactful_woo_pause';
    /** A request sends so many entries itself, in so many milliseconds; the rest is for the job. */
    private const AT_ONCE = 20;
    private const AT_ONCE_MS = 2_000;

    /** @var array<string, true> Subjects with something to send at the end of this request. */
    private static array $subjects = [];

    public static function register(): void
    {
        add_action('action_scheduler_init', static function (): void {
            if (!as_has_scheduled_action(self::SWEEP, [], self::GROUP)) {
                as_schedule_recurring_action(time() + self::SWEEP_S, self::SWEEP_S, self::SWEEP, [], self::GROUP);
            }
        });
        add_action(self::SWEEP, [self::class, 'sweep']);
        add_action(self::DELIVER, [self::class, 'deliver']);
        add_action('shutdown', [self::class, 'deliverAtTheEnd'], 100);
    }

    public static function unschedule(): void
    {
        if (function_exists('as_unschedule_all_actions')) { // WooCommerce may be inactive already
            as_unschedule_all_actions(self::SWEEP);
            as_unschedule_all_actions(self::DELIVER);
        }
    }

    /** Report the facts about a subject, such as `product:17`, as they are at the end of the request. */
    public static function report(string $subject): void
    {
        $connection = Connection::current();
        if ($connection !== null && !isset(self::$subjects[$subject])) {
            $connection->store->record(null, new Entry(EntryKind::Facts, $subject));
            self::$subjects[$subject] = true;
        }
    }

    /** Send what the outbox has about an order at the end of the request. */
    public static function deliverSoon(string $order): void
    {
        self::$subjects[$order] = true;
    }

    /** Send what this request has written; what cannot be delivered waits for the job. */
    public static function deliverAtTheEnd(): void
    {
        $connection = Connection::current();
        if ($connection === null || self::$subjects === []) {
            return;
        }
        // Redemptions have the order's plain id and go first: budgets wait for them.
        $subjects = array_map('strval', array_keys(self::$subjects));
        usort($subjects, static fn (string $a, string $b): int => str_contains($a, ':') <=> str_contains($b, ':'));
        self::$subjects = [];
        if (function_exists('fastcgi_finish_request') && !wp_doing_cron()) {
            fastcgi_finish_request(); // the shopper does not wait for it
        }
        $end = microtime(true) + self::AT_ONCE_MS / 1000;
        $isAway = (bool) get_transient(self::PAUSE);
        foreach (array_slice($subjects, 0, self::AT_ONCE) as $subject) {
            if ($isAway || microtime(true) >= $end) {
                break;
            }
            $isAway = $connection->delivery->deliver(self::AT_ONCE, $subject, self::AT_ONCE_MS)->waiting > 0;
        }
        if ($isAway) {
            set_transient(self::PAUSE, 1, self::PAUSE_S);
        }
        if ($connection->store->counts()['waiting'] > 0) {
            self::deliverLater($isAway ? self::PAUSE_S : 0);
        }
    }

    /** The job: send everything that is due. */
    public static function deliver(): void
    {
        $connection = Connection::current();
        if ($connection !== null) {
            $report = $connection->delivery->deliver(1_000);
            self::endPauseAfter($report);
            if ($connection->store->counts()['waiting'] > 0) {
                self::deliverLater($report->waiting > 0 ? 60 : 1);
            }
        }
    }

    /** The job of every ten minutes. */
    public static function sweep(): void
    {
        $connection = Connection::current();
        if ($connection !== null) {
            self::endPauseAfter($connection->sweep->run()->delivery);
            $connection->store->forgetFailures(false);
        }
    }

    /** Let requests send at once again after a delivery in which the server has answered everything. */
    private static function endPauseAfter(DeliveryReport $report): void
    {
        if ($report->waiting === 0 && $report->sum() > 0) {
            delete_transient(self::PAUSE);
        }
    }

    private static function deliverLater(int $seconds): void
    {
        if (did_action('action_scheduler_init') && !as_next_scheduled_action(self::DELIVER, [], self::GROUP)) {
            as_schedule_single_action(time() + $seconds, self::DELIVER, [], self::GROUP);
        }
    }
}
