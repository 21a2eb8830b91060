"""A whole store whose recordings lie in a bucket: its receipts, its verifier, its backups."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.adapters.clock import SystemClock
from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.adapters.s3_store.streams import PART_BYTES
from pipeline.adapters.sealing import TinkRecordingVault
from pipeline.bootstrap import bootstrap, bootstrap_backups, bootstrap_restored, key_store
from pipeline.cli.doctor import _recordings
from pipeline.cli.verifying import inspect
from pipeline.domain.bucket import Bucket
from pipeline.domain.call import Call, Intake
from pipeline.domain.errors import ConfigurationError, ServiceUnavailable
from pipeline.domain.ids import CustomerId, new_call_id
from pipeline.domain.recording import AudioState
from pipeline.ports import RecordingVault
from pipeline.settings import Settings, load_settings
from pipeline.usecases.backups import create_backup, restore_backup
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions, unlinked
from pipeline.usecases.reap_orphans import reap_orphans
from pipeline.usecases.submit_call import submit_call
from pipeline.usecases.verification.bucket_view import BucketView
from pipeline.usecases.verification.findings import Grace, StorePlaces
from pipeline.usecases.verify_store import verify_store
from tests.decks import WAV_HEAD
from tests.s3_server import ACCESS_KEY, REGION, SECRET_KEY, TOKEN, Fault, S3Server, s3_store

ACME = CustomerId("acme")
HOUR = timedelta(hours=1)
AUDIO = WAV_HEAD + b"Frau Sonnenschein wohnt in der Ahornallee 7. " * 50


@dataclass
class Site:
    s3: S3Server
    bucket: Bucket
    settings: Settings
    deck: Deck

    def push(self) -> Call:
        return submit_call(Intake(ACME), [AUDIO], self.deck)

    def end(self, call: Call) -> None:
        """Destroy the key, and leave the rest to whoever finishes deletions."""
        self.deck.calls.destroy_audio(call.id, "cap_reached", self.deck.clock.now())

    def findings(self, later: timedelta = timedelta(0), grace: Grace | None = None) -> set[str]:
        home, keys = self.settings.home_folder, self.settings.keys_folder
        places = replace(StorePlaces.of(home, keys), bucket=self.settings.bucket)
        now = datetime.now(UTC) + later
        return {found.check for found in verify_store(places, now, grace=grace)}


def settings_in(folder: Path, s3: S3Server, bucket: Bucket) -> Settings:
    return load_settings(
        home=folder / "home",
        keys=folder / "keys",
        blobs=f"s3://{bucket.name}/calls",
        s3_endpoint=s3.endpoint,
        s3_region=REGION,
        s3_access_key=ACCESS_KEY,
        s3_secret_key=SECRET_KEY,
    )


def deck_of(settings: Settings) -> Deck:
    return replace(bootstrap(settings), queue=MemoryJobQueue())


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, running_s3: S3Server) -> Path:
    """A store with one customer, made once."""
    folder = tmp_path_factory.mktemp("fresh")
    deck = deck_of(settings_in(folder, running_s3, running_s3.new_bucket()))
    add_customer(ACME, "Acme", deck)
    return folder


@pytest.fixture
def site(fresh: Path, s3: S3Server, tmp_path: Path) -> Iterator[Site]:
    shutil.copytree(fresh, tmp_path, dirs_exist_ok=True)
    bucket = s3.new_bucket()
    settings = settings_in(tmp_path, s3, bucket)
    yield Site(s3, bucket, settings, deck_of(settings))
    assert s3.refused == []


def test_a_recording_goes_to_the_bucket_and_nowhere_else(site: Site) -> None:
    call = site.push()
    assert site.s3.keys(site.bucket) == [f"calls/{call.id}"]
    assert not (site.settings.home_folder / "blobs").exists()
    assert b"Sonnenschein" not in site.s3.read(site.bucket, call.id)
    assert site.findings() == set()


def test_a_receipt_names_the_bucket_and_the_verifier_agrees(site: Site) -> None:
    call = site.push()
    site.end(call)
    (receipt,) = finish_deletions(site.deck)
    where = {place["where"]: place["method"] for place in receipt.body["places"]}
    assert where[f"s3:{site.bucket.name}/calls/"] == "unlinked"
    assert site.s3.everything(site.bucket) == []
    assert site.findings(timedelta(minutes=1)) == set()


def test_a_deletion_waits_for_a_server_that_is_away_and_opens_no_more(site: Site) -> None:
    call = site.push()
    row = site.deck.calls.recording(call.id)
    assert site.deck.recordings.open(call.id, row) == AUDIO
    site.end(call)
    down = Fault("busy", times=float("inf"))
    site.s3.faults.append(down)
    quick = replace(site.deck, recordings=_impatient(site))
    unlinked(call.id, quick)
    assert finish_deletions(quick) == () and len(site.deck.deletions.pending(9)) == 1
    down.times = 0
    assert site.s3.keys(site.bucket) == [f"calls/{call.id}"]
    assert len(finish_deletions(site.deck)) == 1 and site.s3.everything(site.bucket) == []


def _impatient(site: Site) -> RecordingVault:
    """The vault of the site, that does not wait before it tries again."""
    return TinkRecordingVault(s3_store(site.bucket), key_store(site.settings, SystemClock()))


def test_a_push_that_cannot_be_kept_is_not_taken(site: Site) -> None:
    site.s3.faults.append(Fault("busy", times=float("inf")))
    with pytest.raises(ServiceUnavailable):
        submit_call(Intake(ACME), [AUDIO], replace(site.deck, recordings=_impatient(site)))
    site.s3.faults.clear()
    assert site.deck.calls.calls() == () and site.s3.everything(site.bucket) == []


def test_orphans_go_and_recordings_with_a_key_stay(site: Site) -> None:
    call, orphan = site.push(), new_call_id()
    with s3_store(site.bucket).write(orphan) as stream:
        stream.write(b"x" * 100)
    now = datetime.now(UTC)
    assert reap_orphans(site.deck.calls, site.deck.recordings, now) == ()
    assert reap_orphans(site.deck.calls, site.deck.recordings, now + 2 * HOUR) == (orphan,)
    assert site.s3.keys(site.bucket) == [f"calls/{call.id}"]


# The verifier


def left_blob(site: Site) -> None:
    call = site.push()
    site.end(call)


def unknown_blob(site: Site) -> None:
    sealed = site.s3.read(site.bucket, site.push().id)
    site.s3.overwrite(site.bucket, new_call_id(), sealed)


def lost_blob(site: Site) -> None:
    key = site.bucket.prefix + site.push().id
    site.s3.admin.delete_object(Bucket=site.bucket.name, Key=key)


def unsealed_blob(site: Site) -> None:
    site.s3.overwrite(site.bucket, site.push().id, AUDIO)


def stray_object(site: Site) -> None:
    site.s3.overwrite(site.bucket, "Sonnenschein.wav", AUDIO)


def hidden_blob(site: Site) -> None:
    """A delete marker is no deletion."""
    site.s3.versioned(site.bucket)
    call = site.push()
    site.s3.admin.delete_object(Bucket=site.bucket.name, Key=site.bucket.prefix + call.id)
    site.end(call)


def half_blob(site: Site) -> None:
    key = site.bucket.prefix + new_call_id()
    site.s3.admin.create_multipart_upload(Bucket=site.bucket.name, Key=key)


SABOTAGE: list[tuple[Callable[[Site], None], set[str]]] = [
    (left_blob, {"blob_without_key", "deletion_unfinished"}),
    (unknown_blob, {"blob_without_key"}),
    (lost_blob, {"recording_missing"}),
    (unsealed_blob, {"blob_unsealed"}),
    (stray_object, {"stray_file"}),
    (hidden_blob, {"blob_version_kept", "deletion_unfinished"}),
    (half_blob, {"blob_half_written"}),
]


@pytest.mark.parametrize(
    ("sabotage", "expected"), SABOTAGE, ids=lambda each: getattr(each, "__name__", "")
)
def test_the_verifier_finds_what_should_not_be_in_a_bucket(
    site: Site, sabotage: Callable[[Site], None], expected: set[str]
) -> None:
    site.push()
    assert site.findings(2 * HOUR) == set()
    sabotage(site)
    assert site.findings(2 * HOUR) == expected


def test_the_verifier_quotes_no_name_of_an_object(site: Site) -> None:
    stray_object(site)
    places = replace(
        StorePlaces.of(site.settings.home_folder, site.settings.keys_folder),
        bucket=site.settings.bucket,
    )
    (found,) = verify_store(places, datetime.now(UTC))
    assert "Sonnenschein" not in repr(found) and found.place == "bucket"


def test_the_verifier_takes_a_lock_for_a_finding(s3: S3Server, site: Site) -> None:
    locked = s3.new_bucket(ObjectLockEnabledForBucket=True)
    site.settings = site.settings.model_copy(update={"blobs": f"s3://{locked.name}/calls"})
    assert site.findings() == {"bucket_locked"}


@pytest.mark.parametrize("kind", ["down", "busy"])
def test_a_bucket_that_cannot_be_looked_at_was_not_verified(site: Site, kind: str) -> None:
    site.s3.faults.append(Fault(kind, times=float("inf")))
    with pytest.raises(ServiceUnavailable, match="not verified"):
        site.findings()


def test_verify_walks_the_bucket_of_the_settings(site: Site) -> None:
    site.push()
    assert [found.check for found in inspect(site.settings).findings] == []
    stray_object(site)
    assert [found.check for found in inspect(site.settings).findings] == ["stray_file"]


def test_the_verifier_reads_every_page_and_every_part(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto import settings as moto_settings

    site.s3.versioned(site.bucket)
    calls = sorted(site.push().id for _ in range(3))
    for call_id in calls:
        site.s3.overwrite(site.bucket, call_id, b"again")
    with s3_store(site.bucket).write("half") as stream:
        stream.write(bytes(2 * PART_BYTES))
        monkeypatch.setattr(moto_settings, "get_s3_default_max_keys", lambda: 2)
        key = replace(site.bucket.credentials, token=TOKEN)
        with BucketView(replace(site.bucket, credentials=key)) as view:
            seen = list(view.versions())
            ((half, changed),) = ((each.name, each.changed) for each in view.unfinished())
            assert view.first_byte(calls[0]) == b"a" and view.first_byte("call_0") is None
    assert [each.name for each in seen] == [name for name in calls for _ in range(2)]
    assert [each.latest for each in seen] == [True, False] * 3 and not seen[0].marker
    assert half == "half" and datetime.now(UTC) - changed < HOUR


# The doctor


def told(settings: Settings) -> list[tuple[str, str]]:
    return list(_recordings(settings))


def test_the_doctor_asks_the_bucket(site: Site) -> None:
    assert told(site.settings) == [
        ("ok", f"sealed, in s3:{site.bucket.name}/calls/, which answers")
    ]
    site.s3.versioned(site.bucket)
    (site.settings.home_folder / "blobs").mkdir()
    (site.settings.home_folder / "blobs" / new_call_id()).touch()
    states = dict(told(site.settings))
    assert "versions" in states["note"] and "copy them" in states["wrong"]


def test_the_doctor_finds_a_lock_and_a_replica(s3: S3Server, site: Site) -> None:
    locked = s3.new_bucket(ObjectLockEnabledForBucket=True)
    rule = {
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{site.bucket.name}"},
    }
    how = {"Role": "arn:aws:iam::123456789012:role/copy", "Rules": [rule]}
    s3.admin.put_bucket_replication(Bucket=locked.name, ReplicationConfiguration=how)
    settings = site.settings.model_copy(update={"blobs": f"s3://{locked.name}/calls"})
    wrong = [what for state, what in told(settings) if state == "wrong"]
    assert ["lock" in wrong[0], "replicated" in wrong[1]] == [True, True]


def test_the_doctor_tells_of_a_bucket_that_is_not_there(site: Site) -> None:
    settings = site.settings.model_copy(update={"blobs": "s3://nowhere-at-all/calls"})
    with pytest.raises(ServiceUnavailable, match="no such bucket"):
        told(settings)


# Backups


def test_a_backup_leaves_recordings_in_the_bucket_and_a_restore_finds_them(
    site: Site, tmp_path: Path
) -> None:
    kept, lost, ended = site.push(), site.push(), site.push()
    file = tmp_path / "backup"
    manifest = create_backup(file, site.deck, bootstrap_backups(site.settings), ())
    assert (manifest.calls, manifest.recordings) == (3, 0)
    site.end(ended)
    finish_deletions(site.deck)
    site.s3.admin.delete_object(Bucket=site.bucket.name, Key=site.bucket.prefix + lost.id)
    anew = site.settings.model_copy(update={"home": tmp_path / "anew"})
    done = restore_backup(
        file,
        anew.home_folder,
        bootstrap_backups(anew),
        lambda folder: bootstrap_restored(anew, folder),
    )
    assert done.lost == 1
    deck = bootstrap(anew)
    assert deck.recordings.open(kept.id, deck.calls.recording(kept.id)) == AUDIO
    states = {call.id: call.audio for call in deck.calls.calls()}
    assert states[lost.id] is states[ended.id] is AudioState.DESTROYED
    assert states[kept.id] is AudioState.SEALED


def test_a_backup_is_not_restored_beside_a_store_with_the_same_bucket(
    site: Site, tmp_path: Path
) -> None:
    site.push()
    file = tmp_path / "backup"
    create_backup(file, site.deck, bootstrap_backups(site.settings), ())
    with pytest.raises(ConfigurationError, match="share a bucket"):
        restore_backup(
            file,
            tmp_path / "beside",
            bootstrap_backups(site.settings.model_copy(update={"home": tmp_path / "beside"})),
            lambda folder: bootstrap_restored(site.settings, folder, aside=True),
            aside=True,
        )
    assert site.findings() == set()


def test_a_backup_with_recordings_is_not_restored_into_a_bucket(site: Site, tmp_path: Path) -> None:
    in_folder = site.settings.model_copy(
        update={"blobs": None, "home": tmp_path / "old", "keys": tmp_path / "old-keys"}
    )
    deck = replace(bootstrap(in_folder), queue=MemoryJobQueue())
    add_customer(ACME, "Acme", deck)
    submit_call(Intake(ACME), [AUDIO], deck)
    file = tmp_path / "backup"
    assert create_backup(file, deck, bootstrap_backups(in_folder), ()).recordings == 1
    anew = in_folder.model_copy(update={"home": tmp_path / "anew", "blobs": site.settings.blobs})
    with pytest.raises(ConfigurationError, match="nothing was restored"):
        restore_backup(
            file,
            anew.home_folder,
            bootstrap_backups(anew),
            lambda folder: bootstrap_restored(anew, folder),
        )
    assert site.s3.everything(site.bucket) == []
