//! WebSocket frames (RFC 6455): a strict reader for what servers send, masked frames for what a client sends.

pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// The longest payload that the reader accepts.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// One key for every frame: masking protects proxies, of which there are none here, and costs the server the same.
pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Header {
    pub fin: bool,
    pub opcode: u8,
    /// Where the payload begins, and how long it is.
    pub start: usize,
    pub length: usize,
    pub masked: bool,
}

/// Reads the header of the frame at the start of `b`; `None` until the whole frame is there.
#[inline]
pub fn parse(b: &[u8], from_client: bool) -> Result<Option<Header>, &'static str> {
    if b.len() < 2 {
        return Ok(None);
    }
    let (b0, b1) = (b[0], b[1]);
    if b0 & 0x70 != 0 {
        return Err("reserved bit set");
    }
    let opcode = b0 & 0x0f;
    let fin = b0 & 0x80 != 0;
    let masked = b1 & 0x80 != 0;
    if masked != from_client {
        return Err(if masked { "masked frame from a server" } else { "unmasked frame from a client" });
    }
    match opcode {
        CONTINUATION | TEXT | BINARY => {}
        CLOSE | PING | PONG => {
            if !fin {
                return Err("fragmented control frame");
            }
            if b1 & 0x7f > 125 {
                return Err("control frame longer than 125 bytes");
            }
        }
        _ => return Err("reserved opcode"),
    }
    let (length, mut start) = match b1 & 0x7f {
        126 => {
            if b.len() < 4 {
                return Ok(None);
            }
            let n = u16::from_be_bytes([b[2], b[3]]) as usize;
            if n < 126 {
                return Err("length not in its shortest form");
            }
            (n, 4)
        }
        127 => {
            if b.len() < 10 {
                return Ok(None);
            }
            let n = u64::from_be_bytes(b[2..10].try_into().unwrap());
            if n <= 0xffff {
                return Err("length not in its shortest form");
            }
            if n > MAX_PAYLOAD as u64 {
                return Err("frame too long");
            }
            (n as usize, 10)
        }
        n => (n as usize, 2),
    };
    if masked {
        start += 4;
    }
    if b.len() < start + length {
        return Ok(None);
    }
    Ok(Some(Header { fin, opcode, start, length, masked }))
}

/// Masks or unmasks, `b` being the payload from `offset` on.
#[inline]
pub fn mask(b: &mut [u8], key: [u8; 4], offset: usize) {
    let mut k = key;
    k.rotate_left(offset & 3);
    let wide = u64::from_ne_bytes([k[0], k[1], k[2], k[3], k[0], k[1], k[2], k[3]]);
    let mut chunks = b.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let v = u64::from_ne_bytes((&*chunk).try_into().unwrap()) ^ wide;
        chunk.copy_from_slice(&v.to_ne_bytes());
    }
    for (i, byte) in chunks.into_remainder().iter_mut().enumerate() {
        *byte ^= k[i & 3];
    }
}

fn header(out: &mut Vec<u8>, opcode: u8, length: usize, mask_bit: u8) {
    out.push(0x80 | opcode);
    if length < 126 {
        out.push(mask_bit | length as u8);
    } else if length <= 0xffff {
        out.push(mask_bit | 126);
        out.extend_from_slice(&(length as u16).to_be_bytes());
    } else {
        out.push(mask_bit | 127);
        out.extend_from_slice(&(length as u64).to_be_bytes());
    }
}

/// Appends a whole client frame.
pub fn client(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    header(out, opcode, payload.len(), 0x80);
    out.extend_from_slice(&KEY);
    let start = out.len();
    out.extend_from_slice(payload);
    mask(&mut out[start..], KEY, 0);
}

/// Appends a whole server frame of several parts.
pub fn server(out: &mut Vec<u8>, opcode: u8, parts: &[&[u8]]) {
    header(out, opcode, parts.iter().map(|p| p.len()).sum(), 0);
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// The shortest text that holds a stamp: `~ssss.qqqqqqqq.tttttttttttttttt.`, hexadecimal digits of sender, sequence
/// number and time.
pub const STAMP: usize = 32;

const fn digit_pairs() -> [[u8; 2]; 256] {
    let hex = b"0123456789abcdef";
    let mut t = [[0; 2]; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = [hex[i >> 4], hex[i & 15]];
        i += 1;
    }
    t
}

const fn digit_values() -> [u8; 256] {
    let mut t = [0x80; 256];
    let mut i = 0;
    while i < 10 {
        t[b'0' as usize + i] = i as u8;
        i += 1;
    }
    let mut i = 0;
    while i < 6 {
        t[b'a' as usize + i] = 10 + i as u8;
        i += 1;
    }
    t
}

static PAIRS: [[u8; 2]; 256] = digit_pairs();
static VALUES: [u8; 256] = digit_values();

fn write_hex(out: &mut [u8], bytes: &[u8]) {
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&PAIRS[*byte as usize]);
    }
}

