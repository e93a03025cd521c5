//! Non-blocking connections on one epoll: one read and at most one write per connection and turn.

use crate::diag;
use crate::frame;
use crate::stats::now;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::RawFd;

const READ: usize = 256 * 1024;
/// A key of the standard's own example, so that the answer to it is known.
pub const WS_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub const WS_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const STDIN: u64 = u64::MAX;

/// `ws://127.0.0.1:8080/ws/echo?prefix=`
pub struct Url {
    pub address: [u8; 4],
    pub port: u16,
    pub target: String,
}

impl Url {
    pub fn parse(url: &str) -> Result<Url, String> {
        let rest = url.strip_prefix("ws://").ok_or("the URL must begin with ws://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
        let host = if host == "localhost" { "127.0.0.1" } else { host };
        let address: std::net::Ipv4Addr = host.parse().map_err(|_| format!("not an IPv4 address: {host}"))?;
        Ok(Url {
            address: address.octets(),
            port: port.parse().map_err(|_| format!("not a port: {port}"))?,
            target: if path.is_empty() { "/".into() } else { path.into() },
        })
    }
}

#[derive(PartialEq, Eq, Clone, Copy, Debug)]
pub enum State {
    Connecting,
    Handshake,
    Open,
    /// A close frame came or went; the end of the stream is still to come.
    Closing,
    Closed,
}

pub struct Conn {
    fd: RawFd,
    pub state: State,
    /// Connects, then never reads.
    pub stalled: bool,
    target: String,
    partial: Vec<u8>,
    joined: Vec<u8>,
    joined_opcode: u8,
    pub out: Vec<u8>,
    out_done: usize,
    want_write: bool,
    local: ([u8; 4], u16),
    /// For a stalled one: when the server's end was seen to have ended, and how.
    pub ended: Option<(u64, String)>,
}

/// What is done with what arrives.
pub trait App {
    /// The handshake is done; a protocol that asks for more says so in `out`.
    fn opened(&mut self, _conn: usize, _out: &mut Vec<u8>) {}

