"""The account file: many writers, whole or not at all."""

import multiprocessing
from pathlib import Path

import pytest

from localcloud.account.store import Account, Resource

_WRITERS, _EACH = 4, 10


def _add(path: Path, writer: int) -> None:
    for index in range(_EACH):
        with Account(path).change() as state:
            state.put(Resource(type="t", id=f"{writer}-{index}"))


def test_what_several_processes_write_at_once_is_all_kept(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add, args=(tmp_path / "account.json", each)) for each in range(_WRITERS)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert len(Account(tmp_path / "account.json").read().of_type("t")) == _WRITERS * _EACH


def test_a_change_that_fails_leaves_the_account_as_it_was(account: Account) -> None:
    with account.change() as state:
        state.put(Resource(type="t", id="kept"))
    with pytest.raises(RuntimeError):
        _fail_in_a_change(account)
    assert [each.id for each in account.read()] == ["kept"]


def _fail_in_a_change(account: Account) -> None:
    with account.change() as state:
        state.put(Resource(type="t", id="lost"))
        raise RuntimeError


def test_a_file_that_is_not_there_is_a_new_account(account: Account) -> None:
    assert list(account.read()) == []


def test_two_resources_of_different_types_may_have_the_same_id(account: Account) -> None:
    with account.change() as state:
        state.put(Resource(type="bucket", id="weights"))
        state.put(Resource(type="versioning", id="weights"))
    assert {each.type for each in account.read()} == {"bucket", "versioning"}


def test_a_change_that_changes_nothing_writes_nothing(account: Account) -> None:
    with account.change():
        pass
    assert not account.path.exists()


def test_what_a_person_wrote_into_the_file_is_kept(account: Account) -> None:
    account.path.parent.mkdir(parents=True)
    account.path.write_text('{"quotas": {"L-DB2E81BA": 4}, "settings": {"region": "eu-west-1"}}')
    with account.change() as state:
        state.put(Resource(type="t", id="new"))
    assert account.read().quotas == {"L-DB2E81BA": 4}
    assert account.read().settings.region == "eu-west-1"
