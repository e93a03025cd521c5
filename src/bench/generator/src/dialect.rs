//! What the clients of a room and its server say to each other: the plain chat, `parley.v1`, or Centrifugo's JSON protocol.

use crate::frame::{Template, NUMBER};

pub const CHANNEL: &str = "bench";
/// The number of a client's first publication to Centrifugo; all have ten digits. 1 and 2 are its connect and subscribe.
pub const FIRST_NUMBER: u32 = 1_000_000_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    Plain,
    V1,
    Centrifugo,
}

/// One thing that a server said.
#[derive(PartialEq, Eq, Debug)]
pub enum Said<'a> {
    /// The text of a message, which starts like a stamp.
    Text(&'a [u8]),
    /// A message of this client was accepted: with its number, where the protocol has one.
    Accepted(Option<u32>),
    Subscribed,
    Ping,
    /// A welcome, who came and went.
    Notice,
    /// An error, a gap, or nothing that this protocol has.
    Wrong,
}

fn find(b: &[u8], byte: u8) -> Option<usize> {
    let at = unsafe { libc::memchr(b.as_ptr() as *const _, byte as i32, b.len()) } as usize;
    (at != 0).then(|| at - b.as_ptr() as usize)
}

fn find_all(b: &[u8], what: &[u8]) -> Option<usize> {
    b.windows(what.len()).position(|w| w == what)
}

impl std::str::FromStr for Dialect {
    type Err = ();

    fn from_str(name: &str) -> Result<Dialect, ()> {
        [Dialect::Plain, Dialect::V1, Dialect::Centrifugo].into_iter().find(|d| d.name() == name).ok_or(())
    }
}

impl Dialect {
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Plain => "plain",
            Dialect::V1 => "parley.v1",
            Dialect::Centrifugo => "centrifugo",
        }
    }

    pub fn subprotocol(self) -> Option<&'static str> {
        (self == Dialect::V1).then(|| self.name())
    }

    /// What a client says when its handshake is done.
    pub fn greeting(self) -> Option<String> {
        (self == Dialect::Centrifugo)
            .then(|| format!("{{\"id\":1,\"connect\":{{}}}}\n{{\"id\":2,\"subscribe\":{{\"channel\":\"{CHANNEL}\"}}}}"))
    }

    /// What a client publishes.
    pub fn template(self, size: usize) -> Template {
        match self {
            Dialect::Plain => Template::new("", size, ""),
            Dialect::V1 => Template::new(r#"{"type":"chat","text":""#, size, r#""}"#),
            Dialect::Centrifugo => {
                let before = format!(r#"{{"id":{},"publish":{{"channel":"{CHANNEL}","data":""#, "0".repeat(NUMBER));
                Template::numbered(&before, br#"{"id":"#.len(), size, r#""}}"#)
            }
        }
    }

    /// Whether each message of a client is answered.
    pub fn accepts(self) -> bool {
        self != Dialect::Plain
    }

    /// The next thing in what is left of a message from the server; texts have `size` bytes.
    #[inline]
    pub fn next<'a>(self, rest: &mut &'a [u8], size: usize) -> Option<Said<'a>> {
        if rest.is_empty() {
            return None;
        }
        match self {
            Dialect::Plain => {
                let all = std::mem::take(rest);
                let text = all.len().checked_sub(size).map(|start| &all[start..]);
                Some(text.filter(|t| t[0] == b'~').map_or(Said::Notice, Said::Text))
            }
            Dialect::V1 => Some(object(rest, size)),
            Dialect::Centrifugo => Some(line(rest, size)),
        }
    }
}