#[inline]
fn read_hex(b: &[u8]) -> Option<u64> {
    let mut v = 0u64;
    let mut bad = 0u8;
    for c in b {
        let d = VALUES[*c as usize];
        bad |= d;
        v = v << 4 | (d & 15) as u64;
    }
    (bad & 0x80 == 0).then_some(v)
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Stamp {
    pub sender: u16,
    pub sequence: u32,
    pub time: u64,
}

impl Stamp {
    pub fn write(&self, out: &mut [u8]) {
        out[0] = b'~';
        write_hex(&mut out[1..5], &self.sender.to_be_bytes());
        out[5] = b'.';
        write_hex(&mut out[6..14], &self.sequence.to_be_bytes());
        out[14] = b'.';
        write_hex(&mut out[15..31], &self.time.to_be_bytes());
        out[31] = b'.';
    }

    /// Sender and sequence number only: what every receiver of a message looks at.
    #[inline]
    pub fn read_key(b: &[u8]) -> Option<(u16, u32)> {
        if b.len() < STAMP || b[0] != b'~' || b[5] != b'.' || b[14] != b'.' || b[31] != b'.' {
            return None;
        }
        Some((read_hex(&b[1..5])? as u16, read_hex(&b[6..14])? as u32))
    }

    #[inline]
    pub fn read_time(b: &[u8]) -> Option<u64> {
        read_hex(b.get(15..31)?)
    }
}

/// How many digits the number of a message has.
pub const NUMBER: usize = 10;

/// A client frame built and masked once; only the stamp is written, and masked, for each message.
pub struct Template {
    frame: Vec<u8>,
    /// Where the payload begins in the frame, and the stamp in the payload.
    start: usize,
    offset: usize,
    /// Where ten digits stand in the payload, if it is numbered.
    number: usize,
    /// What follows the stamp in the text, in clear.
    pub filler: Vec<u8>,
}

impl Template {
    /// A text of `size` bytes between what JSON or nothing puts round it.
    pub fn new(before: &str, size: usize, after: &str) -> Template {
        Template::numbered(before, 0, size, after)
    }

    /// The same, with the place of a message's number in `before`.
    pub fn numbered(before: &str, number: usize, size: usize, after: &str) -> Template {
        let filler: Vec<u8> = (STAMP..size).map(|i| b'a' + (i % 26) as u8).collect();
        let mut payload = before.as_bytes().to_vec();
        payload.extend_from_slice(&[b'0'; STAMP]);
        payload.extend_from_slice(&filler);
        payload.extend_from_slice(after.as_bytes());
        let mut frame = Vec::new();
        client(&mut frame, TEXT, &payload);
        Template { start: frame.len() - payload.len(), frame, offset: before.len(), number, filler }
    }

    #[inline]
    pub fn append(&self, out: &mut Vec<u8>, stamp: Stamp) {
        let base = out.len();
        out.extend_from_slice(&self.frame);
        let at = base + self.start + self.offset;
        let place = &mut out[at..at + STAMP];
        stamp.write(place);
        mask(place, KEY, self.offset);
    }

    /// A message with its number, which must have ten digits.
    pub fn append_numbered(&self, out: &mut Vec<u8>, stamp: Stamp, mut number: u32) {
        let at = out.len() + self.start + self.number;
        self.append(out, stamp);
        let place = &mut out[at..at + NUMBER];
        for digit in place.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        mask(place, KEY, self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths() -> Vec<usize> {
        vec![0, 1, 125, 126, 127, 300, 65535, 65536, 70000]
    }

    #[test]
    fn every_length_is_read_back_whole_and_never_before_its_last_byte() {
        for n in lengths() {
            let payload: Vec<u8> = (0..n).map(|i| i as u8).collect();
            let mut b = Vec::new();
            server(&mut b, BINARY, &[&payload]);
            for end in (0..b.len().min(300)).chain(b.len().saturating_sub(300)..b.len()) {
                assert_eq!(parse(&b[..end], false), Ok(None), "{end} of {}", b.len());
            }
            b.push(0x81); // the next frame does not matter
            let h = parse(&b, false).unwrap().unwrap();
            assert_eq!((h.opcode, h.fin, h.length), (BINARY, true, n));
            assert_eq!(&b[h.start..h.start + h.length], &payload[..]);
        }
    }

    #[test]
    fn a_stream_split_at_every_byte_gives_the_same_frames() {
        let mut b = Vec::new();
        for n in [0usize, 3, 125, 126, 200] {
            server(&mut b, TEXT, &[&vec![b'x'; n]]);
        }
        server(&mut b, PING, &[b"hi"]);
        server(&mut b, CLOSE, &[&[3, 232]]);
        let whole = frames(&[&b]);
        assert_eq!(whole.len(), 7);
        for cut in 0..=b.len() {
            assert_eq!(frames(&[&b[..cut], &b[cut..]]), whole, "cut at {cut}");
        }
        let single: Vec<&[u8]> = b.chunks(1).collect();
        assert_eq!(frames(&single), whole);
    }

    fn frames(parts: &[&[u8]]) -> Vec<(u8, usize)> {
        let mut held = Vec::new();
        let mut found = Vec::new();
        for part in parts {
            held.extend_from_slice(part);
            while let Some(h) = parse(&held, false).unwrap() {
                found.push((h.opcode, h.length));
                held.drain(..h.start + h.length);
            }
        }
        assert!(held.is_empty());
        found
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        let bad: [&[u8]; 8] = [
            &[0xc1, 0x00],                                                    // reserved bit
            &[0x83, 0x00],                                                    // reserved opcode
            &[0x81, 0x80, 0, 0, 0, 0],                                        // masked
            &[0x09, 0x00],                                                    // fragmented ping
            &[0x88, 126, 0, 126],                                             // long close
            &[0x81, 126, 0, 125],                                             // longer form than needed
            &[0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff],                       // longer form than needed
            &[0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],     // too long
        ];
        for b in bad {
            assert!(parse(b, false).is_err(), "{b:x?}");
        }
        assert!(parse(&[0x81, 0x01, b'x'], true).is_err());
    }

    #[test]
    fn masking_from_any_offset_is_masking_of_the_whole() {
        let clear: Vec<u8> = (0..100).collect();
        let mut whole = clear.clone();
        mask(&mut whole, KEY, 0);
        for (i, (m, c)) in whole.iter().zip(&clear).enumerate() {
            assert_eq!(*m, c ^ KEY[i & 3]);
        }
        for offset in 0..clear.len() {
            let mut part = clear[offset..].to_vec();
            mask(&mut part, KEY, offset);
            assert_eq!(part, whole[offset..]);
        }
    }

    #[test]
    fn a_template_is_the_frame_with_its_stamp() {
        let stamp = Stamp { sender: 0xbeef, sequence: 0x0123_4567, time: 0x89ab_cdef_0123_4567 };
        for before in ["", "a", "ab", "abc", "{\"type\":\"chat\",\"text\":\""] {
            for size in [32, 33, 64, 200, 70000] {
                let template = Template::new(before, size, "!");
                let mut b = vec![0; 3];
                template.append(&mut b, stamp);
                let mut b = b.split_off(3);
                let h = parse(&b, true).unwrap().unwrap();
                assert_eq!(h.start + h.length, b.len());
                let key: [u8; 4] = b[h.start - 4..h.start].try_into().unwrap();
                mask(&mut b[h.start..], key, 0);
                let text = &b[h.start + before.len()..];
                assert!(b[h.start..].starts_with(before.as_bytes()));
                assert_eq!(text.len(), size + 1);
                assert_eq!(Stamp::read_key(text), Some((0xbeef, 0x0123_4567)));
                assert_eq!(Stamp::read_time(text), Some(stamp.time));
                assert_eq!(&text[STAMP..size], &template.filler[..]);
            }
        }
    }

    #[test]
    fn other_text_is_no_stamp() {
        for text in ["", "welcome", "* alice joined", &"~".repeat(64), "~00g0.00000000.0000000000000000."] {
            assert_eq!(Stamp::read_key(text.as_bytes()), None, "{text}");
        }
    }
}
