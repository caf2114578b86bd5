<?php
declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Tactful\Woo\Bridge\Client;
use Tactful\Woo\Bridge\KeyCache;
use Tactful\Woo\Bridge\OfferTokens;
use Tactful\Woo\Bridge\OutcomeUnknown;
use Tactful\Woo\Bridge\TokenRefused;

final class OfferTokensTest extends TestCase
{
    /** @return array<string, mixed> */
    private static function vectors(): array
    {
        return json_decode((string) file_get_contents(__DIR__ . '/../../../vectors/tokens.json'), true);
    }

    /** @return array<string, array{0: array<string, mixed>}> */
    public function tokens(): array
    {
        $cases = self::vectors()['tokens'];
        return array_combine(array_column($cases, 'name'), array_map(static fn (array $case): array => [$case], $cases));
    }

    /**
     * @dataProvider tokens
     * @param array<string, mixed> $case
     */
    public function testEveryVectorIsJudgedAsTheServerJudgesIt(array $case): void
    {
        $keys = OfferTokens::keysOf(self::vectors()['jwks']);
        try {
            OfferTokens::verify($case['token'], $keys, $case['now']);
            $found = 'ok';
        } catch (TokenRefused $refused) {
            $found = $refused->reason;
        }
        self::assertSame($case['want'], $found);
    }

    public function testTheClaimsAreThoseOfTheToken(): void
    {
        $vectors = self::vectors();
        $claims = OfferTokens::verify($vectors['token'], OfferTokens::keysOf($vectors['jwks']), 1_773_144_000_000);
        self::assertSame('of_AAECAwQFBgcICQoLDA0ODw', $claims->offer);
        self::assertSame([10965, 1, 'EUR', 'DE', null], [
            $claims->unit, $claims->maxQty, $claims->currency, $claims->territory, $claims->level,
        ]);
    }

    /** @return array{0: KeyCache, 1: ScriptedTransport, 2: SetClock, 3: ArrayObject<string, mixed>} */
    private static function cache(): array
    {
        $kept = new ArrayObject();
        $transport = new ScriptedTransport();
        $clock = new SetClock();
        $cache = new KeyCache(
            new Client($transport, $clock),
            static fn (): array => $kept->getArrayCopy(),
            static function (array $keys) use ($kept): void {
                $kept->exchangeArray($keys);
            },
            $clock,
        );
        return [$cache, $transport, $clock, $kept];
    }

    public function testKeysAreFetchedOnceInFiveMinutes(): void
    {
        [$cache, $transport, $clock] = self::cache();
        ['jwks' => $jwks, 'token' => $token] = self::vectors();
        $transport->answer(200, $jwks)->answer(200, $jwks);
        $cache->verify($token);
        $cache->verify($token);
        self::assertCount(1, $transport->asked);
        $clock->now += 300_000;
        $cache->verify($token);
        self::assertCount(2, $transport->asked);
    }

    public function testOldKeysStayInUseWhileTheServerIsAway(): void
    {
        [$cache, $transport, $clock] = self::cache();
        ['jwks' => $jwks, 'token' => $token] = self::vectors();
        $transport->answer(200, $jwks)->nothing();
        $cache->verify($token);
        $clock->now += 300_000;
        self::assertSame(10965, $cache->verify($token)->unit);
        $cache->verify($token); // and the server is not asked again at once
        self::assertCount(2, $transport->asked);
    }

    public function testAnUnknownKeyIsAskedForAtMostOnceInFiveSeconds(): void
    {
        [$cache, $transport] = self::cache();
        $vectors = self::vectors();
        $transport->answer(200, ['keys' => []]);
        foreach ([1, 2, 3] as $_) {
            try {
                $cache->verify($vectors['token']);
                self::fail('a token of an unknown key was accepted');
            } catch (TokenRefused $refused) {
                self::assertSame('token.key', $refused->reason);
            }
        }
        self::assertCount(1, $transport->asked);
    }

    public function testWithoutAnyKeyNoTokenIsJudged(): void
    {
        [$cache, $transport] = self::cache();
        $transport->nothing();
        $this->expectException(OutcomeUnknown::class);
        $cache->verify(self::vectors()['token']);
    }

    public function testABrokenKeyDocumentIsNoKeyDocument(): void
    {
        $this->expectException(OutcomeUnknown::class);
        OfferTokens::keysOf(['keys' => [['crv' => 'Ed25519', 'kid' => 'a', 'x' => 'AAAA']]]);
    }
}
