<?php
declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Tactful\Woo\Bridge\AttemptState;
use Tactful\Woo\Bridge\Checkout;
use Tactful\Woo\Bridge\Client;
use Tactful\Woo\Bridge\Delivery;
use Tactful\Woo\Bridge\Entry;
use Tactful\Woo\Bridge\EntryKind;
use Tactful\Woo\Bridge\HoldRequest;
use Tactful\Woo\Bridge\OrderState;
use Tactful\Woo\Bridge\OutcomeUnknown;
use Tactful\Woo\Bridge\Refused;
use Tactful\Woo\Bridge\Sweep;

final class CheckoutTest extends TestCase
{
    private const HELD = ['state' => 'held', 'redemptions' => [['until' => '2026-03-10T12:30:00Z']]];

    private ScriptedTransport $transport;
    private SetClock $clock;
    private MemoryStore $store;
    private KeptLog $log;
    private KnownOrders $orders;
    private Delivery $delivery;
    private Checkout $checkout;
    private Sweep $sweep;

    protected function setUp(): void
    {
        $this->transport = new ScriptedTransport();
        $this->clock = new SetClock();
        $this->store = new MemoryStore();
        $this->log = new KeptLog();
        $this->orders = new KnownOrders();
        $client = new Client($this->transport, $this->clock);
        $this->delivery = new Delivery($client, $this->store, new KnownFacts(), $this->log, $this->clock);
        $this->checkout = new Checkout($client, $this->store, $this->delivery, $this->log, $this->clock);
        $this->sweep = new Sweep(
            $this->checkout, $client, $this->store, $this->delivery, $this->orders, $this->log, $this->clock,
        );
    }

    private static function request(int $quantity = 1, string $customer = ''): HoldRequest
    {
        $line = ['token' => 't', 'sku' => 'RUN-42', 'qty' => $quantity, 'unit' => 10965, 'currency' => 'EUR'];
        return new HoldRequest('15', 'DE', [$line], $customer);
    }

    private function state(): ?AttemptState
    {
        return $this->store->latestAttempt('15')?->state;
    }

    private function held(): void
    {
        $this->transport->answer(200, self::HELD);
        $this->checkout->hold(self::request());
    }

    public function testAHoldIsAskedForWithTheReadBackPriceAndIsKept(): void
    {
        $this->held();
        self::assertSame(AttemptState::Held, $this->state());
        self::assertSame(['POST /v1/redemptions', [
            'tokens' => ['t'], 'order' => '15', 'attempt' => 1, 'hold' => 1800, 'territory' => 'DE',
            'lines' => [['sku' => 'RUN-42', 'qty' => 1, 'unit' => ['amount' => 10965, 'currency' => 'EUR']]],
        ]], $this->transport->asked[0]);
        self::assertSame(strtotime('2026-03-10T12:30:00Z') * 1000, $this->store->latestAttempt('15')->until);
    }

    public function testTheSameHoldIsAskedForUnderTheSameNumber(): void
    {
        $this->held();
        $this->held();
        self::assertSame([1, 1], array_column(array_column($this->transport->asked, 1), 'attempt'));
    }

    public function testChangedLinesReleaseTheFirstAttempt(): void
    {
        $this->held();
        $this->transport->answer(200)->answer(200, self::HELD);
        $this->checkout->hold(self::request(2));
        self::assertSame('POST /v1/redemptions/15/cancel', $this->transport->paths()[1]);
        self::assertSame(2, $this->transport->asked[2][1]['attempt']);
    }

    public function testAnUnclearAnswerIsRepeatedAndThenGivenUpWithoutACharge(): void
    {
        $this->transport->nothing(30);
        try {
            $this->checkout->hold(self::request());
            self::fail('an unknown outcome counted as a hold');
        } catch (OutcomeUnknown) {
        }
        self::assertGreaterThan(3, count($this->transport->asked));
        self::assertSame(AttemptState::Asked, $this->state());
        self::assertLessThanOrEqual(8_000, array_sum($this->clock->pauses));
    }

