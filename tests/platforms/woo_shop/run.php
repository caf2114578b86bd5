<?php
/** Runs a piece of PHP inside the shop: php run.php ROOT < code. */
$_SERVER['HTTP_HOST'] = 'localhost';
$_SERVER['REQUEST_METHOD'] = 'GET';
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
eval(stream_get_contents(STDIN));
