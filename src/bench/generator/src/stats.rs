//! Clocks, what the operating system says of this thread and of the server, and the phases of a run.

use hdrhistogram::Histogram;
use serde_json::{json, Map, Value};
use std::fs;

/// Monotonic, nanoseconds.
#[inline]
pub fn now() -> u64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut t) };
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

/// CPU seconds of this thread, user and system.
pub fn own_cpu() -> f64 {
    unsafe {
        let mut u: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_THREAD, &mut u);
        let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
        seconds(u.ru_utime) + seconds(u.ru_stime)
    }
}

/// What the kernel counts of a process, in its own units: proc_pid_stat(5).
struct Process {
    pid: u32,
    parent: u32,
    user_ticks: u64,
    system_ticks: u64,
    pages: u64,
}

fn process(pid: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat[stat.rfind(')')? + 2..].split(' ').collect();
    let n = |i: usize| fields.get(i)?.parse::<u64>().ok();
    Some(Process { pid, parent: n(1)? as u32, user_ticks: n(11)?, system_ticks: n(12)?, pages: n(21)? })
}

/// A process and all below it.
fn family(pid: u32) -> Vec<Process> {
    let mut all: Vec<Process> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| process(entry.file_name().to_str()?.parse().ok()?))
        .collect();
    let mut members = vec![pid];
    let mut i = 0;
    while i < members.len() {
        let parent = members[i];
        members.extend(all.iter().filter(|p| p.parent == parent).map(|p| p.pid));
        i += 1;
    }
    all.retain(|p| members.contains(&p.pid));
    all
}

/// CPU seconds and resident bytes of the server, or of all nodes of a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub user: f64,
    pub system: f64,
    pub resident: u64,
}

pub fn server(pids: &[u32]) -> Option<Usage> {
    let all: Vec<Process> = pids.iter().flat_map(|pid| family(*pid)).collect();
    if all.is_empty() {
        return None;
    }
    let (hertz, page) = unsafe { (libc::sysconf(libc::_SC_CLK_TCK) as f64, libc::sysconf(libc::_SC_PAGESIZE) as u64) };
    Some(Usage {
        user: all.iter().map(|p| p.user_ticks).sum::<u64>() as f64 / hertz,
        system: all.iter().map(|p| p.system_ticks).sum::<u64>() as f64 / hertz,
        resident: all.iter().map(|p| p.pages).sum::<u64>() * page,
    })
}

pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(100, 120_000_000_000, 3).unwrap()
}

/// Microseconds.
pub fn quantiles(h: &Histogram<u64>) -> Value {
    if h.is_empty() {
        return Value::Null;
    }
    let us = |v: f64| (v / 100.0).round() / 10.0;
    let q = |v: f64| us(h.value_at_quantile(v) as f64);
    json!({
        "p50": q(0.5), "p90": q(0.9), "p99": q(0.99), "p99.9": q(0.999),
        "max": us(h.max() as f64), "mean": us(h.mean()), "count": h.len(),
    })
}

pub fn round(v: f64, digits: i32) -> f64 {
    let f = 10f64.powi(digits);
    (v * f).round() / f
}

pub struct Times {
    pub warmup: f64,
    pub warmup_max: f64,
    pub seconds: f64,
    pub server: Vec<u32>,
    /// Waits for a line on standard input before and after the measured interval, with nothing under way.
    pub hold: bool,
}

#[derive(PartialEq, Eq, Clone, Copy)]
pub enum Step {
    Go,
    /// The measured interval begins now: forget what was recorded.
    Begin,
    End,
}

/// Warm-up, until the rate no longer rises, then the measured interval.
pub struct Phases {
    times: Times,
    started: u64,
    began: Option<u64>,
    ended: u64,
    next: u64,
    total: u64,
    total_at_begin: u64,
    per_second: Vec<u64>,
    warm: Vec<u64>,
    slope: Option<f64>,
    warm_enough: bool,
    own: f64,
    server: Option<Usage>,
    server_end: Option<Usage>,
}

/// A generator that was busier than this, of one core, may have been slower than the server.
const WALL: f64 = 0.95;

const SECOND: u64 = 1_000_000_000;

impl Phases {
    pub fn new(times: Times) -> Phases {
        let t = now();
        Phases {
            times,
            started: t,
            began: None,
            ended: 0,
            next: t + SECOND,
            total: 0,
            total_at_begin: 0,
            per_second: Vec::new(),
            warm: Vec::new(),
            slope: None,
            warm_enough: false,
            own: 0.0,
            server: None,
            server_end: None,
        }
    }

    /// When `step` has something to do again.
    pub fn due(&self) -> u64 {
        match self.began {
            None if self.warm_enough => self.next, // only the rate is waited for
            None => self.next.min(self.started + (self.times.warmup * 1e9) as u64),
            Some(t) => self.next.min(t + (self.times.seconds * 1e9) as u64),
        }
    }

    /// `total` counts everything since the start.
    pub fn step(&mut self, t: u64, total: u64) -> Step {
        if t >= self.next {
            if self.began.is_some() { &mut self.per_second } else { &mut self.warm }.push(total - self.total);
            self.total = total;
            self.next += SECOND;
        }
        match self.began {
            None => {
                let passed = (t - self.started) as f64 / 1e9;
                if passed < self.times.warmup {
                    return Step::Go;
                }
                self.warm_enough = true;
                self.slope = match self.warm[..] {
                    [.., a, b, c, d] => Some((c + d) as f64 / ((a + b) as f64).max(1.0) - 1.0),
                    _ => None,
                };
                if passed < self.times.warmup_max && self.slope.map_or(true, |s| s.abs() > 0.02) {
                    return Step::Go;
                }
                self.begin(total);
                Step::Begin
            }
            Some(b) if t >= b + (self.times.seconds * 1e9) as u64 => {
                self.ended = t;
                self.own = own_cpu() - self.own;
                self.server_end = server(&self.times.server);
                self.total = total;
                Step::End
            }
            Some(_) => Step::Go,
        }
    }

