"""Receipts as they are handed out: they verify offline, and not with one byte altered."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from pipeline.adapters.receipt_key import key_id_in, key_id_of, verifies
from pipeline.cli import main
from pipeline.domain.deletion import Receipt
from pipeline.domain.errors import DecknameError, SealBroken
from pipeline.usecases.customers import issue_key
from pipeline.usecases.receipt_files import as_line
from pipeline.usecases.receipts import Proven, handed_out, prove
from pipeline.web.app import create_app
from tests.integration.backup_store import ACME, BackedUp


@pytest.fixture
def store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> BackedUp:
    monkeypatch.setenv("DECKNAME_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DECKNAME_KEYS", str(tmp_path / "keys"))
    opened = BackedUp(tmp_path)
    opened.add_customer()
    return opened


def receipts(store: BackedUp, count: int = 1) -> list[Receipt]:
    for _ in range(count):
        store.store(store.push())
    return list(store.deck.deletions.receipts())


def proven(content: bytes, pem: bytes) -> tuple[Proven, ...]:
    return prove(content, key_id_in(pem), lambda document, sign: verifies(pem, document, sign))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 1) -> str:
    capsys.readouterr()
    assert main(["receipts", "verify", *arguments]) == status
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("deckname: ") and said.err.count("\n") == 1
    return said.err


def test_a_receipt_is_listed_shown_and_verified(
    store: BackedUp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["receipts", "list"]) == 0
    assert capsys.readouterr().out.startswith("No receipts")
    (receipt,) = receipts(store)
    capsys.readouterr()
    assert main(["receipts", "list", "--customer", ACME, "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["id"], listed["class"], listed["trigger"]) == (receipt.id, "raw_audio", "done")
    assert main(["receipts", "list", "--call", listed["call"]]) == 0
    assert receipt.id in capsys.readouterr().out
    file, pem = tmp_path / "receipt.json", tmp_path / "key.pem"
    assert main(["receipts", "show", receipt.id]) == 0
    shown = capsys.readouterr().out
    assert main(["receipts", "show", receipt.id, "--output", str(file)]) == 0
    assert file.read_text() == shown
    assert main(["receipts", "public-key"]) == 0
    pem.write_text(capsys.readouterr().out.partition("deckname:")[0])
    assert main(["receipts", "verify", str(file)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"valid  {receipt.id}  raw_audio  done  ")
    # Whoever has the public key needs nothing else.
    shutil.rmtree(tmp_path / "home")
    shutil.rmtree(tmp_path / "keys")
    assert main(["receipts", "verify", str(file), "--public-key", str(pem)]) == 0
    assert capsys.readouterr().out == told
    assert not (tmp_path / "home").exists() and not (tmp_path / "keys").exists()
    assert "--public-key" in refused(capsys, str(file))
    assert not (tmp_path / "keys" / "receipts").exists(), "no key is made to verify with"


def test_what_there_is_not_is_told_in_one_line(
    store: BackedUp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    receipts(store)
    for arguments, status in (
        (["list", "--customer", "nobody"], 1),
        (["list", "--call", "call_" + "0" * 32], 1),
        (["list", "--call", "Martina.wav"], 2),
        (["show", "del_" + "0" * 32], 1),
        (["verify", str(tmp_path / "nothing")], 2),
        (["verify", str(tmp_path)], 2),
    ):
        capsys.readouterr()
        assert main(["receipts", *arguments]) == status, arguments
        said = capsys.readouterr()
        assert said.out == "" and said.err.count("\n") == 1 and "Martina" not in said.err


def test_many_receipts_lie_in_one_file(
    store: BackedUp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [as_line(handed_out(receipt)) for receipt in receipts(store, 3)]
    file = tmp_path / "all.jsonl"
    file.write_bytes(b"".join(lines))
    assert main(["receipts", "verify", str(file), "--json"]) == 0
    assert [each["valid"] for each in json.loads(capsys.readouterr().out)] == [True] * 3
    file.write_bytes(b"".join(lines).removesuffix(b"\n"))
    assert main(["receipts", "verify", str(file)]) == 0
    capsys.readouterr()
    altered = lines[1].replace(b"raw_audio", b"raw_audia")
    file.write_bytes(lines[0] + altered + lines[2])
    assert "receipt 2" in refused(capsys, str(file))
    file.write_bytes(lines[0] + lines[0])
    assert "twice" in refused(capsys, str(file))
    for nothing in (b"", b"\n", b"\n\n", lines[0] + b"\n"):
        file.write_bytes(nothing)
        refused(capsys, str(file))


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A receipt as it is handed out, and the key that verifies it."""
    store = BackedUp(tmp_path_factory.mktemp("store"))
    store.add_customer()
    (receipt,) = receipts(store)
    return as_line(handed_out(receipt)), store.deck.signer.public_key()


