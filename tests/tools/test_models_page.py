"""docs/models.md says what the models' data say."""
from __future__ import annotations

from tools import models_page


def test_the_page_is_made_from_the_data() -> None:
    assert models_page.main(["--check"]) == 0, "run python -m tools.models_page"


def test_the_page_tells_the_models_apart() -> None:
    rows = {line.split(" | ")[0].strip("| "): line for line in models_page.page().splitlines() if line.startswith("|")}
    assert rows["BMI2"].endswith("| yes | – | – |")
    assert rows["1"].count("0 or 1") >= 1
    assert "| #GP |" in rows["48Ch"] or rows["48Ch"].endswith("#GP |")