    public function testRetryAfterIsObeyed(): void
    {
        $this->transport->answer(429, [], 3)->answer(200, self::HELD);
        $this->checkout->hold(self::request());
        self::assertSame([3_000], $this->clock->pauses);
    }

    public function testARefusalIsThrownAndNothingIsHeld(): void
    {
        $this->transport->answer(409, ['code' => 'redemption.used']);
        try {
            $this->checkout->hold(self::request());
            self::fail('a refused hold was accepted');
        } catch (Refused $refused) {
            self::assertSame('redemption.used', $refused->reason);
        }
        self::assertSame(AttemptState::Refused, $this->state());
    }

    public function testANumberThatTheServerKnowsAsCancelledIsPassedOver(): void
    {
        $this->transport->answer(409, ['code' => 'redemption.cancelled'])
            ->answer(200, ['redemptions' => [['attempt' => 4]], 'next' => null])->answer(200, self::HELD);
        self::assertSame(5, $this->checkout->hold(self::request())->number);
    }

    public function testACustomerWhomTheSessionDidNotNameIsLeftOut(): void
    {
        $this->transport->answer(422, ['code' => 'redemption.holder'])->answer(200, self::HELD);
        $this->checkout->hold(self::request(1, '7'));
        self::assertSame('7', $this->transport->asked[0][1]['customer']);
        self::assertArrayNotHasKey('customer', $this->transport->asked[1][1]);
    }

    public function testAPlacedOrderIsConfirmedOnce(): void
    {
        $this->held();
        $this->checkout->placed('15', true);
        $this->checkout->placed('15', true);
        $this->transport->answer(200);
        self::assertSame(1, $this->delivery->deliver()->delivered);
        self::assertSame(AttemptState::Confirmed, $this->state());
        self::assertSame([], $this->store->latestAttempt('15')->request);
    }

    public function testAFailedPaymentReleasesAndTheNextAttemptHoldsAnew(): void
    {
        $this->held();
        self::assertTrue($this->checkout->release('15'));
        self::assertFalse($this->checkout->release('15'));
        $this->transport->answer(200)->answer(200, self::HELD);
        self::assertSame(2, $this->checkout->hold(self::request())->number);
    }

    public function testACancelledOrderGivesEverythingBack(): void
    {
        $this->testAPlacedOrderIsConfirmedOnce();
        $this->checkout->cancel('15');
        $this->transport->answer(404, ['code' => 'redemption.unknown']);
        $this->delivery->deliver();
        self::assertSame(AttemptState::Released, $this->state());
        self::assertSame([], $this->store->failures);
    }

    public function testAnOrderThatWasPlacedWithoutAHoldIsNamedInTheLog(): void
    {
        $this->checkout->placed('15', true);
        self::assertStringContainsString('never held', $this->log->lines[0]);
    }

    public function testRefundsAreReportedForRedeemedOrdersAlone(): void
    {
        $this->checkout->refund('15', 'woo-17', ['lines' => []]);
        self::assertSame([], $this->store->waiting);
        $this->testAPlacedOrderIsConfirmedOnce();
        $this->checkout->refund('15', 'woo-17', ['lines' => [['sku' => 'RUN-42', 'qty' => 1]]]);
        $this->transport->answer(200);
        $this->delivery->deliver();
        self::assertSame(['POST /v1/redemptions/15/refund', [
            'refund' => 'woo-17', 'lines' => [['sku' => 'RUN-42', 'qty' => 1]],
        ]], $this->transport->asked[2]);
    }

    public function testWhatCannotBeDeliveredWaitsLongerEachTime(): void
    {
        $this->store->record(null, new Entry(EntryKind::Facts, 'product:1'));
        foreach ([5_000, 10_000, 20_000] as $wanted) {
            $this->transport->nothing();
            self::assertSame(1, $this->delivery->deliver()->waiting);
            self::assertSame([], $this->store->due($this->clock->now + $wanted - 1, 9));
            $this->clock->now += $wanted;
        }
        $this->transport->answer(503, [], 120);
        $this->delivery->deliver();
        self::assertSame($this->clock->now + 120_000, array_values($this->store->waiting)[0][1]);
    }

