<?php
/** Loads the doubles of the bridge's ports when they are needed. */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $file = __DIR__ . "/$class.php";
    if (ctype_upper($class[0]) && is_file($file)) {
        require $file;
    }
});
