<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** What can happen to an attempt. */
enum AttemptEvent
{
    case HoldAnswered;
    case HoldRefused;
    case Placed;
    case ConfirmAnswered;
    case ConfirmRefused;
    case Abandoned;
    case ReleaseAnswered;
    case Expired;
}
