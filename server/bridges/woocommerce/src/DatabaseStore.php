<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\Attempt;
use Tactful\Woo\Bridge\AttemptState;
use Tactful\Woo\Bridge\Entry;
use Tactful\Woo\Bridge\EntryKind;
use Tactful\Woo\Bridge\Store;

/** Attempts and outbox in the shop's own database. */
final class DatabaseStore implements Store
{
    /** Milliseconds for which a refused entry is kept for a person to see. */
    private const KEEP_FAILED_MS = 30 * 86_400_000;

    private \wpdb $db;

    public function __construct()
    {
        $this->db = $GLOBALS['wpdb'];
    }

    public function latestAttempt(string $order): ?Attempt
    {
        $sql = 'SELECT * FROM ' . Tables::attempts() . ' WHERE order_ref = %s ORDER BY number DESC LIMIT 1';
        $row = $this->db->get_row($this->db->prepare($sql, $order), ARRAY_A);
        return is_array($row) ? self::attempt($row) : null;
    }

    public function openAttempts(): array
    {
        $sql = 'SELECT * FROM ' . Tables::attempts() . ' WHERE state IN (%s, %s) ORDER BY until_ms';
        $query = $this->db->prepare($sql, AttemptState::Asked->value, AttemptState::Held->value);
        return array_map([self::class, 'attempt'], $this->db->get_results($query, ARRAY_A));
    }

    public function record(?Attempt $attempt, ?Entry $entry = null): void
    {
        if ($attempt !== null) {
            $this->write($this->db->replace(Tables::attempts(), [
                'order_ref' => $attempt->order,
                'number' => $attempt->number,
                'state' => $attempt->state->value,
                'request' => self::json($attempt->request),
                'until_ms' => $attempt->until,
            ]));
        }
        if ($entry !== null) {
            $this->write($this->db->insert(Tables::outbox(), [
                'kind' => $entry->kind->value,
                'subject' => $entry->subject,
                'body' => self::json($entry->body),
                'attempt' => $entry->attempt,
                'failure' => '',
                'created_ms' => (int) floor(microtime(true) * 1000),
            ]));
        }
    }

    public function due(int $now, int $limit, ?string $subject = null): array
    {
        $first = 'SELECT MIN(id) AS id FROM ' . Tables::outbox() . ' WHERE is_failed = 0'
            . ($subject === null ? ' GROUP BY subject' : $this->db->prepare(' AND subject = %s', $subject));
        $sql = 'SELECT o.* FROM ' . Tables::outbox() . " o JOIN ($first) f ON o.id = f.id"
            . ($subject === null ? $this->db->prepare(' WHERE o.not_before_ms <= %d', $now) : '')
            . $this->db->prepare(' ORDER BY o.id LIMIT %d', max(0, $limit));
        return array_map([self::class, 'entry'], $this->db->get_results($sql, ARRAY_A));
    }

    public function finish(Entry $entry, ?Attempt $attempt, string $failure = ''): void
    {
        if ($failure === '') {
            $this->write($this->db->delete(Tables::outbox(), ['id' => $entry->id]));
            Status::delivered();
        } else {
            $failed = ['is_failed' => 1, 'failure' => $failure, 'body' => '{}'];
            $this->write($this->db->update(Tables::outbox(), $failed, ['id' => $entry->id]));
        }
        $this->record($attempt);
    }

    public function postpone(Entry $entry, int $notBefore, string $failure): void
    {
        $changes = ['tries' => $entry->tries + 1, 'not_before_ms' => $notBefore, 'failure' => $failure];
        $this->write($this->db->update(Tables::outbox(), $changes, ['id' => $entry->id]));
        Status::failed($failure);
    }

    /** @return array{waiting: int, failed: int, oldest: int} `oldest`: ms since the epoch; 0: nothing waits. */
    public function counts(): array
    {
        $sql = 'SELECT COALESCE(SUM(is_failed = 0), 0) AS waiting, COALESCE(SUM(is_failed = 1), 0) AS failed,'
            . ' COALESCE(MIN(CASE WHEN is_failed = 0 THEN created_ms END), 0) AS oldest FROM ' . Tables::outbox();
        return array_map('intval', (array) $this->db->get_row($sql, ARRAY_A));
    }

    /** @return list<array{kind: string, subject: string, failure: string, created_ms: string}> The newest refused ones. */
    public function failures(int $limit): array
    {
        $sql = 'SELECT kind, subject, failure, created_ms FROM ' . Tables::outbox()
            . ' WHERE is_failed = 1 ORDER BY id DESC LIMIT %d';
        return $this->db->get_results($this->db->prepare($sql, $limit), ARRAY_A);
    }

    /** Delete refused entries: all, or those that are older than a month. */
    public function forgetFailures(bool $all): void
    {
        $before = (int) floor(microtime(true) * 1000) - ($all ? 0 : self::KEEP_FAILED_MS);
        $sql = 'DELETE FROM ' . Tables::outbox() . ' WHERE is_failed = 1 AND created_ms <= %d';
        $this->write($this->db->query($this->db->prepare($sql, $before)));
    }

    /** A promise must not be made on a row that was not written. */
    private function write(mixed $result): void
    {
        if ($result === false) {
            throw new \RuntimeException('The tables of Tactful cannot be written: ' . $this->db->last_error);
        }
    }

    /** @param array<string, mixed> $value */
    private static function json(array $value): string
    {
        return $value === [] ? '{}' : json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
    }

    /** @param array<string, string> $row */
    private static function attempt(array $row): Attempt
    {
        return new Attempt(
            $row['order_ref'],
            (int) $row['number'],
            AttemptState::from($row['state']),
            (array) json_decode($row['request'], true),
            (int) $row['until_ms'],
        );
    }

    /** @param array<string, string> $row */
    private static function entry(array $row): Entry
    {
        return new Entry(
            EntryKind::from($row['kind']),
            $row['subject'],
            (array) json_decode($row['body'], true),
            (int) $row['attempt'],
            (int) $row['id'],
            (int) $row['tries'],
        );
    }
}
