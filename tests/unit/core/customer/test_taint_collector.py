"""The scopes under which a taint is collected."""

from support.builders import T0, product
from support.naive_assembly import NaiveShop
from tactful.core.customer.taint_collector import TaintCollector
from tactful.core.customer.taints import Taint, Taints
from tactful.core.rules.policy import Scope
from tactful.core.verdicts.reasons import Reason

TAINT = Taint(Reason.REVIEW_BAD, Reason.REVIEW_BAD, T0, T0, T0 + 1, cause="v1", at=T0)


def collected(scope: Scope, *skus: str) -> Taints:
    catalogue = [product("RUN-42", "run", brand="Velo"), product("BARE-1", "bare")]
    history = NaiveShop((one, T0) for one in catalogue).history("c1")
    collector = TaintCollector(history)
    collector.add(scope, skus, TAINT)
    collector.add(scope, skus, TAINT)
    return collector.taints({})


def test_each_scope_taints_its_own_level_once() -> None:
    assert collected("variant", "RUN-42") == Taints(skus={"RUN-42": (TAINT,)})
    assert collected("product", "RUN-42") == Taints(products={"run": (TAINT,)})
    assert collected("shop", "RUN-42") == Taints(shop=(TAINT,))


def test_a_brand_is_tainted_with_its_product_and_an_unknown_one_is_not() -> None:
    both = Taints(products={"run": (TAINT,)}, brands={"Velo": (TAINT,)})
    assert collected("brand", "RUN-42") == both
    assert collected("brand", "BARE-1") == Taints(products={"bare": (TAINT,)})
