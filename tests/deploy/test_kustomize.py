from support.rendering import BASE, base_text


def test_the_base_is_the_charts_rendering() -> None:
    assert BASE.read_text() == base_text(), "run `make manifests`"
