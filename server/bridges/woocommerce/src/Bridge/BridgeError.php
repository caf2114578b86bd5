<?php
declare(strict_types=1);

namespace Tactful\Woo\Bridge;

/** The common base of the bridge's exceptions. */
abstract class BridgeError extends \RuntimeException
{
}
