//! What the command after `--` does with signals, which Linux tells in `/proc`.

#![cfg(target_os = "linux")]

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use testbed::{Outcome, Program, Ran};

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_wait-for-path"))
}

/// `SigBlk` and `SigIgn` of what is executed, after a parent that blocks and ignores.
#[test]
fn it_has_the_blocked_and_ignored_signals_of_the_caller() -> Outcome {
    let grep = ["/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"];
    let through: Vec<&str> = ["/", "--"].iter().chain(&grep).copied().collect();
    for is_ignored in [false, true] {
        let prepare = move || {
            let handler = if is_ignored { SigHandler::SigIgn } else { SigHandler::SigDfl };
            for one in [Signal::SIGPIPE, Signal::SIGUSR1] {
                // SAFETY: neither is a function.
                #[expect(unsafe_code, reason = "before execve")]
                unsafe { signal(one, handler) }?;
            }
            let blocked: SigSet = [Signal::SIGUSR2, Signal::SIGTERM].into_iter().collect();
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), None)?;
            Ok(())
        };
        let mut commands = [program().command(), Command::new(grep[0])];
        commands[0].args(&through);
        commands[1].args(&grep[1..]);
        let mut answers = Vec::new();
        for command in &mut commands {
            // SAFETY: it makes system calls only, which is all that may be done between fork and execve.
            #[expect(unsafe_code, reason = "between fork and execve")]
            unsafe {
                command.pre_exec(prepare);
            }
            answers.push(Ran(command.output()?).answer());
        }
        assert_eq!(answers[0], answers[1], "SIGPIPE ignored: {is_ignored}");
        let pipe = u64::from_str_radix(answers[0].trim().rsplit('\t').next().unwrap_or_default(), 16)?;
        assert_eq!(pipe & 0x1000 != 0, is_ignored, "{answers:?}");
    }
    Ok(())
}
