; TITLE: faults before exits and exits before faults
; SDM: "Relative Priority of Faults and VM Exits"
%include "vmxlab.inc"
%macro EX 2
        VMW G_RIP, %2
        ENTER %1, vmresume
%endmacro
CASE
        VMX_ON
        VMCS_STD
        VMW EXC_BITMAP, 0xFFFFFFFF
        CTL PROC_CTLS, P_HLT|P_RDTSC|P_RDPMC|P_MOVDR|P_INVLPG|P_MWAIT|P_MONITOR|P_PAUSE|P_UNCOND_IO|P_SECONDARY|P_CR3LOAD|P_CR8LOAD
        VMW PROC_CTLS2, S_DESC|S_WBINVD|S_RDRAND|S_RDTSCP
        ; guest at CPL 3
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xA0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        VMW G_RIP, lab1
        ENTER "hlt cpl3", vmlaunch
        EX "cpuid cpl3", lab2
        EX "rdtsc cpl3", lab3
        EX "rdpmc cpl3", lab4
        EX "mov dr cpl3", lab5
        EX "invlpg cpl3", lab6
        EX "mov cr3 cpl3", lab7
        EX "in cpl3 iopl0", lab8
        EX "rdmsr cpl3", lab9
        EX "wbinvd cpl3", lab10
        EX "invd cpl3", lab11
        EX "lgdt cpl3", lab12
        EX "sgdt cpl3", lab13
        EX "ltr cpl3", lab14
        EX "str cpl3", lab15
        EX "monitor cpl3", lab16
        EX "mwait cpl3", lab17
        EX "xsetbv cpl3", lab18
        EX "rdrand cpl3", lab19
        EX "vmclear cpl3 bad address", lab20
        EX "pause cpl3", lab21
        EX "clts cpl3", lab22
        EX "lmsw cpl3", lab23
        EX "smsw cpl3", lab24
        EX "rdtscp cpl3", lab25
        EX "rsm", lab26
        EX "mov cr1", lab27
        EX "lock invalid", lab28
        EX "invept cpl3", lab29
        EX "getsec", lab30
        EX "vmfunc", lab31
        VMW G_CR4, 0x2024
        EX "rdtsc cpl3 tsd", lab3
        VMW G_CR4, 0x2820
        EX "sgdt umip", lab13
        EX "smsw umip", lab24
        VMW G_CR4, 0x2028
        EX "mov dr4 de", lab32
        GUEST
lab1:     hlt
lab2:     cpuid
lab3:     rdtsc
lab4:     rdpmc
lab5:     mov rax, dr0
lab6:     invlpg [rax]
lab7:     mov cr3, rax
lab8:     in al, 0x60
lab9:     rdmsr
lab10:    wbinvd
lab11:    invd
lab12:    lgdt [SCRATCH]
lab13:    sgdt [SCRATCH]
lab14:    ltr ax
lab15:    str ax
lab16:    monitor
lab17:    mwait
lab18:    xsetbv
lab19:    rdrand eax
lab20:    mov rax, 0x800000000000
        vmclear [rax]
lab21:    pause
lab22:    clts
lab23:    lmsw ax
lab24:    smsw ax
lab25:    rdtscp
lab26:    rsm
lab27:    db 0x0f,0x20,0xc8
lab28:    db 0xf0,0x90
lab29:    invept rax,[rbx]
lab30:    getsec
lab31:    vmfunc
lab32:    mov rax, dr4
