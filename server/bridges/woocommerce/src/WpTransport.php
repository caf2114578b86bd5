<?php
declare(strict_types=1);

namespace Tactful\Woo;

use Tactful\Woo\Bridge\OutcomeUnknown;
use Tactful\Woo\Bridge\Response;
use Tactful\Woo\Bridge\Transport;

/** Requests through WordPress' HTTP API; redirects are not followed, because they would carry the key along. */
final class WpTransport implements Transport
{
    /** Seconds for a whole request. A server answers in a few milliseconds. */
    private const TIMEOUT_S = 3;
    /** Bytes of the longest answer that is read. */
    private const LARGEST = 4 * 1024 * 1024;

    public function __construct(private readonly string $url, private readonly string $serverKey)
    {
    }

    public function send(string $method, string $path, ?string $body): Response
    {
        // The address is the administrator's own, so private networks and ports are allowed.
        $answer = wp_remote_request($this->url . $path, [
            'method' => $method,
            'timeout' => self::TIMEOUT_S,
            'redirection' => 0,
            'limit_response_size' => self::LARGEST,
            'user-agent' => 'tactful-woo/' . VERSION,
            'headers' => ['Authorization' => "Bearer {$this->serverKey}", 'Content-Type' => 'application/json'],
            'body' => $body,
        ]);
        if (is_wp_error($answer)) {
            throw new OutcomeUnknown("$method $path: no answer ({$answer->get_error_message()}).");
        }
        $wait = (string) wp_remote_retrieve_header($answer, 'retry-after');
        return new Response(
            (int) wp_remote_retrieve_response_code($answer),
            wp_remote_retrieve_body($answer),
            ctype_digit($wait) ? (int) $wait : 0,
        );
    }
}
