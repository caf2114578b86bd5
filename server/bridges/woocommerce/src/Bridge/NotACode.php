<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** A text is no code of `tactful keys pair`; the message is for the shop's owner. */
final class NotACode extends BridgeError
{
}
