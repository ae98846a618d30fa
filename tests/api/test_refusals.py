"""The end-to-end tests have the API server refuse each limit: none may be missing there."""

from support.refusals import every_limit, table


def test_each_limit_of_the_schemas_has_an_object_that_breaks_it() -> None:
    assert set(every_limit()) == {refusal.limit for refusal in table()}
