//! Holds connections that say nothing, so that the memory they take can be read.

use crate::net::{App, Net};
use crate::stats::{now, server};
use serde_json::{json, Map, Value};

struct Silent {
    messages: u64,
}

impl App for Silent {
    fn message(&mut self, _: usize, _: u8, _: &[u8], _: u64, _: &mut Vec<u8>) {
        self.messages += 1;
    }
}

/// One line on standard output when all stand, so that whoever reads the server's memory knows when.
pub fn run(net: &mut Net, target: String, connections: usize, seconds: f64, connect_seconds: u64, pids: &[u32]) -> Map<String, Value> {
    let mut app = Silent { messages: 0 };
    let before = server(pids);
    let started = now();
    let targets = (0..connections).map(|_| (target.clone(), false)).collect();
    let connected = net.connect(targets, 100, connect_seconds, &mut app);
    println!("{}", json!({"ready": true, "connected": connected, "seconds": (now() - started) as f64 / 1e9}));
    net.watch_stdin();
    let end = now() + (seconds * 1e9) as u64;
    while now() < end && !net.stdin_ended {
        net.poll(&mut app, (end - now()).min(1_000_000_000));
    }
    let held = net.open;
    let after = server(pids);
    net.finish(&mut app, 5000);
    let mut out = Map::new();
    out.insert("mode".into(), json!("idle"));
    out.insert("connections".into(), json!(connections));
    out.insert("connected".into(), json!(connected));
    out.insert("held_to_the_end".into(), json!(held));
    out.insert("messages".into(), json!(app.messages));
    out.insert("pings".into(), json!(net.pings));
    if let (Some(a), Some(b)) = (before, after) {
        out.insert("server".into(), json!({
            "rss_bytes_before": a.resident,
            "rss_bytes": b.resident,
            "cpu_seconds": b.user + b.system - a.user - a.system,
        }));
    }
    out
}
