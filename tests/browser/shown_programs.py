"""A server whose lessons are proof programs, each of which shows something that no lesson has yet: guests in other
modes, bitmaps, MSR areas, events that are injected, checks and instructions that fail.
`Server(..., module=...)` names this module.
"""

from __future__ import annotations

from pathlib import Path

from tests.browser.two_processors import serve, write

# Name of the lesson -> the program, and where its one stop is.
SHOWN = {
    "real-mode": ("real-to-protected", "{event: vm_entry}"),
    "virtual-8086": ("virtual-8086", "{event: vm_entry}"),
    "compatibility": ("ia32e-transitions", "{event: vm_entry}"),
    "pae": ("pae-mov-cr3", "{event: vm_entry}"),
    "bitmaps": ("io-bitmaps-and-strings", "{event: vm_exit}"),
    "msrs": ("msr-areas-store-and-load", "{event: vm_exit}"),
    "shadow": ("shadow-vmcs-bitmaps", "{event: vm_exit}"),
    "injection": ("inject-real-mode", "{event: vm_exit}"),
    "failed": ("failed-entry", "{event: entry_failed}"),
    "vmptrld-fails": ("vmx-instruction-errors", "{event: vmx_outcome, instruction: vmptrld, error: 9}"),
    "vmwrite-fails": ("../cases/vmread-unsupported", "{event: vmx_outcome, instruction: vmwrite, error: 12}"),
    "guest-exits": ("vmx-instruction-errors", "{event: vmx_guard, result: exit}"),
    "vmcall-exits": ("../cases/exit-vmx-cpl3", "{event: vmx_guard, result: exit}"),
}


def make(course: Path) -> None:
    """The lessons' folders, in `course`."""
    for name, (program, on) in SHOWN.items():
        write(course, name, program, on)


if __name__ == "__main__":
    serve(make)