    /// A whole message; replies go to `out`, the connection's own output.
    fn message(&mut self, conn: usize, opcode: u8, payload: &[u8], at: u64, out: &mut Vec<u8>);
}

pub struct Net {
    epoll: RawFd,
    pub conns: Vec<Conn>,
    events: Vec<libc::epoll_event>,
    buffer: Vec<u8>,
    url: Url,
    sources: usize,
    /// Where every second connection goes instead: another node of the same cluster.
    pub other_port: Option<u16>,
    pub opening: usize,
    pub open: usize,
    pub handshakes_failed: u64,
    pub protocol_errors: u64,
    pub first_error: Option<String>,
    /// Closes that the server began, by code; 1006 is a stream that ended without one.
    pub closes: BTreeMap<u16, u64>,
    /// Answers to our own closes, by code.
    pub answered: BTreeMap<u16, u64>,
    finishing: bool,
    /// What the handshakes offer.
    pub subprotocol: Option<&'static str>,
    pub pings: u64,
    pub stdin_ended: bool,
    stdin_lines: usize,
    no_pwait2: bool,
}

fn last() -> io::Error {
    io::Error::last_os_error()
}

fn again(e: &io::Error) -> bool {
    matches!(e.raw_os_error(), Some(libc::EAGAIN) | Some(libc::EINTR))
}

pub fn set(fd: RawFd, level: i32, name: i32, value: i32) {
    unsafe { libc::setsockopt(fd, level, name, &value as *const _ as *const _, 4) };
}

fn sockaddr(address: [u8; 4], port: u16) -> libc::sockaddr_in {
    let mut a: libc::sockaddr_in = unsafe { std::mem::zeroed() };
    a.sin_family = libc::AF_INET as u16;
    a.sin_port = port.to_be();
    a.sin_addr.s_addr = u32::from_ne_bytes(address);
    a
}

impl Net {
    pub fn new(url: Url, sources: usize) -> Net {
        unsafe {
            let mut limit: libc::rlimit = std::mem::zeroed();
            libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
            libc::prctl(libc::PR_SET_TIMERSLACK, 1000);
        }
        Net {
            epoll: unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) },
            conns: Vec::new(),
            events: vec![libc::epoll_event { events: 0, u64: 0 }; 1024],
            buffer: vec![0; READ],
            url,
            sources,
            other_port: None,
            opening: 0,
            open: 0,
            handshakes_failed: 0,
            protocol_errors: 0,
            first_error: None,
            closes: BTreeMap::new(),
            answered: BTreeMap::new(),
            finishing: false,
            subprotocol: None,
            pings: 0,
            stdin_ended: false,
            stdin_lines: 0,
            no_pwait2: false,
        }
    }

    /// Notices lines on standard input, and its end.
    pub fn watch_stdin(&mut self) {
        self.control(libc::EPOLL_CTL_ADD, 0, libc::EPOLLIN, STDIN);
    }

    fn control(&self, operation: i32, fd: RawFd, events: i32, token: u64) {
        let mut event = libc::epoll_event { events: events as u32, u64: token };
        unsafe { libc::epoll_ctl(self.epoll, operation, fd, &mut event) };
    }

    /// Opens `targets.len()` connections, at most `at_once` handshakes under way, and returns how many stand.
    pub fn connect(&mut self, targets: Vec<(String, bool)>, at_once: usize, seconds: u64, app: &mut dyn App) -> usize {
        let deadline = now() + seconds * 1_000_000_000;
        let mut targets = targets.into_iter();
        let mut left = targets.len();
        while (left > 0 || self.opening > 0) && now() < deadline {
            while left > 0 && self.opening < at_once {
                let (target, stalled) = targets.next().unwrap();
                left -= 1;
                self.start(target, stalled);
            }
            self.poll(app, 100_000_000);
        }
        if left > 0 || self.opening > 0 {
            self.note(format!("{} connections not open in time", left + self.opening));
        }
        self.open
    }

    pub fn note(&mut self, what: String) {
        self.first_error.get_or_insert(what);
    }

    fn start(&mut self, target: String, stalled: bool) {
        let token = self.conns.len();
        let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC, 0) };
        let mut conn = Conn {
            fd,
            state: State::Connecting,
            stalled,
            target,
            partial: Vec::new(),
            joined: Vec::new(),
            joined_opcode: 0,
            out: Vec::new(),
            out_done: 0,
            want_write: true,
            local: ([0; 4], 0),
            ended: None,
        };
        if fd < 0 {
            self.note(format!("socket: {}", last()));
            self.handshakes_failed += 1;
            conn.state = State::Closed;
            self.conns.push(conn);
            return;
        }
        set(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, 1);
        if stalled {
            set(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, 2048);
        }
        if self.sources > 1 {
            set(fd, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1);
            let from = sockaddr([127, 0, 0, 1 + (token % self.sources.min(250)) as u8], 0);
            unsafe { libc::bind(fd, &from as *const _ as *const _, std::mem::size_of_val(&from) as u32) };
        }
        let port = self.other_port.filter(|_| token % 2 == 1).unwrap_or(self.url.port);
        let to = sockaddr(self.url.address, port);
        let r = unsafe { libc::connect(fd, &to as *const _ as *const _, std::mem::size_of_val(&to) as u32) };
        self.conns.push(conn);
        self.opening += 1;
        if r < 0 && last().raw_os_error() != Some(libc::EINPROGRESS) {
            let e = last();
            self.fail(token, format!("connect: {e}"));
            return;
        }
        self.control(libc::EPOLL_CTL_ADD, fd, libc::EPOLLIN | libc::EPOLLOUT, token as u64);
    }

    fn fail(&mut self, i: usize, why: String) {
        self.note(why);
        self.handshakes_failed += 1;
        self.opening -= 1;
        self.shut(i);
    }

    fn shut(&mut self, i: usize) {
        let c = &mut self.conns[i];
        if c.state != State::Closed {
            if c.state == State::Open {
                self.open -= 1;
            }
            c.state = State::Closed;
            unsafe { libc::close(c.fd) };
        }
    }

    /// Waits for at most `timeout` nanoseconds and handles what there is.
    pub fn poll(&mut self, app: &mut dyn App, timeout: u64) {
        let n = self.wait(timeout);
        for k in 0..n {
            let event = self.events[k];
            if event.u64 == STDIN {
                let mut b = [0u8; 64];
                match unsafe { libc::read(0, b.as_mut_ptr() as *mut _, b.len()) } {
                    n if n > 0 => self.stdin_lines += b[..n as usize].iter().filter(|c| **c == b'\n').count(),
                    _ => {
                        self.stdin_ended = true;
                        self.control(libc::EPOLL_CTL_DEL, 0, 0, STDIN);
                    }
                }
                continue;
            }
            let i = event.u64 as usize;
            let flags = event.events as i32;
            if self.conns[i].state == State::Closed {
                continue;
            }
            if self.conns[i].state == State::Connecting {
                self.connected(i);
                continue;
            }
            if self.conns[i].stalled && self.conns[i].state == State::Open && !self.finishing {
                if flags & (libc::EPOLLERR | libc::EPOLLHUP) != 0 {
                    self.conns[i].ended = Some((now(), "reset".into()));
                    self.shut(i);
                } else if flags & libc::EPOLLRDHUP != 0 {
                    self.conns[i].ended.get_or_insert((now(), "end of stream".into()));
                    self.control(libc::EPOLL_CTL_MOD, self.conns[i].fd, 0, i as u64);
                }
                continue;
            }
            if flags & libc::EPOLLOUT != 0 {
                self.flush(i);
            }
            if flags & (libc::EPOLLIN | libc::EPOLLHUP | libc::EPOLLERR) != 0 {
                self.receive(i, app);
            }
        }
    }

    /// Prints a line, then keeps the connections alive until a line comes on standard input, or its end.
    pub fn hold(&mut self, app: &mut dyn App, line: serde_json::Value) {
        println!("{line}");
        while self.stdin_lines == 0 && !self.stdin_ended {
            self.poll(app, 100_000_000);
        }
        self.stdin_lines = self.stdin_lines.saturating_sub(1);
    }

    fn wait(&mut self, timeout: u64) -> usize {
        let n = if self.no_pwait2 || timeout == 0 {
            let ms = timeout / 1_000_000; // rounded down: rather spin than be late
            unsafe { libc::epoll_wait(self.epoll, self.events.as_mut_ptr(), self.events.len() as i32, ms as i32) as i64 }
        } else {
            let t = libc::timespec { tv_sec: (timeout / 1_000_000_000) as i64, tv_nsec: (timeout % 1_000_000_000) as i64 };
            let n = unsafe {
                libc::syscall(
                    libc::SYS_epoll_pwait2,
                    self.epoll,
                    self.events.as_mut_ptr(),
                    self.events.len() as i32,
                    &t as *const libc::timespec,
                    std::ptr::null::<libc::sigset_t>(),
                    8usize,
                )
            };
            if n < 0 && last().raw_os_error() == Some(libc::ENOSYS) {
                self.no_pwait2 = true;
            }
            n
        };
        n.max(0) as usize
    }

    fn connected(&mut self, i: usize) {
        let fd = self.conns[i].fd;
        let mut error = 0i32;
        let mut length = 4u32;
        unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_ERROR, &mut error as *mut _ as *mut _, &mut length) };
        if error != 0 {
            self.fail(i, format!("connect: {}", io::Error::from_raw_os_error(error)));
            return;
        }
        let mut local = sockaddr([0; 4], 0);
        let mut length = std::mem::size_of_val(&local) as u32;
        unsafe { libc::getsockname(fd, &mut local as *mut _ as *mut _, &mut length) };
        let [a, b, c, d] = self.url.address;
        let offer = self.subprotocol.map(|p| format!("Sec-WebSocket-Protocol: {p}\r\n")).unwrap_or_default();
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {a}.{b}.{c}.{d}:{}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {WS_KEY}\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n",
            self.conns[i].target, self.url.port
        );
        let conn = &mut self.conns[i];
        conn.local = (local.sin_addr.s_addr.to_ne_bytes(), u16::from_be(local.sin_port));
        conn.target = String::new();
        conn.state = State::Handshake;
        conn.out.extend_from_slice(request.as_bytes());
        self.flush(i);
    }

    /// Writes what waits, with one call; what does not fit goes when the socket takes it.
    pub fn flush(&mut self, i: usize) {
        let conn = &mut self.conns[i];
        if conn.state == State::Closed {
            conn.out.clear();
            return;
        }
        let rest = &conn.out[conn.out_done..];
        if !rest.is_empty() {
            let n = unsafe { libc::send(conn.fd, rest.as_ptr() as *const _, rest.len(), libc::MSG_NOSIGNAL) };
            if n > 0 {
                conn.out_done += n as usize;
            } else if n < 0 && !again(&last()) {
                // The read finds out how it ended, and which code came before.
                conn.out_done = conn.out.len();
            }
        }
        let all = conn.out_done == conn.out.len();
        if all {
            conn.out.clear();
            conn.out_done = 0;
        }
        if conn.want_write == all {
            conn.want_write = !all;
            let events = libc::EPOLLIN | if all { 0 } else { libc::EPOLLOUT };
            let fd = conn.fd;
            self.control(libc::EPOLL_CTL_MOD, fd, events, i as u64);
        }
    }

    fn receive(&mut self, i: usize, app: &mut dyn App) {
        let mut buffer = std::mem::take(&mut self.buffer);
        let conn = &mut self.conns[i];
        let held = conn.partial.len();
        if buffer.len() < held + READ / 2 {
            buffer.resize(held + READ, 0);
        }
        buffer[..held].copy_from_slice(&conn.partial);
        conn.partial.clear();
        let room = buffer.len() - held;
        let n = unsafe { libc::recv(conn.fd, buffer[held..].as_mut_ptr() as *mut _, room, 0) };
        if n <= 0 {
            let e = last();
            conn.partial.extend_from_slice(&buffer[..held]);
            if n == 0 || !again(&e) {
                self.ended(i);
            }
        } else {
            let used = self.consume(i, &buffer[..held + n as usize], app);
            let conn = &mut self.conns[i];
            if conn.state != State::Closed {
                conn.partial.extend_from_slice(&buffer[used..held + n as usize]);
                if !conn.out.is_empty() && !conn.want_write {
                    self.flush(i);
                }
            }
        }
        self.buffer = buffer;
    }

    fn ended(&mut self, i: usize) {
        match self.conns[i].state {
            State::Handshake | State::Connecting => self.fail(i, "the stream ended in the handshake".into()),
            State::Open => {
                *self.closes.entry(1006).or_default() += 1;
                self.shut(i);
            }
            _ => self.shut(i),
        }
    }

    fn consume(&mut self, i: usize, b: &[u8], app: &mut dyn App) -> usize {
        let mut at = 0;
        if self.conns[i].state == State::Handshake {
            let Some(end) = b.windows(4).position(|w| w == b"\r\n\r\n") else {
                return 0;
            };
            let head = String::from_utf8_lossy(&b[..end]);
            let accepted = head.lines().any(|l| {
                l.split_once(':').is_some_and(|(name, value)| {
                    name.eq_ignore_ascii_case("sec-websocket-accept") && value.trim() == WS_ACCEPT
                })
            });
            let agreed = self.subprotocol.map_or(true, |wanted| {
                head.lines().any(|l| {
                    l.split_once(':').is_some_and(|(name, value)| {
                        name.eq_ignore_ascii_case("sec-websocket-protocol") && value.trim() == wanted
                    })
                })
            });
            if !head.starts_with("HTTP/1.1 101") || !accepted || !agreed {
                let line = head.lines().next().unwrap_or("").to_string();
                self.fail(i, format!("handshake: {line}"));
                return b.len();
            }
            self.conns[i].state = State::Open;
            self.opening -= 1;
            self.open += 1;
            at = end + 4;
            app.opened(i, &mut self.conns[i].out);
            if self.conns[i].stalled {
                self.control(libc::EPOLL_CTL_MOD, self.conns[i].fd, libc::EPOLLRDHUP, i as u64);
            }
        }
        let time = now();
        loop {
            match frame::parse(&b[at..], false) {
                Ok(None) => return at,
                Ok(Some(h)) => {
                    let payload = &b[at + h.start..at + h.start + h.length];
                    at += h.start + h.length;
                    if h.fin && (h.opcode == frame::TEXT || h.opcode == frame::BINARY) && self.conns[i].joined_opcode == 0 {
                        app.message(i, h.opcode, payload, time, &mut self.conns[i].out);
                    } else if let Err(why) = self.unusual(i, h, payload, time, app) {
                        return self.broken(i, why, b.len());
                    }
                    if self.conns[i].state == State::Closed {
                        return b.len();
                    }
                }
                Err(why) => return self.broken(i, why, b.len()),
            }
        }
    }

    fn broken(&mut self, i: usize, why: &str, all: usize) -> usize {
        self.protocol_errors += 1;
        self.note(format!("connection {i}: {why}"));
        self.shut(i);
        all
    }

    fn unusual(&mut self, i: usize, h: frame::Header, payload: &[u8], at: u64, app: &mut dyn App) -> Result<(), &'static str> {
        let conn = &mut self.conns[i];
        match h.opcode {
            frame::PING => {
                self.pings += 1;
                frame::client(&mut conn.out, frame::PONG, payload);
            }
            frame::PONG => {}
            frame::CLOSE => {
                if payload.len() == 1 {
                    return Err("close of one byte");
                }
                let code = if payload.is_empty() { 1005 } else { u16::from_be_bytes([payload[0], payload[1]]) };
                if conn.state == State::Closing {
                    *self.answered.entry(code).or_default() += 1;
                    self.shut(i);
                } else {
                    *self.closes.entry(code).or_default() += 1;
                    self.open -= 1;
                    conn.state = State::Closing;
                    frame::client(&mut conn.out, frame::CLOSE, &payload[..payload.len().min(2)]);
                }
            }
            frame::CONTINUATION => {
                if conn.joined_opcode == 0 {
                    return Err("continuation of nothing");
                }
                conn.joined.extend_from_slice(payload);
                if conn.joined.len() > frame::MAX_PAYLOAD {
                    return Err("message too long");
                }
                if h.fin {
                    let opcode = std::mem::take(&mut conn.joined_opcode);
                    let whole = std::mem::take(&mut conn.joined);
                    app.message(i, opcode, &whole, at, &mut conn.out);
                }
            }
            _ => {
                if conn.joined_opcode != 0 {
                    return Err("message within a message");
                }
                conn.joined_opcode = h.opcode;
                conn.joined.extend_from_slice(payload);
            }
        }
        Ok(())
    }

    /// Says which stalled connections the server's end has left: a close behind unread data is not seen any other way.
    pub fn look_for_ended(&mut self) {
        let server = (self.url.address, self.url.port);
        for c in self.conns.iter_mut().filter(|c| c.stalled && c.ended.is_none() && c.state == State::Open) {
            match diag::is_established(server, c.local) {
                Ok(true) => {}
                Ok(false) => c.ended = Some((now(), "closed by the server".into())),
                Err(e) => {
                    self.first_error.get_or_insert(format!("sock_diag: {e}"));
                }
            }
        }
    }

    /// Closes every connection with 1000 and waits a little for the answers.
    pub fn finish(&mut self, app: &mut dyn App, milliseconds: u64) {
        self.finishing = true;
        let deadline = now() + milliseconds * 1_000_000;
        for i in 0..self.conns.len() {
            if self.conns[i].state == State::Open && !self.conns[i].stalled {
                frame::client(&mut self.conns[i].out, frame::CLOSE, &1000u16.to_be_bytes());
                self.conns[i].state = State::Closing;
                self.open -= 1;
                if !self.conns[i].want_write {
                    self.flush(i);
                }
            }
        }
        while now() < deadline && self.conns.iter().any(|c| c.state == State::Closing) {
            self.poll(app, 20_000_000);
        }
    }

    /// Reads at last what a stalled connection was sent, and gives the code of its close if there was one.
    pub fn read_stalled(&mut self, app: &mut dyn App) {
        let before = self.closes.clone();
        for i in 0..self.conns.len() {
            if !self.conns[i].stalled || self.conns[i].state != State::Open {
                continue;
            }
            let deadline = now() + 2_000_000_000;
            self.conns[i].stalled = false;
            set(self.conns[i].fd, libc::SOL_SOCKET, libc::SO_RCVBUF, 1 << 20);
            self.control(libc::EPOLL_CTL_MOD, self.conns[i].fd, libc::EPOLLIN, i as u64);
            while now() < deadline && self.conns[i].state == State::Open {
                self.poll(app, 50_000_000);
            }
            self.conns[i].stalled = true;
            let code = self.closes.iter().find(|(k, v)| before.get(k) != Some(v)).map(|(k, _)| *k);
            if let (Some((_, how)), Some(code)) = (&mut self.conns[i].ended, code) {
                how.push_str(&format!(", {code}"));
            }
            self.shut(i);
        }
        self.closes = before;
    }
}