    public function testAWrongKeyLosesNothing(): void
    {
        $this->store->record(null, new Entry(EntryKind::Facts, 'product:1'));
        $this->transport->answer(401, ['code' => 'key.wrong']);
        self::assertSame(1, $this->delivery->deliver()->waiting);
        self::assertCount(1, $this->store->waiting);
        self::assertStringContainsString('Correct the setting', $this->log->lines[0]);
    }

    public function testRejectedFactsAreKeptForAPerson(): void
    {
        $this->store->record(null, new Entry(EntryKind::Facts, 'product:1'));
        $this->transport->answer(200, ['rejected' => [['index' => 0, 'code' => 'fact.invalid', 'message' => 'no']]]);
        self::assertSame(1, $this->delivery->deliver()->failed);
        self::assertSame(['fact.invalid: no'], $this->store->failures);
    }

    public function testAnAnswerThatIsNoJsonIsNoAnswerOfTactful(): void
    {
        $this->store->record(null, new Entry(EntryKind::Facts, 'product:1'));
        $this->transport->raw(200, '<html>');
        self::assertSame(1, $this->delivery->deliver()->waiting);
    }

    public function testEntriesOfASubjectKeepTheirOrder(): void
    {
        $this->store->record(null, new Entry(EntryKind::Confirm, '15', ['attempt' => 1]));
        $this->store->record(null, new Entry(EntryKind::Cancel, '15'));
        $this->transport->nothing();
        $this->delivery->deliver();
        self::assertSame(['POST /v1/redemptions/15/confirm'], $this->transport->paths());
    }

    /** @return array<string, array{0: OrderState, 1: AttemptState}> */
    public function endings(): array
    {
        return [
            'placed' => [OrderState::Placed, AttemptState::Confirmed],
            'failed' => [OrderState::Abandoned, AttemptState::Released],
            'cancelled' => [OrderState::Cancelled, AttemptState::Released],
        ];
    }

    /** @dataProvider endings */
    public function testTheSweepSettlesWhatNoRequestHasSettled(OrderState $order, AttemptState $wanted): void
    {
        $this->held();
        $this->orders->states['15'] = $order;
        $this->transport->answer(200, ['redemptions' => []])->answer(200);
        $this->sweep->run();
        self::assertSame($wanted, $this->state());
    }

    public function testAPendingOrderIsLeftAloneUntilItsHoldEnds(): void
    {
        $this->held();
        $this->orders->states['15'] = OrderState::Pending;
        $this->transport->answer(200, ['redemptions' => []])->answer(200, ['redemptions' => []]);
        $this->sweep->run();
        self::assertSame(AttemptState::Held, $this->state());
        $this->clock->now += 1_800_000;
        self::assertSame(1, $this->sweep->run()->lapsed);
        self::assertSame(AttemptState::Lapsed, $this->state());
    }

    public function testAStrayHoldOfACancelledOrderIsGivenBackAndAForeignOneIsLeftAlone(): void
    {
        $this->orders->states['15'] = OrderState::Cancelled;
        $at = gmdate('Y-m-d\TH:i:s\Z', intdiv($this->clock->now(), 1000));
        $held = [['order' => '15', 'attempt' => 1, 'at' => $at], ['order' => 'of-another-shop', 'attempt' => 1, 'at' => $at]];
        $this->transport->answer(200, ['redemptions' => $held])->answer(200, ['redemptions' => $held])->answer(200);
        self::assertSame(0, $this->sweep->run()->strays, 'its row may not be committed yet');
        $this->clock->now += 120_000;
        self::assertSame(1, $this->sweep->run()->strays);
        self::assertSame('POST /v1/redemptions/15/cancel', $this->transport->paths()[2]);
        self::assertCount(3, $this->transport->asked);
    }

    public function testASweepWithoutAnAnswerSaysSo(): void
    {
        $this->transport->nothing(30);
        self::assertStringContainsString('/v1/redemptions?state=held', $this->sweep->run()->failure);
    }
}