@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_no_byte_can_be_altered(one: tuple[bytes, bytes], place: float, change: int) -> None:
    line, pem = one
    at = int(place * len(line))
    altered = line[:at] + bytes([line[at] ^ change]) + line[at + 1 :]
    with pytest.raises(SealBroken):
        proven(altered, pem)


@given(place=st.floats(0, 1, exclude_max=True), more=st.binary(min_size=1, max_size=3))
def test_no_byte_can_be_added_or_left_out(
    one: tuple[bytes, bytes], place: float, more: bytes
) -> None:
    line, pem = one
    at = int(place * (len(line) - 1))
    for altered in (line[:at] + more + line[at:], line[:at] + line[at + 1 :]):
        if not more.strip(b" \t\r\n") and laid_out_alike(altered, line):
            continue  # one receipt as JSON over several lines, see `test_any_layout_will_do`
        with pytest.raises(SealBroken):
            proven(altered, pem)


def laid_out_alike(one: bytes, other: bytes) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


LAYOUTS = {
    "the API's answer": lambda each: json.dumps({"receipts": each}, separators=(",", ":")),
    "the API's answer, indented": lambda each: json.dumps({"receipts": each}, indent=2),
    "a list": lambda each: json.dumps(each),
    "a list, indented": lambda each: json.dumps(each, indent=4) + "\n",
    "one a line": lambda each: b"".join(map(as_line, each)).decode(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_will_do(store: BackedUp, layout: str, tmp_path: Path) -> None:
    handed = [handed_out(receipt) for receipt in receipts(store, 3)]
    pem, file = store.deck.signer.public_key(), LAYOUTS[layout](handed)
    assert [each.id for each in proven(file.encode(), pem)] == [
        json.loads(each["document"])["id"] for each in handed
    ]
    alone = json.dumps(handed[0], indent=2).encode()
    assert proven(alone, pem) == proven(as_line(handed[0]), pem)
    for name, value in handed[1].items():
        for wrong in (value[:-1], value.swapcase(), f"{value} ", 7, None, [value]):
            altered = [handed[0], handed[1] | {name: wrong}, handed[2]]
            with pytest.raises(SealBroken, match="receipt 2"):
                proven(LAYOUTS[layout](altered).encode(), pem)
    with pytest.raises(SealBroken, match="twice"):
        proven(LAYOUTS[layout]([handed[0], handed[0]]).encode(), pem)
    with pytest.raises(SealBroken, match="no receipt"):
        proven(LAYOUTS[layout]([]).encode(), pem)


@pytest.mark.parametrize(
    "content",
    [
        '{"receipts": {}}',
        '{"receipts": null}',
        '{"receipts": [], "next": null}',
        '{"calls": []}',
        '[{"id": "del_1", "class": "raw_audio"}]',
        "[[]]",
        "[1]",
        '"receipts"',
        "[" * 100_000,
        "\ufeff[]",
        "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n",
        '{"receipts":[]}{"receipts":[]}',
    ],
    ids=range(12),
)
def test_other_files_are_told_in_one_line(
    store: BackedUp, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    receipts(store)
    (tmp_path / "file").write_text(content, "utf-8")
    assert "receipts show" in refused(capsys, str(tmp_path / "file"))


def test_a_field_that_is_named_twice_is_no_field(store: BackedUp) -> None:
    """Whoever reads the file with other eyes may take the first one for what was signed."""
    (receipt,) = receipts(store)
    line = as_line(handed_out(receipt)).decode()
    other = json.dumps(receipt.document.replace("raw_audio", "transcript"))
    for twice in (f'[{{"document":{other},{line[1:]}]', f'{{"receipts":[],"receipts":[{line}]}}'):
        with pytest.raises(SealBroken):
            proven(twice.encode(), store.deck.signer.public_key())


def test_every_single_bit_counts(one: tuple[bytes, bytes]) -> None:
    line, pem = one
    assert len(proven(line, pem)) == len(proven(line.rstrip(b"\n"), pem)) == 1
    for at in range(len(line)):
        for bit in range(8):
            altered = line[:at] + bytes([line[at] ^ 1 << bit]) + line[at + 1 :]
            with pytest.raises(SealBroken):
                proven(altered, pem)


@given(st.binary(max_size=200))
def test_anything_else_is_no_receipt(one: tuple[bytes, bytes], content: bytes) -> None:
    with pytest.raises(SealBroken):
        proven(content, one[1])


@given(st.binary(max_size=300))
def test_anything_else_is_no_public_key(one: tuple[bytes, bytes], pem: bytes) -> None:
    with pytest.raises(DecknameError):
        proven(one[0], pem)


def test_another_key_verifies_nothing(one: tuple[bytes, bytes]) -> None:
    public = Ed25519PrivateKey.generate().public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(SealBroken, match="another key"):
        proven(one[0], pem)
    with pytest.raises(SealBroken, match="does not verify"):
        prove(one[0], key_id_in(one[1]), lambda document, sign: verifies(pem, document, sign))


@pytest.mark.parametrize(
    "change",
    [
        {"format": "deckname/deletion/2"},
        {"id": "del_1"},
        {"class": "everything"},
        {"trigger": 3},
        {"customer": "Not An Id"},
        {"call": "Martina Keller"},
        {"call": 4},
        {"due": "yesterday"},
        {"done": "2026-01-31T12:00:00"},
        {"places": "everywhere"},
        {"places": [{"where": "x"}]},
        {"rule": []},
        {"audit": {}},
        {"audit": {"position": True, "previous": "a" * 64}},
        {"audit": {"position": 0, "previous": "a" * 64}},
        {"audit": {"position": 1, "previous": "a"}},
        {"key": "0" * 16},
        {"more": 1},
    ],
    ids=str,
)
def test_a_signature_alone_makes_no_receipt(change: dict[str, object]) -> None:
    """The signer's own mistakes, and documents of other formats, are refused."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    body = {
        "format": "deckname/deletion/1",
        "id": "del_" + "1" * 32,
        "class": "raw_audio",
        "rule": {"id": "raw_audio", "version": 1},
        "trigger": "done",
        "customer": "acme",
        "call": "call_" + "2" * 32,
        "hold": "none",
        "due": "2026-01-31T12:00:00+00:00",
        "begun": "2026-01-31T12:00:00+00:00",
        "done": "2026-01-31T12:00:01+00:00",
        "places": [],
        "audit": {"position": 1, "previous": "0" * 64},
        "key": key_id_of(public),
    }

    def line(of: dict[str, object]) -> bytes:
        document = json.dumps(of, sort_keys=True)
        signature = base64.b64encode(key.sign(document.encode())).decode()
        return as_line({"document": document, "key": key_id_of(public), "signature": signature})

    assert proven(line(body), pem)[0].position == 1
    with pytest.raises(SealBroken, match="format"):
        proven(line(body | change), pem)


def test_openssl_verifies_a_receipt(one: tuple[bytes, bytes], tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here")
    line, pem = one
    handed = json.loads(line)
    (tmp_path / "document").write_text(handed["document"])
    (tmp_path / "signature").write_bytes(base64.b64decode(handed["signature"]))
    (tmp_path / "key.pem").write_bytes(pem)

    def verified() -> bool:
        command = f"{openssl} pkeyutl -verify -pubin -inkey key.pem -rawin"
        command += " -in document -sigfile signature"
        return subprocess.run(command.split(), cwd=tmp_path, capture_output=True).returncode == 0

    assert verified()
    (tmp_path / "document").write_text(handed["document"].replace("raw_audio", "raw_audia"))
    assert not verified()


def test_the_api_hands_out_receipts_of_own_calls(store: BackedUp) -> None:
    store.add_customer("other")
    (receipt,) = receipts(store)
    call_id = receipt.body["call"]
    keys = {name: issue_key(name, store.deck) for name in (ACME, "other")}  # type: ignore[arg-type]
    with TestClient(create_app(store.deck), base_url="http://127.0.0.1") as client:

        def get(path: str, who: str) -> tuple[int, dict[str, object]]:
            answer = client.get(path, headers={"Authorization": f"Bearer {keys[who]}"})
            return answer.status_code, answer.json()

        status, body = get(f"/v1/calls/{call_id}/receipts", ACME)
        assert status == 200
        (handed,) = body["receipts"]  # type: ignore[misc]
        assert proven(as_line(handed), store.deck.signer.public_key())[0].id == receipt.id
        assert proven(json.dumps(body).encode(), store.deck.signer.public_key())[0].id == receipt.id
        assert get(f"/v1/calls/{call_id}/receipts", "other")[0] == 404
        assert get("/v1/calls/call_" + "0" * 32 + "/receipts", ACME)[0] == 404
        assert get(f"/v1/calls/{call_id}/receipts?limit=0", ACME)[0] == 400
        assert client.get(f"/v1/calls/{call_id}/receipts").status_code == 401
