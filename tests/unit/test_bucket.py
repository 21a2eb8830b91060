"""Where blobs may lie, and which settings cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.domain.bucket import Bucket, Credentials, bucket_of
from pipeline.domain.errors import ConfigurationError
from pipeline.settings import load_settings

KEY = Credentials("anna", "geheim", "fluechtig")
AWS = {"AWS_ACCESS_KEY_ID": "anna", "AWS_SECRET_ACCESS_KEY": "geheim"}
SHARED = (*AWS, "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")


def of(place: str = "s3://calls", endpoint: str | None = "https://s3.example.com") -> Bucket:
    return bucket_of(place, endpoint, None, KEY)


@pytest.mark.parametrize(
    ("place", "name", "prefix"),
    [
        ("s3://acme-calls", "acme-calls", ""),
        ("s3://acme-calls/", "acme-calls", ""),
        ("s3://acme.calls/de/eu_1", "acme.calls", "de/eu_1/"),
        ("s3://acme-calls/de/", "acme-calls", "de/"),
    ],
)
def test_a_place_is_a_bucket_and_a_prefix(place: str, name: str, prefix: str) -> None:
    bucket = of(place)
    assert (bucket.name, bucket.prefix) == (name, prefix)
    assert bucket.place == f"s3:{name}/{prefix}"
    assert bucket.url == f"https://s3.example.com/{name}" and bucket.host == "s3.example.com"
    assert not bucket.on_this_machine


@pytest.mark.parametrize(
    "place",
    ["", "calls", "s3://", "s3://a", "s3://Calls", "s3://calls/../x", "s3://calls/a b", "s3://c/x",
     "s3://calls//x", "s3://anna:geheim@calls", "s3://calls/x\n", "gs://calls"],
)  # fmt: skip
def test_what_is_no_place_is_refused(place: str) -> None:
    with pytest.raises(ConfigurationError, match="DECKNAME_BLOBS") as caught:
        of(place)
    assert "\n" not in str(caught.value) and "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://s3.example.com/", "https://s3.example.com/calls"),
        ("https://s3.example.com:9000", "https://s3.example.com:9000/calls"),
        ("https://s3.example.com/storage/v1", "https://s3.example.com/storage/v1/calls"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/calls"),
        ("http://[::1]:9000", "http://[::1]:9000/calls"),
        ("http://localhost", "http://localhost/calls"),
    ],
)
def test_an_endpoint_is_asked_in_path_style(endpoint: str, url: str) -> None:
    bucket = of(endpoint=endpoint)
    assert bucket.url == url and bucket.on_this_machine == endpoint.startswith("http:")


@pytest.mark.parametrize(
    "endpoint",
    ["http://s3.example.com", "http://10.0.0.8:9000", "s3.example.com", "ftp://127.0.0.1",
     "https://", "https://anna:geheim@s3.example.com", "https://s3.example.com?x=geheim",
     "https://s3.example.com#geheim", "https://s3.example.com:port", "https://[s3",
     "https://s3.example.com/a b"],
)  # fmt: skip
def test_an_endpoint_that_is_none_or_open_to_listeners_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="DECKNAME_S3_ENDPOINT") as caught:
        of(endpoint=endpoint)
    assert "geheim" not in str(caught.value) and caught.value.__suppress_context__ is False


def test_at_amazon_the_bucket_is_a_host_unless_a_dot_is_in_its_name() -> None:
    assert bucket_of("s3://calls", None, "eu-central-1", KEY).url == (
        "https://calls.s3.eu-central-1.amazonaws.com"
    )
    assert bucket_of("s3://my.calls", None, "eu-central-1", KEY).url == (
        "https://s3.eu-central-1.amazonaws.com/my.calls"
    )


@pytest.mark.parametrize("region", [None, "", "Frankfurt am Main", "a/b"])
def test_at_amazon_a_region_is_needed(region: str | None) -> None:
    with pytest.raises(ConfigurationError, match="DECKNAME_S3_REGION"):
        bucket_of("s3://calls", None, region, KEY)


def test_no_key_no_bucket() -> None:
    with pytest.raises(ConfigurationError, match="DECKNAME_S3_ACCESS_KEY"):
        bucket_of("s3://calls", None, "eu-central-1", None)


def test_a_bucket_shows_no_secret() -> None:
    assert not any(secret in repr(of()) for secret in ("anna", "geheim", "fluechtig"))


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    for name in SHARED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DECKNAME_BLOBS", "s3://calls")
    return monkeypatch


def test_the_variables_that_s3_programs_share_are_read(variables: pytest.MonkeyPatch) -> None:
    for name, value in AWS.items():
        variables.setenv(name, value)
    variables.setenv("AWS_SESSION_TOKEN", "fluechtig")
    variables.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    bucket = load_settings().bucket
    assert bucket is not None and bucket.credentials == KEY
    assert bucket.url == "https://calls.s3.eu-west-1.amazonaws.com"
    variables.setenv("AWS_REGION", "eu-central-1")
    variables.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    bucket = load_settings().bucket
    assert bucket is not None
    assert (bucket.region, bucket.url) == ("eu-central-1", "http://127.0.0.1:9000/calls")


def test_a_key_is_never_half_of_ours_and_half_of_theirs(variables: pytest.MonkeyPatch) -> None:
    for name, value in AWS.items():
        variables.setenv(name, value)
    variables.setenv("AWS_SESSION_TOKEN", "fluechtig")
    variables.setenv("AWS_REGION", "eu-central-1")
    variables.setenv("DECKNAME_S3_ACCESS_KEY", "bert")
    with pytest.raises(ConfigurationError, match="DECKNAME_S3_SECRET_KEY"):
        load_settings()
    variables.setenv("DECKNAME_S3_SECRET_KEY", "anders")
    bucket = load_settings().bucket
    assert bucket is not None and bucket.credentials == Credentials("bert", "anders")


def test_a_store_in_a_folder_reads_none_of_them(variables: pytest.MonkeyPatch) -> None:
    variables.delenv("DECKNAME_BLOBS")
    for name, value in AWS.items():
        variables.setenv(name, value)
    settings = load_settings()
    assert settings.bucket is None and settings.s3_secret_key is None


def test_settings_that_cannot_work_end_every_command(variables: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="AWS_ACCESS_KEY_ID"):
        load_settings()
