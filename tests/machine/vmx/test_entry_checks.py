"""Every rule of VM entry, legal and illegal, from the rows themselves."""
from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.machine.vmx.scenes import in_root, put
from vmviz.machine import models
from vmviz.machine.vmx import capabilities, controls_checks, entry_rules, guest_checks, host_checks
from vmviz.machine.vmx.checks import Candidate, Check, Kept
from vmviz.spec import CONTROL_BITS, ENTRY_CHECKS, FIELDS

STAGES = {"controls": controls_checks.ROWS, "host": host_checks.ROWS, "guest": guest_checks.ROWS}
ALL = list(entry_rules.ROWS)
# Rules that can only be broken on a processor that lacks something.
MODELS = {"controls.eptp_accessed_dirty": "sandy-bridge"}
# Rules that other rules of the same stage make unreachable from 64-bit mode on the default model.
SHADOWED = {"host.from_32_bit", "host.narrow_host"}


def scene(row: Check) -> Candidate:
    cpu, region = in_root(model=MODELS.get(row.id, "tigerlake"))
    put(region, row.needs)
    if row.order == 158:
        cpu.memory.load(0x1_0000, (0x1_1067).to_bytes(8, "little"))     # PDPTE with reserved bits 2:1 set
    return Candidate(cpu, region)


def test_every_rule_of_the_table_is_a_row_a_guard_or_cannot_be_broken() -> None:
    answers = [{row.order for row in ALL}, set(entry_rules.GUARDS), set(entry_rules.MSR_LOAD),
               set(entry_rules.CANNOT_APPLY)]
    assert sorted(order for answer in answers for order in answer) == [rule.order for rule in ENTRY_CHECKS]


def test_the_rows_are_in_the_tables_order_and_stage() -> None:
    orders = [row.order for row in ALL]
    assert orders == sorted(orders)
    stage_of = {rule.order: rule.stage for rule in ENTRY_CHECKS}
    for stage, rows in STAGES.items():
        assert all(stage_of[row.order].split("_")[0] == stage for row in rows)
    assert {stage_of[order] for order in entry_rules.GUARDS} == {"basic"}
    assert {stage_of[order] for order in entry_rules.MSR_LOAD} == {"msr_load"}


@pytest.mark.parametrize("order", entry_rules.CANNOT_APPLY)
def test_a_rule_that_cannot_be_broken_has_a_true_reason(order: int) -> None:
    reason = entry_rules.CANNOT_APPLY[order]
    for name in reason.controls:
        group, control = name.split(".")
        bit = CONTROL_BITS[group][control]
        assert not any(capabilities.allowed(models.load(model), group).may >> bit & 1 for model in models.NAMES)
    if reason.refused_by:
        assert next(row.order for row in ALL if row.id == reason.refused_by) < order


@pytest.mark.parametrize("where", sorted(set(entry_rules.GUARDS.values())))
def test_a_guard_is_where_the_table_says(where: str) -> None:
    module, _, name = where.rpartition(".")
    assert callable(getattr(import_module(f"vmviz.machine.{module}"), name))


def test_ids_are_unique_and_name_their_stage() -> None:
    assert len({row.id for row in ALL}) == len(ALL)
    for stage, rows in STAGES.items():
        assert all(row.id.startswith(stage + ".") for row in rows)


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_a_legal_vmcs_keeps_the_rule(row: Check) -> None:
    broken = Kept().first_broken(ALL, scene(row))
    assert broken is None, broken.id


@pytest.mark.parametrize("row", [row for row in ALL if row.id not in SHADOWED], ids=lambda row: row.id)
def test_the_example_breaks_this_rule_first(row: Check) -> None:
    region = scene(row).region
    put(region, row.breaks)
    broken = Kept().first_broken(ALL, Candidate(region.cpu, region))
    assert broken is not None and broken.id == row.id


def test_a_virtual_8086_guest_in_ia32e_mode_is_refused() -> None:
    row = next(row for row in ALL if row.id == "guest.rflags_vm")
    cpu, region = in_root()
    put(region, {"guest_rflags": 0x2_0002})
    assert not row.good(Candidate(cpu, region))


def test_a_32_bit_host_is_refused_from_64_bit_mode_by_its_size() -> None:
    cpu, region = in_root(primary_vm_exit_controls=0x3_6DFB)
    broken = Kept().first_broken(ALL, Candidate(cpu, region))
    assert broken is not None and broken.id == "host.from_64_bit"


def test_a_kept_result_falls_with_any_field_or_control_it_hangs_on() -> None:
    kept, (cpu, region) = Kept(), in_root()
    assert kept.first_broken(ALL, Candidate(cpu, region)) is None
    for row in ALL:
        if row.id in SHADOWED or row.id in MODELS or row.needs:
            continue
        before = {name: region.read(name) for name in row.breaks}
        put(region, row.breaks)
        broken = kept.first_broken(ALL, Candidate(cpu, region))
        assert broken is not None and broken.id == row.id
        put(region, before)
        assert kept.first_broken(ALL, Candidate(cpu, region)) is None


@pytest.mark.parametrize("model", models.NAMES)
def test_a_plain_64_bit_guest_is_legal_on_every_model(model: str) -> None:
    cpu, region = in_root(model=model)
    broken = Kept().first_broken(ALL, Candidate(cpu, region))
    assert broken is None, broken.id


@pytest.mark.parametrize("control", ["enable_ept", "enable_vpid", "unrestricted_guest", "enable_vm_functions"])
def test_a_control_that_the_processor_lacks_is_refused(control: str) -> None:
    cpu, region = in_root(model="no-ept")
    put(region, {"primary_processor_based_controls": region.read("primary_processor_based_controls") | 1 << 31,
                 "secondary_processor_based_controls": 1 << CONTROL_BITS["secondary"][control]})
    broken = Kept().first_broken(ALL, Candidate(cpu, region))
    assert broken is not None and broken.id == "controls.secondary_allowed"


_CHANGES = st.lists(st.one_of(
    st.sampled_from(ALL).map(lambda row: {**row.needs, **row.breaks}),
    st.sampled_from(ALL).map(lambda row: dict(row.needs)),
    st.dictionaries(st.sampled_from([field.name for field in FIELDS]),
                    st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 63).map(lambda n: 1 << n)), max_size=2),
), max_size=8)


@settings(max_examples=60, deadline=None)
@given(_CHANGES)
def test_what_is_kept_never_changes_which_rule_is_broken_first(changes: list[dict[str, int]]) -> None:
    kept, (cpu, region) = Kept(), in_root()
    legal = {field.name: region.read(field.name) for field in FIELDS}
    for change in changes:
        put(region, change)
        for _ in range(2):
            assert kept.first_broken(ALL, Candidate(cpu, region)) is Kept().first_broken(ALL, Candidate(cpu, region))
            put(region, {name: legal[name] for name in change})
