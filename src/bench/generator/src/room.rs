//! Fan-out: what a few send reaches everyone of the room, every delivery counted and held against its order.

use crate::echo::{flush_all, Pace};
use crate::frame::{Stamp, Template};
use crate::net::{App, Net, State};
use crate::stats::{histogram, now, quantiles, Order, Phases, Step, Times};
use hdrhistogram::Histogram;
use serde_json::{json, Map, Value};

pub const SUBPROTOCOL: &str = "parley.v1";

#[derive(Clone, Copy, Default)]
struct Slot {
    sequence: u32,
    count: u32,
    time: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// The next message goes when its sender has seen its own.
    Own,
    /// The next message goes when everyone has seen the last.
    All,
}

struct Room {
    template: Template,
    size: usize,
    rooms: usize,
    /// Senders in each room.
    senders: usize,
    members: Vec<u32>,
    /// By sender: its connection, how many it sent, its latest messages.
    conn_of: Vec<usize>,
    sender_of: Vec<Option<u16>>,
    sent: Vec<u32>,
    slots: Vec<Slot>,
    ring: usize,
    gate: Gate,
    v1: bool,
    running: bool,
    closed_loop: bool,
    /// By receiver and sender of its room.
    next: Vec<u32>,
    order: Order,
    deliveries: u64,
    notices: u64,
    strays: u64,
    mismatches: u64,
    first: Histogram<u64>,
    median: Histogram<u64>,
    last: Histogram<u64>,
    each: Histogram<u64>,
    /// Senders whose next message another's delivery has allowed.
    allowed: Vec<u16>,
}

impl Room {
    fn append(&mut self, sender: usize, time: u64, out: &mut Vec<u8>) {
        let sequence = self.sent[sender];
        self.sent[sender] += 1;
        self.slots[sender * self.ring + sequence as usize % self.ring] = Slot { sequence, count: 0, time };
        self.template.append(out, Stamp { sender: sender as u16, sequence, time });
    }

    fn send(&mut self, net: &mut Net, sender: usize, time: u64) {
        let conn = self.conn_of[sender];
        let mut out = std::mem::take(&mut net.conns[conn].out);
        self.append(sender, time, &mut out);
        net.conns[conn].out = out;
    }

    fn missing(&self, net: &Net) -> u64 {
        let mut missing = 0;
        for (i, conn) in net.conns.iter().enumerate() {
            if conn.state == State::Open && !conn.stalled {
                for k in 0..self.senders {
                    missing += (self.sent[i % self.rooms * self.senders + k] - self.next[i * self.senders + k]) as u64;
                }
            }
        }
        missing
    }

    /// Counts one message that a connection got; false if the text is none of ours.
    #[inline]
    fn delivered(&mut self, conn: usize, text: &[u8], at: u64, out: &mut Vec<u8>) -> bool {
        let Some((sender, sequence)) = Stamp::read_key(text) else {
            return false;
        };
        let sender = sender as usize;
        let room = conn % self.rooms;
        if sender / self.senders != room || self.sent[sender] <= sequence {
            self.strays += 1;
            return true;
        }
        self.deliveries += 1;
        let stream = conn * self.senders + sender % self.senders;
        self.order.check(stream as u32, &mut self.next[stream], sequence);
        let slot = &mut self.slots[sender * self.ring + sequence as usize % self.ring];
        if slot.sequence == sequence {
            slot.count += 1;
            let (count, passed, time) = (slot.count, at.saturating_sub(slot.time), slot.time);
            let members = self.members[room];
            if self.deliveries & 15 == 0 {
                self.each.saturating_record(passed);
            }
            if count == 1 {
                self.first.saturating_record(passed);
            }
            if count == members.div_ceil(2) {
                self.median.saturating_record(passed);
            }
            if count == members {
                self.last.saturating_record(passed);
                if Stamp::read_time(text) != Some(time) || !text.ends_with(&self.template.filler) {
                    self.mismatches += 1;
                }
                if self.gate == Gate::All && self.closed_loop && self.running {
                    if self.sender_of[conn] == Some(sender as u16) {
                        self.append(sender, at, out);
                    } else {
                        self.allowed.push(sender as u16);
                    }
                }
            }
        }
        if self.gate == Gate::Own && self.closed_loop && self.running && self.sender_of[conn] == Some(sender as u16) {
            self.append(sender, at, out);
        }
        true
    }
}

