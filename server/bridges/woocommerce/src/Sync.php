<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\Delivery;

/** The first report of what the shop has: all products, and the orders and reviews of some time. */
final class Sync
{
    public const KINDS = ['product', 'order', 'review'];
    private const AT_ONCE = 25;

    public function __construct(private readonly Connection $connection)
    {
    }

    /** Return how many products, orders and reviews there are to report. */
    public function total(int $days): int
    {
        $sum = 0;
        foreach (self::KINDS as $kind) {
            $sum += $this->page($kind, 1, $days, true);
        }
        return $sum;
    }

    /**
     * Report one page of one kind.
     *
     * @param int $page From 1.
     * @return array{subjects: int, reported: int, rejected: list<string>} `subjects`: 0 after the last page.
     */
    public function step(string $kind, int $page, int $days): array
    {
        $ids = $this->page($kind, $page, $days, false);
        $reader = new Facts($this->connection->settings);
        $facts = [];
        foreach ($ids as $id) {
            array_push($facts, ...$reader->factsOf("$kind:$id"));
            $order = $kind === 'order' ? wc_get_order($id) : null;
            foreach ($order instanceof \WC_Order ? $order->get_refunds() : [] as $refund) {
                array_push($facts, ...$reader->factsOf('refund:' . $refund->get_id()));
            }
        }
        $rejected = [];
        foreach (array_chunk($facts, 500) as $part) {
            array_push($rejected, ...array_map([Delivery::class, 'rejection'], $this->connection->client->report($part)));
        }
        return ['subjects' => count($ids), 'reported' => count($facts) - count($rejected), 'rejected' => $rejected];
    }

    /** @return ($isCount is true ? int : list<int>) */
    private function page(string $kind, int $page, int $days, bool $isCount): int|array
    {
        $since = time() - $days * DAY_IN_SECONDS;
        if ($kind === 'review') {
            $found = get_comments([
                'type' => 'review', 'status' => 'approve', 'post_type' => 'product', 'fields' => 'ids',
                'date_query' => [['after' => gmdate('Y-m-d H:i:s', $since), 'column' => 'comment_date_gmt']],
                'count' => $isCount, 'number' => $isCount ? 0 : self::AT_ONCE,
                'offset' => $isCount ? 0 : ($page - 1) * self::AT_ONCE, 'orderby' => 'comment_ID', 'order' => 'ASC',
            ]);
            return $isCount ? (int) $found : array_map('intval', $found);
        }
        $query = ['limit' => self::AT_ONCE, 'page' => $page, 'orderby' => 'ID', 'order' => 'ASC', 'return' => 'ids'];
        if ($kind === 'product') {
            $query += ['status' => ['publish', 'private', 'draft']];
        } else {
            $query += ['type' => 'shop_order', 'date_created' => ">$since"];
        }
        $query += $isCount ? ['paginate' => true] : [];
        $found = $kind === 'product' ? wc_get_products($query) : wc_get_orders($query);
        return $isCount ? (int) $found->total : array_map('intval', $found);
    }
}
