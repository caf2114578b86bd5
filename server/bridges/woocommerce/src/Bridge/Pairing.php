<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** What a shop needs to know of its Tactful server, for a one-time code. */
final class Pairing
{
    /**
     * @param string $url The server's address.
     * @param string $key The shop's own key, which the server cannot show again.
     * @param string $identityKey Signs customers for the widget; empty: the server takes no identities.
     * @param string $territory The server's default territory; empty: it has none.
     * @param ?bool $isOriginAllowed Whether the shop's pages may open sessions; null: it was not asked.
     */
    private function __construct(
        public readonly string $url,
        public readonly string $key,
        public readonly string $identityKey,
        public readonly string $territory,
        public readonly ?bool $isOriginAllowed,
    ) {
    }

    /** Return the server's address in a code of `tactful keys pair`; empty: the text is no code. */
    public static function addressIn(string $code): string
    {
        [$secret, $url] = self::parts($code);
        return $secret === '' ? '' : $url;
    }

    /**
     * Use a code of `tactful keys pair`.
     *
     * @param string $code The code, with an address.
     * @param string $shop The origin of the shop's pages.
     * @param Transport $transport Sends to the address in the code, without a key.
     * @throws Refused The code is wrong, has ended, or was used.
     * @throws OutcomeUnknown No answer came; the code may have been used.
     */
    public static function exchange(string $code, string $shop, Transport $transport): self
    {
        $body = json_encode(['code' => self::parts($code)[0], 'shop' => $shop], JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
        $answer = $transport->send('POST', '/v1/pair', $body);
        $found = $answer->outcome();
        $text = static fn (string $name): string => is_string($found[$name] ?? null) ? $found[$name] : '';
        if ($found === null || $text('server') === '' || $text('key') === '') {
            throw new OutcomeUnknown("The answer with status {$answer->status} is none of a Tactful server.");
        }
        $isAllowed = $found['origin_allowed'] ?? null;
        return new self(
            $text('server'), $text('key'), $text('identity_key'), $text('territory'),
            is_bool($isAllowed) ? $isAllowed : null,
        );
    }

    /** @return array{0: string, 1: string} The secret and the address. */
    private static function parts(string $code): array
    {
        $parts = explode('@', trim($code), 2);
        return [$parts[0], $parts[1] ?? ''];
    }
}