impl App for Room {
    #[inline]
    fn message(&mut self, conn: usize, _: u8, payload: &[u8], at: u64, out: &mut Vec<u8>) {
        let mut ours = false;
        if self.v1 {
            // A frame is a message or an array of them; their texts are found by where a stamp starts.
            let mut rest = payload;
            while let Some(start) = rest.iter().position(|b| *b == b'~') {
                let end = rest.len().min(start + self.size);
                ours |= self.delivered(conn, &rest[start..end], at, out);
                rest = &rest[end..];
            }
        } else if let Some(start) = payload.len().checked_sub(self.size) {
            ours = self.delivered(conn, &payload[start..], at, out);
        }
        if !ours {
            self.notices += 1; // who came and went, a welcome
        }
    }
}

pub struct Options {
    pub connections: usize,
    pub rooms: usize,
    pub senders: usize,
    pub window: usize,
    pub size: usize,
    pub rate: Option<f64>,
    pub gate: Gate,
    pub stalled: usize,
    pub connect_seconds: u64,
    /// `?user=` is part of the protocol of `/ws/chat`, not of the lobby.
    pub named: bool,
    /// All speak `parley.v1`.
    pub v1: bool,
}

fn target(base: &str, room: usize, o: &Options, i: usize) -> String {
    let (path, query) = base.split_once('?').unwrap_or((base, ""));
    let mut t = path.to_string();
    if o.rooms > 1 {
        t.push_str(&format!("-{room}"));
    }
    let user = if o.named && !query.contains("user=") { format!("user=u{i}") } else { String::new() };
    let queries: Vec<&str> = [query, &user].into_iter().filter(|s| !s.is_empty()).collect();
    if !queries.is_empty() {
        t.push('?');
        t.push_str(&queries.join("&"));
    }
    t
}

