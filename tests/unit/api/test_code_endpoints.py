"""Pools of discount codes over HTTP; `tests/journeys/test_discount_codes.py` has the whole story."""

from pathlib import Path

from support.live_server import live_server


async def test_a_pool_is_filled_listed_and_withdrawn_in_the_name_of_an_operator(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path) as one:
        ada = {"Tactful-Operator": "Ada"}
        body = {"codes": ["A", {"code": "B", "ends_at": "2026-12-31T00:00:00Z"}, {"code": "C"}]}
        answer = await one.http.post("/v1/codes/spring", json=body, headers=ada)
        expected = {"pool": "spring", "added": 3, "known": [], "rejected": [], "free": 3}
        assert answer.json() == expected
        (pool,) = (await one.http.get("/v1/codes")).json()["pools"]
        assert (pool["pool"], pool["free"], pool["rules"]) == ("spring", 3, [])
        await one.http.delete("/v1/codes/spring", headers=ada)
        acts = (await one.http.get("/v1/acts")).json()["acts"]
        assert [(act["act"], act["who"], act["subject"], act["detail"]) for act in acts[:2]] == [
            ("codes.withdrawn", "Ada", "spring", "3"),
            ("codes.imported", "Ada", "spring", "3"),
        ]


async def test_names_and_bodies_that_are_wrong_are_refused(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        answer = await one.http.post("/v1/codes/two words", json={"codes": ["A"]})
        assert (answer.status_code, answer.json()["code"]) == (422, "codes.pool")
        answer = await one.http.post("/v1/codes/p", json={"codes": [{"ends_at": None}]})
        assert (answer.status_code, answer.json()["code"]) == (422, "body.invalid")
        answer = await one.http.delete("/v1/codes/p")
        assert (answer.status_code, answer.json()["code"]) == (404, "codes.unknown")
        assert (await one.http.get("/v1/codes")).json() == {"pools": []}
