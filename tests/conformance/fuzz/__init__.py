"""Random VMX programs on vmviz and on Bochs, compared: `python -m tests.conformance.fuzz --trials N --seed S`.

A trial is data (trial.py): fields of the standard VMCS that are changed, memory, registers, and code for the guest or
for the VMM. Generators (entry_checks.py, guests.py, root.py, injection.py) make trials from a seed; driver.asm runs
many of them in one run and prints a binary record of each (record.py); machines.py runs it on both; shrink.py makes a
trial that differs small. What Bochs is known to do otherwise than the manual says is data, in deviations.py.
"""
