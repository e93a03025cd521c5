//! The state of the server's end of one connection, asked of the kernel (sock_diag(7)). A look through `/proc/net/tcp` takes
//! milliseconds among thousands of sockets, and everything that is measured would wait for it.

use std::io;
use std::mem::{size_of, zeroed};

const SOCK_DIAG: libc::c_int = 4;
const BY_FAMILY: u16 = 20;
const ESTABLISHED: u8 = 1;

/// `inet_diag_req_v2` behind its header; ports and addresses in the order of the network.
#[repr(C)]
struct Request {
    header: libc::nlmsghdr,
    family: u8,
    protocol: u8,
    extensions: u8,
    pad: u8,
    states: u32,
    source_port: u16,
    destination_port: u16,
    source: [u8; 16],
    destination: [u8; 16],
    interface: u32,
    cookie: [u32; 2],
}

/// Whether the kernel has an established connection from `near` to `far`, on this machine.
pub fn is_established(near: ([u8; 4], u16), far: ([u8; 4], u16)) -> io::Result<bool> {
    let mut request: Request = unsafe { zeroed() };
    request.header.nlmsg_len = size_of::<Request>() as u32;
    request.header.nlmsg_type = BY_FAMILY;
    request.header.nlmsg_flags = libc::NLM_F_REQUEST as u16;
    request.family = libc::AF_INET as u8;
    request.protocol = libc::IPPROTO_TCP as u8;
    request.states = 1 << ESTABLISHED;
    request.source_port = near.1.to_be();
    request.destination_port = far.1.to_be();
    request.source[..4].copy_from_slice(&near.0);
    request.destination[..4].copy_from_slice(&far.0);
    request.cookie = [u32::MAX; 2];

    let fd = unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, SOCK_DIAG) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    let mut answer = [0u8; 1024];
    let got = unsafe {
        match libc::send(fd, &request as *const Request as *const _, size_of::<Request>(), 0) {
            n if n < 0 => n,
            _ => libc::recv(fd, answer.as_mut_ptr() as *mut _, answer.len(), 0),
        }
    };
    let failure = io::Error::last_os_error();
    unsafe { libc::close(fd) };
    if got < 0 {
        return Err(failure);
    }
    // The type stands behind the length; an error says that there is no such socket, a listener may be given in its place.
    let header = size_of::<libc::nlmsghdr>();
    Ok(u16::from_ne_bytes([answer[4], answer[5]]) == BY_FAMILY && answer[header + 1] == ESTABLISHED)
}

#[cfg(test)]
mod tests {
    use super::is_established;
    use std::io::Write;
    use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

    fn parts(address: SocketAddr) -> ([u8; 4], u16) {
        match address {
            SocketAddr::V4(v4) => (v4.ip().octets(), v4.port()),
            SocketAddr::V6(_) => panic!("an IPv4 address"),
        }
    }

    #[test]
    fn an_end_behind_unread_data_is_seen() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let near = parts(server.local_addr().unwrap());
        let far = parts(client.local_addr().unwrap());
        assert!(is_established(near, far).unwrap());
        server.write_all(b"unread").unwrap();
        server.shutdown(Shutdown::Write).unwrap();
        assert!(!is_established(near, far).unwrap());
        assert!(!is_established(near, (far.0, 1)).unwrap(), "nor does the listener stand for it");
    }
}
