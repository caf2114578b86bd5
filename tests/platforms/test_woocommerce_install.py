"""The plugin for WooCommerce, removed and installed as its manual says; the last tests of the shop."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.woo_shop import WooShop
from support.woo_shopper import PATIENCE_MS, woo_shopper_at
from tools.plugin_zip import write_plugin_zip

pytestmark = pytest.mark.browser
PLUGIN = "tactful-woo/tactful-woo.php"


def delete(woo: WooShop) -> None:
    """Deactivate and delete the plugin, as the page of plugins does."""
    woo.run(
        "require_once ABSPATH . 'wp-admin/includes/file.php';"
        f"deactivate_plugins('{PLUGIN}'); delete_plugins(['{PLUGIN}']);"
    )
    assert not (woo.root / "wp-content" / "plugins" / PLUGIN).exists()


def test_deleting_the_plugin_removes_its_tables_settings_and_jobs(woo: WooShop) -> None:
    delete(woo)
    left = woo.run(
        "global $wpdb;"
        "$tables = $wpdb->get_col(\"SHOW TABLES LIKE '%tactful%'\");"
        "$options = $wpdb->get_col(\"SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE '%tactful%'\");"
        "$jobs = as_get_scheduled_actions(['group' => 'tactful-woo', 'status' => 'pending'], 'ids');"
        "echo count($tables), ' ', count($jobs), ' ', implode(',', $options);"
    )
    assert left == "0 0"
    assert woo.complaints == []


def test_the_manual_leads_from_the_zip_to_a_paid_order(
    woo: WooShop, browser: Browser, tmp_path: Path
) -> None:
    delete(woo)
    with woo_shopper_at(woo, browser) as one:
        one.login_as_staff()
        one.goto("/wp-admin/plugin-install.php?tab=upload")
        one.page.set_input_files("#pluginzip", write_plugin_zip(tmp_path))
        one.page.click("#install-plugin-submit")
        one.page.get_by_role("link", name="Activate Plugin").click()
        one.page.wait_for_url("**/plugins.php**")
        one.goto("/wp-admin/admin.php?page=tactful-woo")
        one.page.fill("#code", woo.tactful.pairing_code("woo"))
        one.page.click("#submit")
        one.said("Tactful answers, and accepts the key.")
        one.said("shoppers see no offers until another consent tool has answered")
        one.page.select_option("#consent", "anonymous")
        one.page.click("#submit")
        one.said("Tactful answers, and accepts the key.")
        one.page.click("#tactful-sync")
        expect(one.page.locator("#tactful-said")).to_contain_text("0 ✗", timeout=PATIENCE_MS)
    with woo_shopper_at(woo, browser) as one:
        one.take_offer()
        order = one.order()
    assert woo.run(f"echo wc_get_order({order})->get_total();") == "109.65"
    assert woo.redemptions(order) == [(1, "redeemed")]
    assert woo.complaints == []