    /// Starts the measured interval, or starts it again after a hold.
    pub fn begin(&mut self, total: u64) {
        self.own = own_cpu();
        self.server = server(&self.times.server);
        let t = now();
        self.began = Some(t);
        self.next = t + SECOND;
        self.total = total;
        self.total_at_begin = total;
    }

    pub fn holds(&self) -> bool {
        self.times.hold
    }

    /// Messages since the measured interval began, those included that came after its end.
    pub fn since_begin(&self, total: u64) -> u64 {
        total - self.total_at_begin
    }

    /// What every scenario reports in the same words.
    pub fn report(&self, out: &mut Map<String, Value>) {
        let seconds = (self.ended - self.began.unwrap_or(self.started)) as f64 / 1e9;
        let messages = self.total - self.total_at_begin;
        let busy = self.own / seconds;
        out.insert("seconds".into(), json!(round(seconds, 3)));
        out.insert("messages".into(), json!(messages));
        out.insert("rate".into(), json!(round(messages as f64 / seconds, 1)));
        out.insert("per_second".into(), json!(self.per_second));
        out.insert("warmup".into(), json!({
            "seconds": round((self.began.unwrap_or(self.ended) - self.started) as f64 / 1e9, 1),
            "slope": self.slope.map(|s| round(s, 4)),
        }));
        out.insert("generator".into(), json!({
            "cpu_seconds": round(self.own, 3),
            "busy": round(busy, 3),
            "cpu_us_per_message": round(self.own * 1e6 / messages.max(1) as f64, 3),
        }));
        out.insert("generator_was_the_wall".into(), json!(busy >= WALL));
        if let (Some(a), Some(b)) = (self.server, self.server_end) {
            let (user, system) = (b.user - a.user, b.system - a.system);
            let each = |seconds: f64| (messages > 0).then(|| round(seconds * 1e6 / messages as f64, 3));
            out.insert("server".into(), json!({
                "cpu_seconds": round(user + system, 2),
                "cpus": round((user + system) / seconds, 2),
                "cpu_us_per_message": each(user + system),
                "user_us_per_message": each(user),
                "system_us_per_message": each(system),
                "rss_bytes": b.resident,
            }));
        }
    }
}

/// Whether a stream of sequence numbers is complete and in order.
#[derive(Default)]
pub struct Order {
    missed: std::collections::HashSet<(u32, u32)>,
    pub gaps: u64,
    pub duplicates: u64,
    pub reordered: u64,
}

impl Order {
    /// `next` is what stream `id` should bring now.
    #[inline]
    pub fn check(&mut self, id: u32, next: &mut u32, sequence: u32) {
        if sequence == *next {
            *next += 1;
        } else {
            self.unusual(id, next, sequence);
        }
    }

    #[cold]
    fn unusual(&mut self, id: u32, next: &mut u32, sequence: u32) {
        if sequence > *next {
            self.gaps += (sequence - *next) as u64;
            if self.missed.len() < 1_000_000 {
                self.missed.extend((*next..sequence).take(100_000).map(|s| (id, s)));
            }
            *next = sequence + 1;
        } else if self.missed.remove(&(id, sequence)) {
            self.gaps -= 1;
            self.reordered += 1;
        } else {
            self.duplicates += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_duplicates_and_order_breaks_are_told_apart() {
        let mut order = Order::default();
        let mut next = 0;
        for s in [0, 1, 1, 4, 3, 5, 0] {
            order.check(7, &mut next, s);
        }
        assert_eq!((order.gaps, order.duplicates, order.reordered), (1, 2, 1));
        assert_eq!(next, 6);
    }

    #[test]
    fn the_time_used_by_this_process_is_seen() {
        let before = server(&[std::process::id()]).unwrap();
        let t = own_cpu();
        while own_cpu() - t < 0.1 {
            std::hint::black_box(now());
        }
        let after = server(&[std::process::id()]).unwrap();
        assert!(after.user + after.system - before.user - before.system >= 0.05, "{before:?} {after:?}");
        assert!(after.resident > 100_000);
    }

    /// A child of its own, since other tests run in this process.
    #[test]
    fn time_in_the_kernel_is_told_from_time_outside() {
        let used = |script: &str| {
            let mut child = std::process::Command::new("sh").args(["-c", script]).spawn().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(300));
            let usage = server(&[child.id()]).unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            usage
        };
        let outside = used("while :; do :; done");
        let inside = used("exec dd if=/dev/zero of=/dev/null bs=16M status=none");
        assert!(outside.user > 4.0 * outside.system, "{outside:?}");
        assert!(inside.system > 4.0 * inside.user, "{inside:?}");
    }

    #[test]
    fn the_measured_interval_counts_what_came_since_it_began_again() {
        let mut phases = Phases::new(Times { warmup: 0.0, warmup_max: 0.0, seconds: 3600.0, server: vec![], hold: true });
        assert!(phases.step(now(), 10) == Step::Begin);
        assert_eq!(phases.since_begin(15), 5);
        phases.begin(15);
        assert_eq!(phases.since_begin(40), 25);
        assert!(phases.step(now(), 40) == Step::Go);
    }
}