pub fn run(net: &mut Net, base: String, o: Options, times: Times) -> Map<String, Value> {
    let all_senders = o.rooms * o.senders;
    let ring = if all_senders > 64 { 1024 } else { 16384 };
    let mut members = vec![0u32; o.rooms];
    for i in 0..o.connections {
        members[i % o.rooms] += 1;
    }
    let mut app = Room {
        template: if o.v1 {
            Template::new("{\"type\":\"chat\",\"text\":\"", o.size, "\"}")
        } else {
            Template::new("", o.size, "")
        },
        size: o.size,
        rooms: o.rooms,
        senders: o.senders,
        members: members.clone(),
        conn_of: vec![0; all_senders],
        sender_of: vec![None; o.connections + o.stalled],
        sent: vec![0; all_senders],
        slots: vec![Slot::default(); all_senders * ring],
        ring,
        gate: o.gate,
        v1: o.v1,
        running: true,
        closed_loop: o.rate.is_none(),
        next: vec![0; (o.connections + o.stalled) * o.senders],
        order: Order::default(),
        deliveries: 0,
        notices: 0,
        strays: 0,
        mismatches: 0,
        first: histogram(),
        median: histogram(),
        last: histogram(),
        each: histogram(),
        allowed: Vec::new(),
    };
    // Senders stand evenly among those who came before and after them.
    for room in 0..o.rooms {
        for k in 0..o.senders {
            let place = (2 * k + 1) * members[room] as usize / (2 * o.senders);
            let conn = place * o.rooms + room;
            app.conn_of[room * o.senders + k] = conn;
            app.sender_of[conn] = Some((room * o.senders + k) as u16);
        }
    }
    let mut targets: Vec<(String, bool)> =
        (0..o.connections).map(|i| (target(&base, i % o.rooms, &o, i), false)).collect();
    for k in 0..o.stalled {
        targets.push((target(&base, k % o.rooms, &o, o.connections + k), true));
    }
    let wanted = targets.len();
    let connected = net.connect(targets, 100, o.connect_seconds, &mut app);
    // Until the last who came has been announced to all.
    let mut seen = u64::MAX;
    let deadline = now() + o.connect_seconds * 1_000_000_000;
    while seen != app.notices && now() < deadline {
        seen = app.notices;
        let until = now() + 300_000_000;
        while now() < until {
            net.poll(&mut app, 50_000_000);
        }
    }
    let arrivals = app.notices;
    let mut phases = Phases::new(times);
    let started = now();
    let mut lateness = histogram();
    if connected == wanted {
        if o.rate.is_none() {
            for s in 0..all_senders {
                for _ in 0..o.window {
                    app.send(net, s, now());
                }
            }
            flush_all(net);
        }
        let mut pace = o.rate.map(Pace::new);
        let mut look = started;
        loop {
            let t = now();
            match phases.step(t, app.deliveries) {
                Step::Go => {}
                Step::Begin => {
                    for h in [&mut app.first, &mut app.median, &mut app.last, &mut app.each, &mut lateness] {
                        h.reset();
                    }
                }
                Step::End => break,
            }
            let mut until = phases.due();
            if let Some(pace) = &mut pace {
                let mut any = false;
                while let Some((k, intended)) = pace.next(t) {
                    app.send(net, k as usize % all_senders, intended);
                    lateness.saturating_record(t - intended);
                    any = true;
                }
                if any {
                    for s in 0..all_senders {
                        net.flush(app.conn_of[s]);
                    }
                }
                until = until.min(pace.due());
            }
            if o.stalled > 0 && t >= look {
                net.look_for_ended();
                look = t + 250_000_000;
                until = until.min(look);
            }
            net.poll(&mut app, until.saturating_sub(now()));
            while let Some(sender) = app.allowed.pop() {
                app.send(net, sender as usize, now());
                net.flush(app.conn_of[sender as usize]);
            }
        }
    }
    app.running = false;
    let latency = json!({
        "each": quantiles(&app.each), "first": quantiles(&app.first),
        "median": quantiles(&app.median), "last": quantiles(&app.last),
    });
    let deadline = now() + 10_000_000_000;
    while net.open > o.stalled && now() < deadline && app.missing(net) > 0 {
        net.poll(&mut app, 20_000_000);
    }
    let missing = app.missing(net);
    let mut out = Map::new();
    out.insert("mode".into(), json!(if o.rate.is_some() { "room, open loop" } else { "room" }));
    out.insert("connections".into(), json!(o.connections));
    out.insert("connected".into(), json!(connected - o.stalled.min(connected)));
    out.insert("rooms".into(), json!(o.rooms));
    out.insert("senders_per_room".into(), json!(o.senders));
    match o.rate {
        Some(r) => {
            out.insert("intended_rate".into(), json!(r));
            out.insert("sent_late_us".into(), quantiles(&lateness));
        }
        None => {
            out.insert("window".into(), json!(o.window));
            out.insert("gate".into(), json!(if o.gate == Gate::Own { "own" } else { "all" }));
        }
    }
    out.insert("size".into(), json!(o.size));
    out.insert("protocol".into(), json!(if o.v1 { SUBPROTOCOL } else { "plain" }));
    if connected == wanted {
        phases.report(&mut out);
    }
    out.insert("latency_us".into(), latency);
    out.insert("sent".into(), json!(app.sent.iter().map(|s| *s as u64).sum::<u64>()));
    out.insert("notices".into(), json!(arrivals));
    out.insert("gaps".into(), json!(app.order.gaps));
    out.insert("duplicates".into(), json!(app.order.duplicates));
    out.insert("reordered".into(), json!(app.order.reordered));
    out.insert("missing".into(), json!(missing));
    out.insert("strays".into(), json!(app.strays));
    out.insert("mismatches".into(), json!(app.mismatches));
    if o.stalled > 0 {
        net.look_for_ended();
        net.read_stalled(&mut app);
        let list: Vec<Value> = net
            .conns
            .iter()
            .filter(|c| c.stalled)
            .map(|c| match &c.ended {
                Some((t, how)) => json!({"ended_after_seconds": (t.saturating_sub(started)) as f64 / 1e9, "how": how}),
                None => json!({"ended_after_seconds": null, "how": "still open at the end"}),
            })
            .collect();
        out.insert("stalled".into(), json!(list));
    }
    net.finish(&mut app, 3000);
    out
}
