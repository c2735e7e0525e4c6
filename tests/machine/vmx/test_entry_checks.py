"""Every rule of VM entry, legal and illegal, from the rows themselves."""
from __future__ import annotations

import pytest

from tests.machine.vmx.scenes import in_root, put
from vmviz.machine import models
from vmviz.machine.vmx import controls_checks, guest_checks, host_checks
from vmviz.machine.vmx.checks import Candidate, Check, Kept
from vmviz.spec import CONTROL_BITS, ENTRY_CHECKS

STAGES = {"controls": controls_checks.ROWS, "host": host_checks.ROWS, "guest": guest_checks.ROWS}
ALL = [row for rows in STAGES.values() for row in rows]
# Rules that can only be broken on a processor that lacks something.
MODELS = {"controls.eptp_accessed_dirty": "sandy-bridge"}
# Rules that other rules of the same stage make unreachable from 64-bit mode on the default model.
SHADOWED = {"host.from_32_bit", "host.narrow_host", "guest.rflags_vm"}
# Orders of the table that no model can break: a control that no model has, or one rule in two rows.
NOT_MODELLED = {12, 25, 26, 27, 28, 35, 39, 47, 48, 49, 51, 66, 77, 78, 102, 103, 105, 106, 107, 143}


def scene(row: Check) -> Candidate:
    cpu, region = in_root(model=MODELS.get(row.id, "tigerlake"))
    put(region, row.needs)
    if row.order == 158:
        cpu.memory.load(0x1_0000, (0x1_1067).to_bytes(8, "little"))     # PDPTE with reserved bits 2:1 set
    return Candidate(cpu, region)


def test_the_rows_are_the_tables_rules_in_the_tables_order() -> None:
    orders = [row.order for row in ALL]
    assert orders == sorted(orders)
    wanted = {row.order for row in ENTRY_CHECKS if row.stage not in ("basic", "msr_load", "machine_check")}
    assert wanted - set(orders) == NOT_MODELLED


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
