"""The processor: a deterministic model with VMX. Pure: no files but the tables of spec, no clock, no randomness."""
from vmviz.machine.bench import Machine
from vmviz.machine.outcome import OutsideModel
from vmviz.machine.step import Change, PhaseEnd, Step

__all__ = ["Change", "Machine", "OutsideModel", "PhaseEnd", "Step"]
