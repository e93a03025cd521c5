//! Echo: closed loop with a window, or open loop timed from the intended send.

use crate::frame::{Stamp, Template, STAMP};
use crate::net::{App, Net};
use crate::stats::{histogram, now, quantiles, Order, Phases, Step, Times};
use hdrhistogram::Histogram;
use serde_json::{json, Map, Value};

struct Echo {
    template: Template,
    json: bool,
    size: usize,
    /// Replies bring new messages.
    closed_loop: bool,
    sent: Vec<u32>,
    next: Vec<u32>,
    order: Order,
    received: u64,
    mismatches: u64,
    latency: Histogram<u64>,
}

impl Echo {
    #[inline]
    fn send(&mut self, conn: usize, time: u64, out: &mut Vec<u8>) {
        self.template.append(out, Stamp { sender: conn as u16, sequence: self.sent[conn], time });
        self.sent[conn] += 1;
    }

    /// Opens the window of every connection.
    fn fill(&mut self, net: &mut Net, window: usize) {
        for i in 0..self.sent.len() {
            let mut out = std::mem::take(&mut net.conns[i].out);
            for _ in 0..window {
                self.send(i, now(), &mut out);
            }
            net.conns[i].out = out;
            net.flush(i);
        }
    }

    fn missing(&self) -> u64 {
        self.sent.iter().zip(&self.next).map(|(s, n)| (s - n) as u64).sum()
    }

    /// Waits for what is under way.
    fn drain(&mut self, net: &mut Net) {
        let deadline = now() + 5_000_000_000;
        while self.missing() > 0 && net.open > 0 && now() < deadline {
            net.poll(self, 20_000_000);
        }
    }

    /// The text of a reply, if it is one.
    #[inline]
    fn text<'a>(&self, p: &'a [u8]) -> Option<&'a [u8]> {
        if !self.json {
            return p.get(p.len().checked_sub(self.size)?..);
        }
        const USUAL: &[u8] = br#"{"type":"echo","text":""#;
        let start = if p.starts_with(USUAL) {
            USUAL.len()
        } else {
            // Another order of members, or spaces.
            if !p.windows(6).any(|w| w == br#""echo""#) {
                return None;
            }
            p.iter().position(|b| *b == b'~')?
        };
        p.get(start..start + self.size)
    }
}

impl App for Echo {
    fn message(&mut self, conn: usize, _: u8, payload: &[u8], at: u64, out: &mut Vec<u8>) {
        let found = self.text(payload).and_then(|t| Some((Stamp::read_key(t)?, Stamp::read_time(t)?, &t[STAMP..])));
        match found {
            Some(((sender, sequence), time, rest)) if sender == conn as u16 && rest == &self.template.filler[..] => {
                self.received += 1;
                self.latency.saturating_record(at.saturating_sub(time));
                let gaps = self.order.gaps;
                self.order.check(conn as u32, &mut self.next[conn], sequence);
                if self.closed_loop {
                    let lost = self.order.gaps.saturating_sub(gaps); // keeps the window full when replies are lost
                    for _ in 0..=lost.min(1000) {
                        self.send(conn, at, out);
                    }
                }
            }
            _ => self.mismatches += 1,
        }
    }
}

pub struct Options {
    pub connections: usize,
    pub window: usize,
    pub size: usize,
    pub rate: Option<f64>,
    pub json: bool,
    pub connect_seconds: u64,
}

pub fn run(net: &mut Net, target: String, o: Options, times: Times) -> Map<String, Value> {
    let (before, after) = if o.json { (r#"{"type":"chat","text":""#, r#""}"#) } else { ("", "") };
    let mut app = Echo {
        template: Template::new(before, o.size, after),
        json: o.json,
        size: o.size,
        closed_loop: o.rate.is_none(),
        sent: vec![0; o.connections],
        next: vec![0; o.connections],
        order: Order::default(),
        received: 0,
        mismatches: 0,
        latency: histogram(),
    };
    let targets = (0..o.connections).map(|_| (target.clone(), false)).collect();
    let connected = net.connect(targets, 200, o.connect_seconds, &mut app);
    let mut lateness = histogram();
    let mut phases = Phases::new(times);
    if connected == o.connections {
        if o.rate.is_none() {
            app.fill(net, o.window);
        }
        let mut pace = o.rate.map(Pace::new);
        loop {
            let t = now();
            match phases.step(t, app.received) {
                Step::Go => {}
                Step::Begin => {
                    if phases.holds() {
                        app.closed_loop = false;
                        app.drain(net);
                        net.hold(&mut app, json!({"ready": true}));
                        app.closed_loop = true;
                        phases.begin(app.received);
                        app.fill(net, o.window);
                    }
                    app.latency.reset();
                    lateness.reset();
                }
                Step::End => break,
            }
            let mut until = phases.due();
            if let Some(pace) = &mut pace {
                while let Some((k, intended)) = pace.next(t) {
                    let i = k as usize % o.connections;
                    let mut out = std::mem::take(&mut net.conns[i].out);
                    app.send(i, intended, &mut out);
                    net.conns[i].out = out;
                    lateness.saturating_record(t - intended);
                    if k as usize % o.connections == o.connections - 1 {
                        flush_all(net);
                    }
                }
                flush_all(net);
                until = until.min(pace.due());
            }
            net.poll(&mut app, until.saturating_sub(now()));
        }
    }
    let latency = app.latency.clone();
    app.closed_loop = false;
    app.drain(net);
    if phases.holds() {
        let messages = phases.since_begin(app.received);
        net.hold(&mut app, json!({"done": true, "messages": messages}));
    }
    let mut out = Map::new();
    out.insert("mode".into(), json!(match (o.json, o.rate.is_some()) {
        (false, false) => "echo",
        (true, false) => "json",
        (false, true) => "echo, open loop",
        (true, true) => "json, open loop",
    }));
    out.insert("connections".into(), json!(o.connections));
    out.insert("connected".into(), json!(connected));
    match o.rate {
        Some(r) => {
            out.insert("intended_rate".into(), json!(r));
            out.insert("sent_late_us".into(), quantiles(&lateness));
        }
        None => {
            out.insert("window".into(), json!(o.window));
        }
    }
    out.insert("size".into(), json!(o.size));
    if connected == o.connections {
        phases.report(&mut out);
    }
    out.insert("latency_us".into(), quantiles(&latency));
    out.insert("gaps".into(), json!(app.order.gaps));
    out.insert("duplicates".into(), json!(app.order.duplicates));
    out.insert("reordered".into(), json!(app.order.reordered));
    out.insert("missing".into(), json!(app.missing()));
    out.insert("mismatches".into(), json!(app.mismatches));
    net.finish(&mut app, 2000);
    out
}

pub fn flush_all(net: &mut Net) {
    for i in 0..net.conns.len() {
        if !net.conns[i].out.is_empty() {
            net.flush(i);
        }
    }
}

/// Intended times of sending, evenly spread.
pub struct Pace {
    start: u64,
    gap: f64,
    count: u64,
}

impl Pace {
    pub fn new(rate: f64) -> Pace {
        Pace { start: now(), gap: 1e9 / rate, count: 0 }
    }

    pub fn due(&self) -> u64 {
        self.start + (self.count as f64 * self.gap) as u64
    }

    /// The number and intended time of the next message, if it is due.
    pub fn next(&mut self, t: u64) -> Option<(u64, u64)> {
        let due = self.due();
        (due <= t).then(|| {
            self.count += 1;
            (self.count - 1, due)
        })
    }
}
