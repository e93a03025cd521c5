//! A server that does as little as a server can: one read and one write per connection and turn, frames built once for
//! all receivers. It shows what the generator and the machine can do; it is no peer, since it trusts its client.

use crate::frame;
use crate::net::{set, WS_ACCEPT, WS_KEY};
use std::collections::HashMap;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Handshake,
    Echo,
    Json,
    Room(usize),
}

struct Client {
    kind: Kind,
    user: Vec<u8>,
    prefix: Vec<u8>,
    partial: Vec<u8>,
    out: Vec<u8>,
    dirty: bool,
    waiting: bool,
}

fn epoll_add(epoll: i32, operation: i32, fd: i32, events: i32) {
    let mut e = libc::epoll_event { events: events as u32, u64: fd as u64 };
    unsafe { libc::epoll_ctl(epoll, operation, fd, &mut e) };
}

fn listen(port: u16) -> Result<i32, String> {
    unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC, 0);
        set(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1);
        let mut a: libc::sockaddr_in = std::mem::zeroed();
        a.sin_family = libc::AF_INET as u16;
        a.sin_port = port.to_be();
        a.sin_addr.s_addr = u32::from_ne_bytes([127, 0, 0, 1]);
        if libc::bind(fd, &a as *const _ as *const _, std::mem::size_of_val(&a) as u32) < 0 || libc::listen(fd, 4096) < 0 {
            return Err(format!("port {port}: {}", std::io::Error::last_os_error()));
        }
        Ok(fd)
    }
}

fn query<'a>(target: &'a str, name: &str) -> Option<&'a str> {
    target.split_once('?')?.1.split('&').find_map(|p| p.strip_prefix(name)?.strip_prefix('='))
}

struct Server {
    epoll: i32,
    clients: Vec<Option<Client>>,
    rooms: Vec<Vec<usize>>,
    names: HashMap<String, usize>,
    /// What this turn sends to each room, framed once.
    batches: Vec<Vec<u8>>,
    dirty: Vec<usize>,
}

impl Server {
    fn mark(&mut self, fd: usize) {
        if let Some(c) = &mut self.clients[fd] {
            if !c.dirty {
                c.dirty = true;
                self.dirty.push(fd);
            }
        }
    }

    fn drop_client(&mut self, fd: usize) {
        if let Some(c) = self.clients[fd].take() {
            if let Kind::Room(r) = c.kind {
                self.rooms[r].retain(|m| *m != fd);
            }
            unsafe { libc::close(fd as i32) };
        }
    }

