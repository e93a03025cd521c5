//! Fan-out: what a few send reaches everyone of the room, every delivery counted and held against its order.

use crate::dialect::{Dialect, Said, FIRST_NUMBER};
use crate::echo::{flush_all, Pace};
use crate::frame::{self, Stamp, Template};
use crate::net::{App, Net, State};
use crate::stats::{histogram, now, quantiles, Order, Phases, Step, Times};
use hdrhistogram::Histogram;
use serde_json::{json, Map, Value};

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
    /// By sender: how many of them the server has said it accepted, where it says so.
    accepted: Vec<u32>,
    subscribed: usize,
    slots: Vec<Slot>,
    ring: usize,
    gate: Gate,
    dialect: Dialect,
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
        let stamp = Stamp { sender: sender as u16, sequence, time };
        if self.dialect == Dialect::Centrifugo {
            self.template.append_numbered(out, stamp, FIRST_NUMBER + sequence);
        } else {
            self.template.append(out, stamp);
        }
    }

    /// Holds an answer against what its client sent.
    fn accept(&mut self, conn: usize, number: Option<u32>) {
        let Some(s) = self.sender_of[conn].map(usize::from) else {
            self.mismatches += 1;
            return;
        };
        let expected = self.accepted[s];
        let given = number.map_or(expected, |n| n.wrapping_sub(FIRST_NUMBER));
        if given != expected || given >= self.sent[s] {
            self.mismatches += 1;
        }
        self.accepted[s] = self.sent[s].min(given.saturating_add(1));
    }

    fn send(&mut self, net: &mut Net, sender: usize, time: u64) {
        let conn = self.conn_of[sender];
        let mut out = std::mem::take(&mut net.conns[conn].out);
        self.append(sender, time, &mut out);
        net.conns[conn].out = out;
    }

    /// Opens the window of every sender.
    fn fill(&mut self, net: &mut Net, window: usize) {
        for s in 0..self.sent.len() {
            for _ in 0..window {
                self.send(net, s, now());
            }
        }
        flush_all(net);
    }

    /// Waits for what is under way.
    fn drain(&mut self, net: &mut Net, stalled: usize) {
        let deadline = now() + 10_000_000_000;
        while net.open > stalled && now() < deadline && self.missing(net) > 0 {
            net.poll(self, 20_000_000);
        }
    }

    fn missing(&self, net: &Net) -> u64 {
        let mut missing = 0;
        for (i, conn) in net.conns.iter().enumerate() {
            if conn.state == State::Open && !conn.stalled {
                for k in 0..self.senders {
                    missing += (self.sent[i % self.rooms * self.senders + k] - self.next[i * self.senders + k]) as u64;
                }
                if let Some(s) = self.sender_of[i].map(usize::from).filter(|_| self.dialect.accepts()) {
                    missing += (self.sent[s] - self.accepted[s]) as u64;
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
    fn opened(&mut self, _: usize, out: &mut Vec<u8>) {
        if let Some(greeting) = self.dialect.greeting() {
            frame::client(out, frame::TEXT, greeting.as_bytes());
        }
    }

    #[inline]
    fn message(&mut self, conn: usize, _: u8, payload: &[u8], at: u64, out: &mut Vec<u8>) {
        let mut rest = payload;
        while let Some(said) = self.dialect.next(&mut rest, self.size) {
            match said {
                Said::Text(text) if self.delivered(conn, text, at, out) => {}
                Said::Accepted(number) => self.accept(conn, number),
                Said::Notice => self.notices += 1,
                Said::Subscribed => self.subscribed += 1,
                Said::Ping => frame::client(out, frame::TEXT, b"{}"),
                Said::Text(_) | Said::Wrong => self.mismatches += 1,
            }
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
    pub dialect: Dialect,
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
        template: o.dialect.template(o.size),
        size: o.size,
        rooms: o.rooms,
        senders: o.senders,
        members: members.clone(),
        conn_of: vec![0; all_senders],
        sender_of: vec![None; o.connections + o.stalled],
        sent: vec![0; all_senders],
        accepted: vec![0; all_senders],
        subscribed: 0,
        slots: vec![Slot::default(); all_senders * ring],
        ring,
        gate: o.gate,
        dialect: o.dialect,
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
    let mut connected = net.connect(targets, 100, o.connect_seconds, &mut app);
    let deadline = now() + o.connect_seconds * 1_000_000_000;
    if o.dialect.greeting().is_some() {
        while app.subscribed < connected && app.mismatches == 0 && net.open > 0 && now() < deadline {
            net.poll(&mut app, 50_000_000);
        }
        connected = app.subscribed;
    }
    // Until the last who came has been announced to all.
    let mut seen = u64::MAX;
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
            app.fill(net, o.window);
        }
        let mut pace = o.rate.map(Pace::new);
        let mut look = started;
        loop {
            let t = now();
            match phases.step(t, app.deliveries) {
                Step::Go => {}
                Step::Begin => {
                    if phases.holds() {
                        app.running = false;
                        app.drain(net, o.stalled);
                        net.hold(&mut app, json!({"ready": true}));
                        app.running = true;
                        phases.begin(app.deliveries);
                        app.fill(net, o.window);
                    }
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
    app.drain(net, o.stalled);
    if phases.holds() {
        let messages = phases.since_begin(app.deliveries);
        net.hold(&mut app, json!({"done": true, "messages": messages}));
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
    out.insert("protocol".into(), json!(o.dialect.name()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Url, WS_ACCEPT};
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// A Centrifugo with one client, whose `n`th publication, from 0, it answers with these lines.
    fn centrifugo(answer: fn(u32, String, String) -> Vec<String>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut held = Vec::new();
            let mut buffer = [0; 65536];
            let mut upgraded = false;
            let mut published = 0;
            while let Ok(n @ 1..) = socket.read(&mut buffer) {
                held.extend_from_slice(&buffer[..n]);
                let mut out = Vec::new();
                if !upgraded {
                    let Some(end) = held.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
                    held.drain(..end + 4);
                    upgraded = true;
                    out.extend_from_slice(format!("HTTP/1.1 101 OK\r\nSec-WebSocket-Accept: {WS_ACCEPT}\r\n\r\n").as_bytes());
                }
                while let Some(h) = frame::parse(&held, true).unwrap() {
                    let mut frame: Vec<u8> = held.drain(..h.start + h.length).collect();
                    let key = frame[h.start - 4..h.start].try_into().unwrap();
                    frame::mask(&mut frame[h.start..], key, 0);
                    let payload = &frame[h.start..];
                    if h.opcode == frame::CLOSE {
                        frame::server(&mut out, frame::CLOSE, &[payload]);
                        continue;
                    }
                    let mut lines = Vec::new();
                    for command in std::str::from_utf8(payload).unwrap().lines() {
                        let command: Value = serde_json::from_str(command).unwrap();
                        let id = &command["id"];
                        if command["connect"].is_object() {
                            lines.push(format!(r#"{{"id":{id},"connect":{{"client":"c"}}}}"#));
                        } else if command["subscribe"]["channel"] == "bench" {
                            lines.push(format!(r#"{{"id":{id},"subscribe":{{}}}}"#));
                        } else if command["publish"]["channel"] == "bench" {
                            let data = &command["publish"]["data"];
                            let push = format!(r#"{{"push":{{"channel":"bench","pub":{{"data":{data}}}}}}}"#);
                            lines.extend(answer(published, push, format!(r#"{{"id":{id},"publish":{{}}}}"#)));
                            published += 1;
                        }
                    }
                    frame::server(&mut out, frame::TEXT, &[lines.join("\n").as_bytes()]);
                }
                socket.write_all(&out).unwrap();
            }
        });
        port
    }

    fn ran(answer: fn(u32, String, String) -> Vec<String>) -> Map<String, Value> {
        let url = Url::parse(&format!("ws://127.0.0.1:{}/connection/websocket", centrifugo(answer))).unwrap();
        let target = url.target.clone();
        let options = Options {
            connections: 1,
            rooms: 1,
            senders: 1,
            window: 4,
            size: 64,
            rate: None,
            gate: Gate::Own,
            stalled: 0,
            connect_seconds: 5,
            named: false,
            dialect: Dialect::Centrifugo,
        };
        let times = Times { warmup: 0.0, warmup_max: 0.0, seconds: 0.2, server: vec![], hold: false };
        run(&mut Net::new(url, 1), target, options, times)
    }

    fn wrong(report: &Map<String, Value>) -> Vec<&'static str> {
        let counts = ["gaps", "duplicates", "reordered", "missing", "strays", "mismatches"];
        counts.into_iter().filter(|name| report[*name] != 0).collect()
    }

    #[test]
    fn a_peer_that_delivers_and_answers_all_is_right() {
        let report = ran(|n, push, reply| if n % 3 == 0 { vec![reply, push] } else { vec![push, "{}".into(), reply] });
        assert_eq!(report["connected"], 1);
        assert!(report["messages"].as_u64() > Some(10), "{report:?}");
        assert!(wrong(&report).is_empty(), "{report:?}");
    }

    #[test]
    fn a_lost_delivery_is_seen() {
        assert_eq!(wrong(&ran(|n, push, reply| if n == 5 { vec![reply] } else { vec![push, reply] })), ["gaps"]);
    }

    #[test]
    fn a_doubled_delivery_is_seen() {
        let report = ran(|n, push, reply| if n == 5 { vec![push.clone(), push, reply] } else { vec![push, reply] });
        assert_eq!(wrong(&report), ["duplicates"]);
    }

    #[test]
    fn a_delivery_behind_the_next_is_seen() {
        use std::cell::RefCell;
        thread_local!(static HELD: RefCell<Option<String>> = const { RefCell::new(None) });
        let report = ran(|n, push, reply| {
            let held = HELD.with(|h| h.borrow_mut().take());
            if n == 5 {
                HELD.with(|h| *h.borrow_mut() = Some(push));
                return vec![reply];
            }
            [push, reply].into_iter().chain(held).collect()
        });
        assert_eq!(wrong(&report), ["reordered"]);
    }

    #[test]
    fn an_error_in_place_of_an_answer_is_seen() {
        let error = |n, push, reply: String| vec![push, if n == 5 { reply.replace("publish", "error") } else { reply }];
        assert_eq!(wrong(&ran(error)), ["mismatches"]);
    }

    #[test]
    fn something_that_nobody_asked_for_is_seen() {
        const PUSH: &str = r#"{"push":{"channel":"bench","unsubscribe":{"code":2500}}}"#;
        let more = |n, push, reply| if n == 5 { vec![push, reply, PUSH.into()] } else { vec![push, reply] };
        assert_eq!(wrong(&ran(more)), ["mismatches"]);
    }

    #[test]
    fn a_lost_or_doubled_answer_is_seen() {
        assert_eq!(wrong(&ran(|n, push, reply| if n == 5 { vec![push] } else { vec![push, reply] })), ["mismatches"]);
        let doubled = ran(|n, push, reply| if n == 5 { vec![push, reply.clone(), reply] } else { vec![push, reply] });
        assert_eq!(wrong(&doubled), ["mismatches"]);
    }

    #[test]
    fn another_text_than_was_sent_is_seen() {
        let changed = |n, push: String, reply| vec![if n == 5 { push.replace("ghij", "jihg") } else { push }, reply];
        assert_eq!(wrong(&ran(changed)), ["mismatches"]);
    }
}
