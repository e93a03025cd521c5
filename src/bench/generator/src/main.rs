//! Load on a WebSocket server over the loopback interface, from one thread. One JSON object on standard output.

mod diag;
mod dialect;
mod echo;
mod frame;
mod idle;
mod net;
mod null;
mod room;
mod stats;

use net::{Net, Url};
use serde_json::{json, Map, Value};
use std::collections::HashMap;
use std::process::exit;

const USAGE: &str = "\
usage: parley-bench COMMAND --url ws://127.0.0.1:PORT/PATH [options]

  echo   --connections 100 --window 1 --size 64 [--json] [--rate MESSAGES/S]
         each connection keeps WINDOW messages under way; with --rate an open loop, timed from the intended send
  room   --connections 500 --senders 1 --window 1 --rooms 1 --size 64 [--gate own|all] [--rate MESSAGES/S] [--stalled N]
         [--protocol plain|parley.v1|centrifugo]
         SENDERS in each room keep WINDOW messages not yet seen by themselves (all: by everyone); ROOMS share the
         connections; --stalled adds connections that never read
  idle   --connections 10000 --seconds 60
         holds connections open until the time or standard input ends; prints a line when all are open
  null-server --port PORT

  --warmup 2 --warmup-max 2   before the measured interval, longer while the rate still moves by more than 2 %
  --seconds 5                 the measured interval
  --server-pid PID[,PID]      adds the server's CPU time per message and memory
  --hold                      with nothing under way, prints a line before the measured interval and another after it, and
                              waits each time for a line on standard input: for counters that are read from outside
  --other-port PORT           where every second connection goes instead: another node of the same cluster
  --sources 1                 source addresses 127.0.0.1..N, for more connections than ports
  --connect-seconds 60        how long all connections may take to open";

struct Args(HashMap<String, String>);

impl Args {
    fn parse(list: &[String]) -> Result<Args, String> {
        let mut map = HashMap::new();
        let mut it = list.iter();
        while let Some(key) = it.next() {
            let name = key.strip_prefix("--").ok_or(format!("not an option: {key}"))?;
            let value = if name == "json" || name == "hold" { "yes".into() } else { it.next().ok_or(format!("{key} needs a value"))?.clone() };
            map.insert(name.to_string(), value);
        }
        Ok(Args(map))
    }

    fn take<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, String> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(v) => v.parse().map(Some).map_err(|_| format!("--{name} {v}: not a value of its kind")),
        }
    }

    fn or<T: std::str::FromStr>(&mut self, name: &str, default: T) -> Result<T, String> {
        Ok(self.take(name)?.unwrap_or(default))
    }

    fn end(&self) -> Result<(), String> {
        match self.0.keys().next() {
            Some(name) => Err(format!("no such option here: --{name}")),
            None => Ok(()),
        }
    }
}

fn within(name: &str, value: usize, min: usize, max: usize) -> Result<usize, String> {
    if (min..=max).contains(&value) {
        Ok(value)
    } else {
        Err(format!("--{name} {value}: from {min} to {max}"))
    }
}

