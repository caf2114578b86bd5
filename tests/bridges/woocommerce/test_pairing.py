"""The WooCommerce plugin is paired by a running Tactful, and signs its customers."""

import asyncio
import json
from pathlib import Path

from bridges.woocommerce.test_plugin import run_php
from support.live_server import live_server
from tactful.runtime.security.bridge_keys import BridgeKeys

TRANSPORT = """
    final class Stream implements Tactful\\Woo\\Bridge\\Transport {
        public function __construct(private string $url) {}
        public function send(string $method, string $path, ?string $body): Tactful\\Woo\\Bridge\\Response {
            $http = ['method' => $method, 'header' => 'Content-Type: application/json',
                'content' => $body, 'ignore_errors' => true];
            $text = file_get_contents($this->url . $path, false, stream_context_create(['http' => $http]));
            preg_match('/ (\\d+) /', $http_response_header[0], $found);
            return new Tactful\\Woo\\Bridge\\Response((int) $found[1], $text);
        }
    }
"""
PAIR = """
    [$given] = Tactful\\Woo\\Admin\\SettingsPage::paired('{code}', ['territory' => 'DE'], new Stream('{url}'));
    $identity = Tactful\\Woo\\Bridge\\Identity::signWithKey($given['identity_key'], 'c7', {now});
    echo json_encode(['given' => $given, 'identity' => $identity]);
"""


async def test_a_code_becomes_the_settings_of_the_plugin(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        url = f"http://127.0.0.1:{one.port}"
        keys = BridgeKeys(one.parts.shop.state.keys.folder, one.parts.shop.clock)
        code = keys.new_code("woo", url)
        now = one.parts.shop.clock.now() // 1000
        pair = PAIR.replace("{code}", code).replace("{url}", url).replace("{now}", str(now))
        found = json.loads(await asyncio.to_thread(run_php, TRANSPORT + pair))
        given = found["given"]
        assert (given["url"], given["territory"], given["widget_url"]) == (url, "DE", "")
        assert keys.scopes_of(given["server_key"]) == {"facts:write", "redeem"}
        shopper = await one.shopper(consent="personal", identity=found["identity"])
        export = await one.http.get("/v1/customers/c7/export")
        assert shopper.session in export.text
