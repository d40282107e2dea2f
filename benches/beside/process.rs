//! What the kernel says of a process.

use std::time::Duration;

/// The unit of the times in /proc/PID/stat: USER_HZ, 100 a second on every Linux (proc(5)).
const TICK: Duration = Duration::from_millis(10);

#[derive(Clone, Copy)]
pub struct Process(u32);

impl Process {
    pub fn of(pid: u32) -> Self {
        Self(pid)
    }

    /// CPU time of all its threads so far, in user space and in the kernel.
    pub fn cpu(self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        // The fields after the name begin with the third; utime and stime are the 14th and the 15th.
        let ticks: u32 = fields[11..13].iter().map(|field| field.parse::<u32>().unwrap()).sum();
        TICK * ticks
    }

    /// Resident memory in MiB.
    pub fn resident(self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}
