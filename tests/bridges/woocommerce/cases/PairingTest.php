<?php
declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Tactful\Woo\Admin\SettingsPage;
use Tactful\Woo\Bridge\BridgeError;
use Tactful\Woo\Bridge\Identity;
use Tactful\Woo\Bridge\OutcomeUnknown;
use Tactful\Woo\Bridge\Pairing;
use Tactful\Woo\Bridge\Refused;

final class PairingTest extends TestCase
{
    private const URL = 'https://offers.shop.example';
    private const ANSWER = [
        'key' => 'tft_0123456789ab_x', 'id' => '0123456789ab', 'server' => self::URL,
        'territory' => null, 'identity_key' => 'abc', 'origin_allowed' => false,
    ];
    private const FORM = [
        'url' => 'https://old.example', 'widget_url' => 'https://old.example', 'server_key' => 'old',
        'identity_key' => '', 'identity_secret' => 'old', 'territory' => 'DE',
    ];

    protected function setUp(): void
    {
        Shop::reset();
    }

    public function testACodeIsSentToTheAddressInIt(): void
    {
        $transport = (new ScriptedTransport())->answer(200, self::ANSWER);
        $code = " 5f0c@" . self::URL . "\n";
        self::assertSame(self::URL, Pairing::addressIn($code));
        $found = Pairing::exchange($code, 'https://shop.example', $transport);
        self::assertSame([['POST /v1/pair', ['code' => '5f0c', 'shop' => 'https://shop.example']]], $transport->asked);
        self::assertSame(
            [self::URL, 'tft_0123456789ab_x', 'abc', '', false],
            [$found->url, $found->key, $found->identityKey, $found->territory, $found->isOriginAllowed],
        );
    }

    public function testARefusalAndAStrangerAreToldApart(): void
    {
        $refused = (new ScriptedTransport())->answer(403, ['code' => 'pairing.refused', 'detail' => 'Used.']);
        try {
            Pairing::exchange('5f0c@' . self::URL, '', $refused);
            self::fail('The code was taken.');
        } catch (Refused $error) {
            self::assertSame('pairing.refused', $error->reason);
        }
        $this->expectException(OutcomeUnknown::class);
        Pairing::exchange('5f0c@' . self::URL, '', (new ScriptedTransport())->answer(200, ['hello' => 'you']));
    }

    public function testThePairingFillsInAddressAndKeysAndKeepsTheRest(): void
    {
        $transport = (new ScriptedTransport())->answer(200, self::ANSWER);
        [$given, $hint] = SettingsPage::paired('5f0c@' . self::URL, self::FORM, $transport);
        ksort($given);
        self::assertSame([
            'identity_key' => 'abc', 'identity_secret' => '', 'server_key' => 'tft_0123456789ab_x',
            'territory' => 'DE', 'url' => self::URL, 'widget_url' => '',
        ], $given);
        self::assertStringContainsString('Add https://shop.example to', $hint);
    }

    /** @return array<string, array{0: string}> */
    public function texts(): array
    {
        return ['no address' => ['5f0c'], 'no secret' => ['@' . self::URL], 'no scheme' => ['5f0c@offers.shop.example']];
    }

    /** @dataProvider texts */
    public function testATextThatIsNoCodeIsNamed(string $text): void
    {
        $this->expectException(BridgeError::class);
        $this->expectExceptionMessage('This is no code.');
        SettingsPage::paired($text, self::FORM, new ScriptedTransport());
    }

    public function testTheKeyOfAPairingSignsCustomers(): void
    {
        $found = Identity::signWithKey('key', '7', 1_773_144_300);
        self::assertSame(['customer' => '7', 'expires' => 1_773_144_600, 'hmac' => '25862a3d81a2beae4044306962bc73b8e348209da3307e1a5c49a53d2dc1343f'], $found);
    }
}