fn run() -> Result<bool, String> {
    let list: Vec<String> = std::env::args().skip(1).collect();
    let Some(command) = list.first() else {
        return Err(USAGE.into());
    };
    let mut args = Args::parse(&list[1..])?;
    if command == "null-server" {
        let port = args.take("port")?.ok_or("--port is missing")?;
        args.end()?;
        null::run(port)?;
        return Ok(true);
    }
    let url = Url::parse(&args.take::<String>("url")?.ok_or("--url is missing")?)?;
    let target = url.target.clone();
    let path = target.split('?').next().unwrap().to_string();
    let mut net = Net::new(url, args.or("sources", 1)?);
    net.other_port = args.take("other-port")?;
    let pids = args.or("server-pid", String::new())?;
    let pids = pids.split(',').filter(|pid| !pid.is_empty()).map(str::parse).collect::<Result<Vec<u32>, _>>();
    let pids = pids.map_err(|_| "--server-pid: a number, or two with a comma")?;
    let connect_seconds = args.or("connect-seconds", 60)?;
    let seconds: f64 = args.or("seconds", 5.0)?;
    if !(0.1..=3600.0).contains(&seconds) {
        return Err("--seconds: from 0.1 to 3600".into());
    }
    let mut out: Map<String, Value> = if command == "idle" {
        let connections = within("connections", args.or("connections", 10_000)?, 1, 60_000)?;
        args.end()?;
        idle::run(&mut net, target, connections, seconds, connect_seconds, &pids)
    } else {
        let warmup: f64 = args.or("warmup", 2.0)?;
        let times = stats::Times { warmup, warmup_max: args.or("warmup-max", warmup)?, seconds, server: pids, hold: args.take::<String>("hold")?.is_some() };
        let size = within("size", args.or("size", 64)?, frame::STAMP, frame::MAX_PAYLOAD / 2)?;
        let rate: Option<f64> = args.take("rate")?;
        if rate.is_some_and(|r| !(0.1..=1e8).contains(&r)) {
            return Err("--rate: from 0.1 to 1e8".into());
        }
        if times.hold {
            if rate.is_some() {
                return Err("--hold: not with --rate".into());
            }
            net.watch_stdin();
        }
        let window = within("window", args.or("window", 1)?, 1, 1000)?;
        match command.as_str() {
            "echo" => {
                let o = echo::Options {
                    connections: within("connections", args.or("connections", 100)?, 1, 60_000)?,
                    window,
                    size,
                    rate,
                    json: args.take::<String>("json")?.is_some(),
                    connect_seconds,
                };
                args.end()?;
                echo::run(&mut net, target, o, times)
            }
            "room" => {
                let connections = within("connections", args.or("connections", 500)?, 1, 60_000)?;
                let rooms = within("rooms", args.or("rooms", 1)?, 1, connections)?;
                let o = room::Options {
                    connections,
                    rooms,
                    senders: within("senders", args.or("senders", 1)?, 1, (connections / rooms).min(65_535 / rooms))?,
                    window,
                    size,
                    rate,
                    gate: match args.or("gate", "own".to_string())?.as_str() {
                        "own" => room::Gate::Own,
                        "all" => room::Gate::All,
                        other => return Err(format!("--gate {other}: own or all")),
                    },
                    stalled: args.or("stalled", 0)?,
                    connect_seconds,
                    named: path.starts_with("/ws/chat"),
                    dialect: args.or("protocol", dialect::Dialect::Plain)?,
                };
                if o.dialect == dialect::Dialect::Centrifugo && (o.rooms > 1 || o.stalled > 0) {
                    return Err("--protocol centrifugo: one room, and nobody stalled".into());
                }
                args.end()?;
                net.subprotocol = o.dialect.subprotocol();
                room::run(&mut net, target, o, times)
            }
            other => return Err(format!("no such command: {other}\n\n{USAGE}")),
        }
    };
    out.insert("path".into(), json!(path));
    let closes: Map<String, Value> = net.closes.iter().map(|(k, v)| (k.to_string(), json!(v))).collect();
    let answered: Map<String, Value> = net.answered.iter().map(|(k, v)| (k.to_string(), json!(v))).collect();
    out.insert("closes".into(), json!(closes));
    out.insert("closes_answered".into(), json!(answered));
    out.insert("pings".into(), json!(net.pings));
    out.insert("errors".into(), json!({"handshake": net.handshakes_failed, "protocol": net.protocol_errors, "first": net.first_error}));
    let none = |name: &str| out.get(name).map_or(true, |v| v.as_u64() == Some(0));
    let ok = ["gaps", "duplicates", "reordered", "missing", "mismatches", "strays"].iter().all(|n| none(n))
        && closes.is_empty()
        && net.handshakes_failed == 0
        && net.protocol_errors == 0
        && out["connected"] == out["connections"];
    out.insert("ok".into(), json!(ok));
    println!("{}", Value::Object(out));
    Ok(ok)
}

fn main() {
    match run() {
        Ok(true) => {}
        Ok(false) => exit(2), // the report says what went wrong
        Err(why) => {
            eprintln!("{why}");
            exit(1);
        }
    }
}
