import os
from pathlib import Path

import pytest

from fargateclaims import settings as settings_module
from fargateclaims.settings import Settings, SettingsError, flag, split_address, variable


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith("FARGATECLAIMS_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(settings_module, "NAMESPACE_FILE", tmp_path / "namespace")


def refused(flags: dict[str, object] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as error:
        Settings.load(flags)
    assert str(error.value).splitlines() == error.value.errors
    return error.value.errors


def test_the_defaults_are_those_of_the_api() -> None:
    settings = Settings.load()
    assert settings.model_dump() == {
        "poll_min_seconds": 2,
        "poll_max_seconds": 15,
        "resync_seconds": 600,
        "backoff_base_seconds": 2,
        "backoff_max_seconds": 300,
        "busy_max_seconds": 30,
        "settle_seconds": 30,
        "operation_deadline_seconds": 1800,
        "max_attempts": 5,
        "installation": "fargateclaims",
        "aws_calls_per_second": 10,
        "show_blocking_claim": True,
        "http_address": ":8080",
        "lease_namespace": "default",
        "lease_name": "fargateclaims",
        "own_profile": "",
        "class_selector": "",
        "log_format": "auto",
        "log_level": "info",
    }
    assert settings.cautions == []
    assert settings.class_matcher.matches({"anything": "goes"})


def test_a_flag_wins_over_a_variable_and_one_not_given_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARGATECLAIMS_POLL_MIN_SECONDS", "0.1")
    monkeypatch.setenv("FARGATECLAIMS_MAX_ATTEMPTS", "7")
    settings = Settings.load({"poll_min_seconds": 0.5, "max_attempts": None})
    assert (settings.poll_min_seconds, settings.max_attempts) == (0.5, 7)


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARGATECLAIMS_HTTP_ADDRESS", "")
    assert Settings.load().http_address == ":8080"


def test_a_value_is_read_whatever_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARGATECLAIMS_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("FARGATECLAIMS_SHOW_BLOCKING_CLAIM", "False")
    settings = Settings.load()
    assert (settings.log_level, settings.show_blocking_claim) == ("debug", False)


def test_the_lease_is_in_the_operators_own_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    settings_module.NAMESPACE_FILE.write_text("fargate-system\n")
    assert Settings.load().lease_namespace == "fargate-system"
    monkeypatch.setenv("FARGATECLAIMS_LEASE_NAMESPACE", "elsewhere")
    assert Settings.load().lease_namespace == "elsewhere"


def test_the_class_selector_is_ready_to_be_used() -> None:
    matcher = Settings.load({"class_selector": "shard in (a,b),!retired"}).class_matcher
    assert matcher.matches({"shard": "a"})
    assert not matcher.matches({"shard": "a", "retired": ""})


def test_all_errors_come_at_once_each_with_its_names_its_value_and_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARGATECLAIMS_POLL_MIN_SECONDS", "two")
    monkeypatch.setenv("FARGATECLAIMS_BACKOFF_BASE_SECONDS", "400")
    monkeypatch.setenv("FARGATECLAIMS_MAX_ATTEMPT", "3")
    monkeypatch.setenv("FARGATECLAIMS_NOBODY_KNOWS", "1")
    backoff = (
        "FARGATECLAIMS_BACKOFF_MAX_SECONDS or --backoff-max-seconds: 300 cannot be used (must not be below "
        "FARGATECLAIMS_BACKOFF_BASE_SECONDS, which is 400): give a number of seconds, not below the backoff's base"
    )
    address = (
        "FARGATECLAIMS_HTTP_ADDRESS or --http-address: '8080' cannot be used ('8080' is no address and port): "
        "give HOST:PORT, [IPv6]:PORT or :PORT; port 0 takes a free one"
    )
    selector = (
        "FARGATECLAIMS_CLASS_SELECTOR or --class-selector: 'team in blue' cannot be used "
        "('team in blue' is no requirement on labels: write key=value, key!=value, key in (a,b), key notin (a,b), key or !key): "
        "give a label selector, as `kubectl get --selector` takes it"
    )
    assert refused({"http_address": "8080", "class_selector": "team in blue"}) == [
        "FARGATECLAIMS_POLL_MIN_SECONDS or --poll-min-seconds: 'two' cannot be used: give a number of seconds above 0",
        backoff,
        address,
        selector,
        "FARGATECLAIMS_MAX_ATTEMPT: there is no such setting; did you mean FARGATECLAIMS_MAX_ATTEMPTS?",
        "FARGATECLAIMS_NOBODY_KNOWS: there is no such setting",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("poll_min_seconds", "0"),
        ("poll_min_seconds", "-1"),
        ("resync_seconds", "nan"),
        ("resync_seconds", "inf"),
        ("poll_max_seconds", "1"),
        ("max_attempts", "0"),
        ("max_attempts", "2.5"),
        ("installation", "a b"),
        ("installation", "x" * 64),
        ("aws_calls_per_second", "0"),
        ("show_blocking_claim", "maybe"),
        ("http_address", "localhost"),
        ("http_address", "::1:80"),
        ("http_address", ":65536"),
        ("http_address", ":http"),
        ("lease_namespace", "Not_A_Namespace"),
        ("lease_name", "a..b"),
        ("lease_name", "a" * 254),
        ("log_format", "xml"),
        ("log_level", "loud"),
    ],
)
def test_what_cannot_be_used_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(variable(name), value)
    (error,) = refused()
    assert error.startswith(f"{variable(name)} or {flag(name)}: ")


def test_an_unknown_flag_is_refused() -> None:
    assert refused({"poll_mim_seconds": 3}) == ["--poll-mim-seconds: there is no such setting"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FARGATECLAIMS_SERVICE_HOST", "10.0.0.1"),
        ("FARGATECLAIMS_SERVICE_PORT", "8080"),
        ("FARGATECLAIMS_SERVICE_PORT_HTTP_METRICS", "8080"),
        ("FARGATECLAIMS_PORT", "tcp://10.0.0.1:8080"),
        ("FARGATECLAIMS_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("FARGATECLAIMS_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("FARGATECLAIMS_METRICS_SERVICE_HOST", "10.0.0.1"),
        ("FARGATECLAIMS_METRICS_PORT_8080_TCP_PROTO", "tcp"),
    ],
)
def test_what_kubernetes_adds_for_a_service_of_our_name_is_no_typing_error(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    Settings.load()


def test_a_port_that_somebody_tried_to_set_is_a_typing_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARGATECLAIMS_HTTP_PORT", "9090")
    assert refused() == ["FARGATECLAIMS_HTTP_PORT: there is no such setting"]


def test_a_short_settle_time_is_allowed_with_a_caution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARGATECLAIMS_SETTLE_SECONDS", "1")
    (caution,) = Settings.load().cautions
    assert caution.startswith("FARGATECLAIMS_SETTLE_SECONDS is 1, but a call to AWS may last 10 s")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().max_attempts = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        (":8080", (None, 8080)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::1]:80", ("::1", 80)),
        ("[::]:80", ("::", 80)),
        ("localhost:1", ("localhost", 1)),
    ],
)
def test_an_address_has_a_host_and_a_port(address: str, parts: tuple[str | None, int]) -> None:
    assert split_address(address) == parts
