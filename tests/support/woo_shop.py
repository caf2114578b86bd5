"""A WordPress with WooCommerce and the bridge, made from a folder with both, and a Tactful server beside it."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from support.manual_runner import ROOT
from support.oscar_shop import KEY, PATIENCE_S, SECRET, Tactful, until
from support.ports import free_port

PROJECT = ROOT / "tests" / "platforms" / "woo_shop"
PLUGIN = ROOT / "server" / "bridges" / "woocommerce"
CONFIG = """<?php
define('DB_NAME', 'shop'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', '{url}'); define('WP_SITEURL', '{url}');
define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_ACCESSIBLE_HOSTS', '127.0.0.1,localhost');
define('WP_DEBUG', true); define('WP_DEBUG_DISPLAY', false); define('WP_DEBUG_LOG', '{log}');
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT'] as $name) {{
    define($name, 'of-the-tests-' . $name);
}}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {{ define('ABSPATH', __DIR__ . '/'); }}
require_once ABSPATH . 'wp-settings.php';
"""


@dataclass
class WooShop:
    """A running shop."""

    folder: Path
    port: int
    tactful: Tactful

    @property
    def root(self) -> Path:
        """The folder of WordPress."""
        return self.folder / "wordpress"

    @property
    def url(self) -> str:
        """The address of the shop, which is an origin of the server."""
        return f"http://localhost:{self.port}"

    @property
    def complaints(self) -> list[str]:
        """What PHP complained about in the plugin's own files."""
        log = self.folder / "debug.log"
        lines = log.read_text("utf-8", "replace").splitlines() if log.is_file() else []
        return [line for line in lines if "tactful-woo" in line]

    def run(self, code: str) -> str:
        """What a piece of PHP prints inside the shop."""
        done = subprocess.run(
            [*PHP, str(PROJECT / "run.php"), str(self.root)],
            input=code, capture_output=True, text=True, check=False, timeout=4 * PATIENCE_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def option(self, name: str, value: str) -> None:
        """Set an option of WordPress."""
        self.run(f"update_option('{name}', '{value}');")

    def set_price(self, sku: str, amount: str) -> None:
        """Set the stored price of an item, as the shop's staff does."""
        find = f"$p = wc_get_product(wc_get_product_id_by_sku('{sku}'));"
        self.run(f"{find} $p->set_regular_price('{amount}'); $p->save();")

    @contextlib.contextmanager
    def options(self, **values: str) -> Iterator[None]:
        """Other values of options, and then the present ones again."""
        before = {name: self.run(f"echo get_option('{name}');") for name in values}
        for name, value in values.items():
            self.option(name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                self.option(name, value)

    def sweep(self) -> None:
        """Send what waits in the outbox, also what is to be repeated later, and compare the holds."""
        self.run(DUE_NOW + "Tactful\\Woo\\Jobs::sweep();")

    def deliver(self) -> None:
        """Send what waits in the outbox until nothing does, as WordPress' cron does later.

        The shop sends at once, but does not wait for long: a busy machine may answer too late.
        """
        code = "$now = Tactful\\Woo\\Connection::current(); $now->delivery->deliver();"
        code += "echo $now->store->counts()['waiting'];"
        until(lambda: self.run(DUE_NOW + code) == "0", 3 * PATIENCE_S)

    def redemptions(self, order: str) -> list[tuple[int, str]]:
        """(attempt, state) of an order's redemptions, after everything was delivered."""
        self.deliver()
        return self.tactful.redemptions(order)

    def use_pages(self, kind: str) -> None:
        """Use the `classic` or the `blocks` pages of cart and checkout."""
        for page in ("cart", "checkout"):
            self.run(
                f"update_option('woocommerce_{page}_page_id', get_option('lab_{kind}_{page}'));"
            )


DUE_NOW = "$GLOBALS['wpdb']->query('UPDATE ' . Tactful\\Woo\\Tables::outbox() . ' SET not_before_ms = 0');"
PHP = ["php", "-d", "memory_limit=512M", "-d", "display_errors=stderr"]


def _link(source: str, target: str) -> None:
    """Link a file of the given WordPress, which is never changed; copy it across devices."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[Path]:
    """A MariaDB of its own, reached by a socket alone."""
    data, socket = folder / "db", folder / "db.sock"
    log = (folder / "db.log").open("ab")
    options = [f"--datadir={data}", "--user=root"]
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", *options],
        check=True, stdout=log, stderr=log,
    )  # fmt: skip
    server = subprocess.Popen(
        [
            shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin") or "mariadbd",
            "--no-defaults", *options, f"--socket={socket}", "--skip-networking",
            f"--pid-file={folder / 'db.pid'}", "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0",
        ],
        stdout=log, stderr=log,
    )  # fmt: skip
    log.close()
    try:
        make = ["mariadb", "--no-defaults", f"--socket={socket}", "-u", "root", "-e", "CREATE DATABASE shop"]  # fmt: skip
        until(lambda: subprocess.run(make, capture_output=True, check=False).returncode == 0)
        yield socket
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def make_wordpress(shop: WooShop, wordpress: Path, socket: Path) -> None:
    """Make a WordPress of its own with the plugin, installed and seeded."""
    shutil.copytree(wordpress, shop.root, copy_function=_link, symlinks=True)
    plugins = shop.root / "wp-content" / "plugins"
    shutil.rmtree(plugins / "tactful-woo", ignore_errors=True)
    shutil.copytree(PLUGIN, plugins / "tactful-woo")
    mu_plugins = shop.root / "wp-content" / "mu-plugins"
    mu_plugins.mkdir(exist_ok=True)
    shutil.copy2(PROJECT / "lab.php", mu_plugins)
    config = shop.root / "wp-config.php"
    config.unlink(missing_ok=True)
    log = shop.folder / "debug.log"
    config.write_text(CONFIG.format(socket=socket, url=shop.url, log=log), "utf-8")
    command = [*PHP, str(PROJECT / "install.php"), str(shop.root), shop.tactful.url, KEY, SECRET]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shop.run((PROJECT / "seed.php").read_text("utf-8").removeprefix("<?php").replace("declare(strict_types=1);", ""))  # fmt: skip


@contextlib.contextmanager
def woo_shop(folder: Path, wordpress: Path) -> Iterator[WooShop]:
    """Make and run a shop with a Tactful server; all processes end with the context."""
    folder.mkdir(parents=True, exist_ok=True)
    tactful = Tactful(folder / "tactful")
    tactful.folder.mkdir()
    shop = WooShop(folder, free_port(), tactful)
    with _database(folder) as socket:
        tactful.start(shop.url)
        try:
            make_wordpress(shop, wordpress, socket)
            shop.run(SYNC)
            with _serving(shop):
                yield shop
        finally:
            tactful.stop()


SYNC = """
$sync = new Tactful\\Woo\\Sync(Tactful\\Woo\\Connection::current());
foreach (Tactful\\Woo\\Sync::KINDS as $kind) {
    for ($page = 1; ($step = $sync->step($kind, $page, 180))['subjects'] > 0; $page++) {
        echo $kind, ' ', $step['reported'], ' ', implode('; ', $step['rejected']), "\\n";
    }
}
"""


@contextlib.contextmanager
def _serving(shop: WooShop) -> Iterator[None]:
    """PHP's own server for the shop."""
    log = (shop.folder / "php.log").open("ab")
    process = subprocess.Popen(
        [*PHP, "-S", f"localhost:{shop.port}", "-t", str(shop.root), str(PROJECT / "router.php")],
        stdout=log, stderr=log, env=os.environ | {"PHP_CLI_SERVER_WORKERS": "4"}, start_new_session=True,
    )  # fmt: skip
    log.close()
    try:
        until(lambda: _answers(shop.url))
        yield
    finally:
        # The workers are children of the first process and do not end with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(PATIENCE_S)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url + "/", follow_redirects=True, timeout=30).is_success
    except httpx.TransportError:
        return False
