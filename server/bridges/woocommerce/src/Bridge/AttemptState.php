<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** Where an attempt to pay for an order stands. The values are stored and never change. */
enum AttemptState: string
{
    /** The hold was asked for, and its outcome is not known. */
    case Asked = 'asked';
    case Held = 'held';
    /** Tactful refused the hold; nothing is held. */
    case Refused = 'refused';
    /** The order was placed; the outbox has the confirmation. */
    case Confirming = 'confirming';
    case Confirmed = 'confirmed';
    /** The attempt was abandoned or its order cancelled; the outbox has the cancellation. */
    case Releasing = 'releasing';
    case Released = 'released';
    /** The hold ended by itself, without an order. */
    case Lapsed = 'lapsed';
    /** The order was placed at the promised price, but Tactful does not count it as redeemed. */
    case Lost = 'lost';

    /** Return the state after an event; an event that means nothing in this state changes nothing. */
    public function after(AttemptEvent $event): self
    {
        return match ([$this, $event]) {
            [self::Asked, AttemptEvent::HoldAnswered] => self::Held,
            [self::Asked, AttemptEvent::HoldRefused] => self::Refused,
            [self::Asked, AttemptEvent::Placed],
            [self::Held, AttemptEvent::Placed],
            // A payment may end after the hold. Tactful confirms it if nobody else has used the offer.
            [self::Lapsed, AttemptEvent::Placed] => self::Confirming,
            [self::Asked, AttemptEvent::Expired],
            [self::Held, AttemptEvent::Expired] => self::Lapsed,
            [self::Asked, AttemptEvent::Abandoned],
            [self::Held, AttemptEvent::Abandoned],
            [self::Confirming, AttemptEvent::Abandoned],
            [self::Confirmed, AttemptEvent::Abandoned],
            [self::Lost, AttemptEvent::Abandoned] => self::Releasing,
            [self::Confirming, AttemptEvent::ConfirmAnswered],
            // The sweep may find the hold at Tactful after all, and confirm it.
            [self::Lost, AttemptEvent::ConfirmAnswered] => self::Confirmed,
            [self::Refused, AttemptEvent::Placed],
            [self::Confirming, AttemptEvent::ConfirmRefused],
            [self::Releasing, AttemptEvent::Placed],
            [self::Released, AttemptEvent::Placed] => self::Lost,
            // A confirmation that is answered now comes too late: the cancellation follows.
            [self::Releasing, AttemptEvent::ReleaseAnswered] => self::Released,
            default => $this,
        };
    }

    /** Whether neither an order nor its end is known. */
    public function isOpen(): bool
    {
        return $this === self::Asked || $this === self::Held;
    }
}