/// An object of `parley.v1`, alone or in an array.
#[inline]
fn object<'a>(rest: &mut &'a [u8], size: usize) -> Said<'a> {
    const TYPE: &[u8] = br#"{"type":""#;
    let b = rest.strip_prefix(b"[").unwrap_or(rest);
    let named = b.strip_prefix(TYPE).and_then(|b| Some(b.split_at(find(b, b'"')?)));
    let Some((name, b)) = named else {
        *rest = &[];
        return Said::Wrong;
    };
    if name == b"message" {
        let text = find(b, b'~').map(|start| &b[start..]).filter(|t| t.get(size) == Some(&b'"')).map(|t| &t[..size]);
        let behind = text.map_or(b, |t| &b[t.as_ptr() as usize - b.as_ptr() as usize + size..]);
        *rest = find(behind, b'{').map_or(&[], |next| &behind[next..]);
        return text.map_or(Said::Wrong, Said::Text);
    }
    *rest = find_all(b, TYPE).map_or(&[], |next| &b[next..]);
    match name {
        b"ack" => Said::Accepted(None),
        b"welcome" | b"joined" | b"left" | b"presence" => Said::Notice,
        _ => Said::Wrong,
    }
}

/// A line of Centrifugo's JSON protocol: a reply, a push, or `{}`, which is a ping.
#[inline]
fn line<'a>(rest: &mut &'a [u8], size: usize) -> Said<'a> {
    let all = *rest;
    if let Some(text) = push(all, size) {
        let behind = &all[text.as_ptr() as usize - all.as_ptr() as usize + size..];
        *rest = find(behind, b'\n').map_or(&[], |end| &behind[end + 1..]);
        return Said::Text(text);
    }
    let end = find(all, b'\n').unwrap_or(all.len());
    *rest = all.get(end + 1..).unwrap_or(&[]);
    let line = &all[..end];
    if line == b"{}" {
        return Said::Ping;
    }
    let reply = line.strip_prefix(br#"{"id":"#).and_then(|b| {
        let (number, what) = b.split_at(find(b, b',')?);
        Some((std::str::from_utf8(number).ok()?.parse().ok()?, what))
    });
    match reply {
        Some((number, br#","publish":{}}"#)) if number >= FIRST_NUMBER => Said::Accepted(Some(number)),
        Some((2, what)) if what.starts_with(br#","subscribe":{"#) => Said::Subscribed,
        Some((1, what)) if what.starts_with(br#","connect":{"#) => Said::Notice,
        _ => Said::Wrong,
    }
}

/// The text of a publication in the channel, if the line is one.
#[inline]
fn push(line: &[u8], size: usize) -> Option<&[u8]> {
    let b = line.strip_prefix(br#"{"push":{"channel":""#)?.strip_prefix(CHANNEL.as_bytes())?;
    let b = b.strip_prefix(br#"","pub":{"data":""#)?;
    (b.first() == Some(&b'~') && b.get(size) == Some(&b'"')).then(|| &b[..size])
}

#[cfg(test)]
mod tests {
    use super::Said::*;
    use super::*;
    use crate::frame::{mask, parse, Stamp};

    const SIZE: usize = 40;
    const TEXT: &str = "~0001.00000002.0000000000000003.ghijklmn";

    fn all(dialect: Dialect, message: &str) -> Vec<Said<'_>> {
        let mut rest = message.as_bytes();
        std::iter::from_fn(|| dialect.next(&mut rest, SIZE)).collect()
    }

    fn text() -> Said<'static> {
        Text(TEXT.as_bytes())
    }

    fn pushed() -> String {
        format!(r#"{{"push":{{"channel":"bench","pub":{{"data":"{TEXT}","info":{{"user":"","client":"4357df43"}}}}}}}}"#)
    }

    fn message() -> String {
        format!(r#"{{"type":"message","offset":7,"from":"u1","text":"{TEXT}","at":"2026-11-30T10:00:00Z"}}"#)
    }

    #[test]
    fn a_plain_chat_has_texts_and_notices() {
        assert_eq!(all(Dialect::Plain, &format!("u1: {TEXT}")), [text()]);
        assert_eq!(all(Dialect::Plain, TEXT), [text()]);
        for notice in ["* u1 joined", "* somebody whose name is longer than a text joined"] {
            assert_eq!(all(Dialect::Plain, notice), [Notice]);
        }
    }

    #[test]
    fn replies_pushes_and_pings_of_centrifugo_come_in_lines() {
        let push = pushed();
        assert_eq!(all(Dialect::Centrifugo, &push), [text()]);
        assert_eq!(all(Dialect::Centrifugo, "{}"), [Ping]);
        let many = format!("{push}\n{{\"id\":1000000007,\"publish\":{{}}}}\n{{}}\n{push}\n{push}");
        assert_eq!(all(Dialect::Centrifugo, &many), [text(), Accepted(Some(1_000_000_007)), Ping, text(), text()]);
        let opening = "{\"id\":1,\"connect\":{\"client\":\"c\",\"ping\":25,\"pong\":true}}\n{\"id\":2,\"subscribe\":{}}";
        assert_eq!(all(Dialect::Centrifugo, opening), [Notice, Subscribed]);
    }

    #[test]
    fn what_centrifugo_must_not_say_is_wrong() {
        let cut = &pushed()[..60];
        let other = pushed().replace("bench", "other");
        for line in [
            r#"{"id":1000000007,"error":{"code":103,"message":"permission denied"}}"#,
            r#"{"id":1,"error":{"code":101,"message":"unauthorized"}}"#,
            r#"{"id":3,"publish":{}}"#,
            r#"{"id":1,"subscribe":{}}"#,
            r#"{"push":{"disconnect":{"code":3008,"reason":"slow"}}}"#,
            r#"{"push":{"channel":"bench","pub":{"data":"hello"}}}"#,
            r#"{"push":{"channel":"bench","unsubscribe":{"code":2500}}}"#,
            "welcome",
            cut,
            &other,
        ] {
            assert_eq!(all(Dialect::Centrifugo, line), [Wrong], "{line}");
            assert_eq!(all(Dialect::Centrifugo, &format!("{line}\n{}", pushed())), [Wrong, text()], "{line}");
        }
    }

    #[test]
    fn messages_of_parley_v1_come_alone_or_in_arrays() {
        let message = message();
        assert_eq!(all(Dialect::V1, &message), [text()]);
        let ack = r#"{"type":"ack","offset":7}"#;
        let welcome = r#"{"type":"welcome","room":"bench","users":["u1"],"limits":{"text":65536,"id":64}}"#;
        assert_eq!(all(Dialect::V1, &format!("[{welcome},{message},{ack},{message}]")), [Notice, text(), Accepted(None), text()]);
        assert_eq!(all(Dialect::V1, &format!("[{message},{message},{ack}]")), [text(), text(), Accepted(None)]);
    }

    #[test]
    fn errors_and_gaps_of_parley_v1_are_wrong() {
        for object in [
            r#"{"type":"error","code":"rate","message":"Too many."}"#,
            r#"{"type":"gap","from":1,"to":2}"#,
            r#"{"type":"message","offset":7,"from":"u1","text":"hello"}"#,
        ] {
            assert_eq!(all(Dialect::V1, object), [Wrong], "{object}");
        }
        let error = r#"{"type":"error","code":"unavailable","message":"Try again."}"#;
        assert_eq!(all(Dialect::V1, &format!("[{},{error}]", message())), [text(), Wrong]);
        assert_eq!(all(Dialect::V1, "hello"), [Wrong]);
    }

    #[test]
    fn a_publication_has_its_number_and_its_stamp() {
        let template = Dialect::Centrifugo.template(SIZE);
        for number in [FIRST_NUMBER, 1_234_567_890, u32::MAX] {
            let mut b = Vec::new();
            template.append_numbered(&mut b, Stamp { sender: 1, sequence: 2, time: 3 }, number);
            let h = parse(&b, true).unwrap().unwrap();
            let key: [u8; 4] = b[h.start - 4..h.start].try_into().unwrap();
            mask(&mut b[h.start..], key, 0);
            let wanted = format!(r#"{{"id":{number},"publish":{{"channel":"bench","data":"{TEXT}"}}}}"#);
            assert_eq!(std::str::from_utf8(&b[h.start..]).unwrap(), wanted);
        }
    }

    #[test]
    fn each_protocol_is_found_by_its_name() {
        for dialect in [Dialect::Plain, Dialect::V1, Dialect::Centrifugo] {
            assert_eq!(dialect.name().parse(), Ok(dialect));
        }
        assert!("v1".parse::<Dialect>().is_err());
    }
}