    fn handshake(&mut self, fd: usize, head: &str) -> bool {
        let target = head.split(' ').nth(1).unwrap_or("/").to_string();
        let client = self.clients[fd].as_mut().unwrap();
        if !head.contains(WS_KEY) {
            client.out.extend_from_slice(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            return false;
        }
        client.out.extend_from_slice(
            format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {WS_ACCEPT}\r\n\r\n").as_bytes(),
        );
        let path = target.split('?').next().unwrap().to_string();
        client.user = query(&target, "user").unwrap_or("a user").as_bytes().to_vec();
        client.prefix = query(&target, "prefix").unwrap_or("echo: ").as_bytes().to_vec();
        client.kind = match path.as_str() {
            "/ws/echo" => Kind::Echo,
            "/ws/json" => Kind::Json,
            _ => {
                let next = self.rooms.len();
                let r = *self.names.entry(path).or_insert(next);
                if r == next {
                    self.rooms.push(Vec::new());
                    self.batches.push(Vec::new());
                }
                self.rooms[r].push(fd);
                Kind::Room(r)
            }
        };
        true
    }

    /// False when the client is to go.
    fn consume(&mut self, fd: usize, b: &mut [u8]) -> (usize, bool) {
        let mut at = 0;
        if self.clients[fd].as_ref().unwrap().kind == Kind::Handshake {
            let Some(end) = b.windows(4).position(|w| w == b"\r\n\r\n") else {
                return (0, true);
            };
            let head = String::from_utf8_lossy(&b[..end]).to_string();
            at = end + 4;
            let upgraded = self.handshake(fd, &head);
            self.mark(fd);
            if !upgraded {
                return (at, true);
            }
        }
        loop {
            let h = match frame::parse(&b[at..], true) {
                Ok(Some(h)) => h,
                Ok(None) => return (at, true),
                Err(_) => return (at, false),
            };
            let (start, end) = (at + h.start, at + h.start + h.length);
            let key: [u8; 4] = b[start - 4..start].try_into().unwrap();
            frame::mask(&mut b[start..end], key, 0);
            at = end;
            let text = &b[start..end];
            let client = self.clients[fd].as_mut().unwrap();
            match (h.opcode, client.kind) {
                (frame::CLOSE, _) => {
                    frame::server(&mut client.out, frame::CLOSE, &[&text[..text.len().min(2)]]);
                    self.mark(fd);
                    return (at, true);
                }
                (frame::PING, _) => frame::server(&mut client.out, frame::PONG, &[text]),
                (frame::TEXT, Kind::Echo) => frame::server(&mut client.out, frame::TEXT, &[&client.prefix, text]),
                (frame::TEXT, Kind::Json) => {
                    let inner = text.strip_prefix(br#"{"type":"chat""#).unwrap_or(b"}");
                    frame::server(&mut client.out, frame::TEXT, &[br#"{"type":"echo""#, inner]);
                }
                (frame::TEXT, Kind::Room(r)) => {
                    frame::server(&mut self.batches[r], frame::TEXT, &[&client.user, b": ", text]);
                    continue;
                }
                _ => continue,
            }
            self.mark(fd);
        }
    }

    fn flush(&mut self, fd: usize) {
        let Some(c) = &mut self.clients[fd] else { return };
        c.dirty = false;
        if c.out.is_empty() {
            return;
        }
        let n = unsafe { libc::send(fd as i32, c.out.as_ptr() as *const _, c.out.len(), libc::MSG_NOSIGNAL) };
        if n as usize == c.out.len() {
            c.out.clear();
        } else if n > 0 {
            c.out.drain(..n as usize);
        }
        let all = c.out.is_empty();
        if c.waiting == all {
            c.waiting = !all;
            epoll_add(self.epoll, libc::EPOLL_CTL_MOD, fd as i32, libc::EPOLLIN | if all { 0 } else { libc::EPOLLOUT });
        }
    }

    /// Everything this turn published, one write per receiver.
    fn broadcast(&mut self) {
        for r in 0..self.batches.len() {
            if self.batches[r].is_empty() {
                continue;
            }
            let batch = std::mem::take(&mut self.batches[r]);
            for k in 0..self.rooms[r].len() {
                let fd = self.rooms[r][k];
                let Some(c) = &mut self.clients[fd] else { continue };
                let mut done = 0;
                if c.out.is_empty() {
                    let n = unsafe { libc::send(fd as i32, batch.as_ptr() as *const _, batch.len(), libc::MSG_NOSIGNAL) };
                    done = n.max(0) as usize;
                }
                if done < batch.len() {
                    c.out.extend_from_slice(&batch[done..]);
                    self.mark(fd);
                }
            }
            self.batches[r] = batch;
            self.batches[r].clear();
        }
        for fd in std::mem::take(&mut self.dirty) {
            self.flush(fd);
        }
    }
}

pub fn run(port: u16) -> Result<(), String> {
    let listener = listen(port)?;
    let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
    epoll_add(epoll, libc::EPOLL_CTL_ADD, listener, libc::EPOLLIN);
    let mut server = Server {
        epoll,
        clients: Vec::new(),
        rooms: Vec::new(),
        names: HashMap::new(),
        batches: Vec::new(),
        dirty: Vec::new(),
    };
    let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; 1024];
    let mut buffer = vec![0u8; 256 * 1024];
    loop {
        let n = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 1024, -1) };
        for event in &events[..n.max(0) as usize] {
            let fd = event.u64 as usize;
            if fd == listener as usize {
                loop {
                    let c = unsafe {
                        libc::accept4(listener, std::ptr::null_mut(), std::ptr::null_mut(), libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC)
                    };
                    if c < 0 {
                        break;
                    }
                    set(c, libc::IPPROTO_TCP, libc::TCP_NODELAY, 1);
                    if server.clients.len() <= c as usize {
                        server.clients.resize_with(c as usize + 1, || None);
                    }
                    server.clients[c as usize] = Some(Client {
                        kind: Kind::Handshake,
                        user: Vec::new(),
                        prefix: Vec::new(),
                        partial: Vec::new(),
                        out: Vec::new(),
                        dirty: false,
                        waiting: false,
                    });
                    epoll_add(epoll, libc::EPOLL_CTL_ADD, c, libc::EPOLLIN);
                }
                continue;
            }
            let Some(client) = server.clients.get_mut(fd).and_then(|c| c.as_mut()) else { continue };
            if event.events as i32 & libc::EPOLLOUT != 0 {
                server.mark(fd);
                continue;
            }
            let partial = std::mem::take(&mut client.partial);
            let held = partial.len();
            if buffer.len() < held * 2 + 65536 {
                buffer.resize(held * 2 + 65536, 0);
            }
            buffer[..held].copy_from_slice(&partial);
            let room = buffer.len() - held;
            let n = unsafe { libc::recv(fd as i32, buffer[held..].as_mut_ptr() as *mut _, room, 0) };
            if n <= 0 {
                server.drop_client(fd);
                continue;
            }
            let all = held + n as usize;
            let (used, stays) = server.consume(fd, &mut buffer[..all]);
            if !stays {
                server.drop_client(fd);
            } else if let Some(client) = &mut server.clients[fd] {
                client.partial = partial;
                client.partial.clear();
                client.partial.extend_from_slice(&buffer[used..all]);
            }
        }
        server.broadcast();
    }
}
