"""The results of actions and the navigation have sentences."""

from tactful.console.notices import NAVIGATION, NOTICES


def test_every_page_of_the_navigation_has_a_title_of_its_own() -> None:
    assert len({title for _, title, _ in NAVIGATION}) == len(NAVIGATION)
    assert all(path.startswith("/console") for path, _, _ in NAVIGATION)


def test_every_result_is_a_sentence() -> None:
    assert all(text.endswith(".") for text in NOTICES.values())
