from typing import Literal, get_args

import pytest

from shadow.config.load import parse
from shadow.config.model import Configuration
from shadow.config.scalars import Address
from shadow.terms import Effect, Hook, Protocol, Side, Stage


def test_a_migration_needs_only_its_two_implementations(least):
    migration = Configuration.model_validate(least).migrations["kfp"]
    assert migration.stage is Stage.SHADOW
    assert migration.canary.weight == 0
    assert migration.implementation(Side.OLD).protocol is Protocol.COMPOSITE
    assert migration.implementation(Side.NEW).protocol is Protocol.DECORATOR


def test_the_defaults_are_the_safe_ones(least):
    configuration = Configuration.model_validate(least)
    migration = configuration.migrations["kfp"]
    assert configuration.server.control == Address("127.0.0.1", 9090)
    assert configuration.server.max_body == 16 * 2**20
    assert migration.hold == (Effect.DELETE, Effect.RECREATE)
    assert (migration.unknown_brake, migration.fallback) == ("hold", "safe")
    assert (migration.inexpressible, migration.missing_list) == ("refuse", "refuse")
    assert migration.old.timeout < migration.front_timeout
    assert (migration.guard.then, migration.resync) == ("brake", None)
    assert migration.verdict.allow_effects == (Effect.NONE, Effect.LATENT)
    assert migration.old.shadow_finalize is False


def test_a_file_with_every_key_is_read(whole):
    configuration = parse(whole, "whole.yaml")
    migration = configuration.migrations["kfp-profile"]
    assert configuration.retention.age == 30 * 86400
    assert configuration.retention.matched == 0.01
    assert configuration.compare.queue == 64 * 2**20
    assert migration.canary.buckets == 1000
    assert migration.new.path(Hook.CUSTOMIZE) == "/customize"
    assert migration.ownership is not None
    assert migration.ownership.generate_selector
    assert str(migration.compare.expect[0].until) == "2027-01-31"
    assert migration.guard == configuration.migrations["kfp-profile"].guard.model_validate({})
    assert migration.verdict.waive[0].situation == "unselected"


def test_the_defaults_of_the_whole_file_are_the_defaults(whole, least):
    """The file spells defaults out, so it must not say anything else than leaving them out does."""
    written, left_out = parse(whole, "whole.yaml"), Configuration.model_validate(least)
    for section in ("upstream", "store", "retention", "redaction", "telemetry", "compare"):
        assert getattr(written, section) == getattr(left_out, section), section
    old, default = written.migrations["kfp-profile"].old, left_out.migrations["kfp"].old
    assert old.model_copy(update={"url": default.url}) == default


@pytest.mark.parametrize("hundredths", [0, 1, 29, 57, 1005, 2857, 9999, 10_000])
def test_the_buckets_of_a_weight_are_exact_where_floats_are_not(least, hundredths):
    least["migrations"]["kfp"]["canary"] = {"weight": hundredths / 100}
    assert Configuration.model_validate(least).migrations["kfp"].canary.buckets == hundredths


@pytest.mark.parametrize(("value", "expected"), [([], ()), (["recreate", "delete", "delete"], ("delete", "recreate"))])
def test_hold_is_a_set(least, value, expected):
    least["migrations"]["kfp"]["hold"] = value
    assert Configuration.model_validate(least).migrations["kfp"].hold == expected


def test_a_configuration_cannot_be_changed(least):
    configuration = Configuration.model_validate(least)
    with pytest.raises(ValueError, match="frozen"):
        configuration.store = "sqlite:///other.db"


def _fields(section):
    for name, field in section.model_fields.items():
        yield f"{section.__name__}.{name}", field
        for kind in (field.annotation, *get_args(field.annotation)):
            if hasattr(kind, "model_fields") and kind is not Literal:
                yield from _fields(kind)


def test_every_key_says_what_it_means():
    silent = [name for name, field in _fields(Configuration) if not field.description]
    assert silent == []
