; TITLE: Start-up IPIs and INIT between processors in VMX operation: exits 4 and 3, and whom they do not reach
; SDM: "Other Causes of VM Exits"; "Restrictions on VMX Operation"; "Guest Non-Register State"; "Saving Non-Register State"
; PROCESSORS: 2
%include "vmxlab.inc"
%include "second.inc"
CASE
        START_SECOND second
        AWAIT 0
        TEXT "a start-up IPI to the guest of the second, which does not wait for one: ignored"
        TELL 1
        AWAIT 2                         ; the guest runs
        IPI 1, 0x4624
        PASS 100
        TELL 3
        AWAIT 4
        TEXT "a start-up IPI while it is in root operation: ignored"
        IPI 1, 0x4677
        PASS 100
        TELL 5
        AWAIT 6
        PASS 200                        ; its guest waits now
        IPI 1, 0x4623
        AWAIT 7
        TELL 8
        AWAIT 9                         ; the guest runs
        IPI 1, 0x4500
        AWAIT 10
        DONE
second: VMX_ON_SECOND
        VMCS_STD_B
        TELL 0
        AWAIT 1
        ENTER "ends by itself", vmlaunch
        TELL 4
        AWAIT 5
        TEXT "second: still in root operation"
        VMW G_ACTIVITY, 3
        TELL 6
        ENTER "SIPI", vmresume
        SHOWV "activity, saved by the exit for the SIPI", G_ACTIVITY
        SHOWV "interruptibility, saved by it", G_INTERRUPTIBILITY
        VMW G_ACTIVITY, 0
        VMW G_INTERRUPTIBILITY, 0
        VMW G_RIP, guest2_code.spin
        TELL 7
        AWAIT 8
        ENTER "INIT", vmresume
        SHOWV "activity", G_ACTIVITY
        TELL 10
        cli
        hlt
        section guest2
guest2_code:
        TELL 2
        AWAIT 3
        vmcall
.spin:  TELL 9
.w:     jmp .w
