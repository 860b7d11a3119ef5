//! A node behind a proxy, which is the only way to a server by name.

use crate::desk::{Desk, done, one};
use crate::live::{assert_done, output, script};
use crate::routes::request;
use capsule_tests::Node;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// A host that no resolver knows (RFC 6761).
const HOST: &str = "packages.invalid";
/// What a proxy is asked for on the way there.
const TO_HOST: &str = "CONNECT packages.invalid:80";

/// A proxy that makes tunnels, all of them to one server, and knows where its clients wanted to go. Gone when dropped.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// In front of the server of this index.
    fn start(index: &str) -> Self {
        let server = index.trim_start_matches("http://").replace("/index", "");
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let address = listener.local_addr().expect("it is bound");
        let (asked, over): (Arc<Mutex<Vec<String>>>, Arc<AtomicBool>) = Default::default();
        let thread = std::thread::spawn({
            let (asked, over) = (Arc::clone(&asked), Arc::clone(&over));
            move || serve(&listener, &server, &asked, &over)
        });
        Self {
            address,
            asked,
            over,
            thread: Some(thread),
        }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What clients have asked for since this was called last.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes who accepts.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the proxy does not panic");
        }
    }
}

fn serve(listener: &TcpListener, server: &str, asked: &Mutex<Vec<String>>, over: &AtomicBool) {
    std::thread::scope(|scope| {
        for stream in listener.incoming().flatten() {
            if over.load(Ordering::SeqCst) {
                break;
            }
            // A client that goes away ends its tunnel.
            scope.spawn(move || tunnel(&stream, server, asked).ok());
        }
    });
}

/// One tunnel, to its end at either side.
fn tunnel(mut client: &TcpStream, server: &str, asked: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut lines = BufReader::new(client).lines();
    let first = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    // To the empty line; the client says nothing more before there is an answer.
    lines.find(|line| line.as_ref().map_or(true, String::is_empty));
    let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    asked.push(first.trim_end_matches(" HTTP/1.1").to_owned());
    drop(asked);
    let server = TcpStream::connect(server)?;
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            io::copy(&mut { client }, &mut &server).ok();
            server.shutdown(Shutdown::Both).ok();
        });
        io::copy(&mut &server, &mut { client }).ok();
        client.shutdown(Shutdown::Both).ok();
    });
    Ok(())
}

/// Fails unless the route installs the package and a job has it.
fn assert_installs(node: &Node) {
    let reply = node.send(&request("POST", "greet", "*"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = node.send(&script("greet", "*", "echo $VERSION"));
    assert_eq!(output(&reply), "1.0.0\n");
}

#[test]
fn a_node_installs_through_the_proxy_of_its_environment() {
    let (_repository, server) = one("greet");
    let proxy = Proxy::start(&server.index());
    let desk = Desk::of(&[format!("http://{HOST}/index")]);
    let node = Node::start(desk.options().env("HTTP_PROXY", &proxy.url()));
    assert_installs(&node);
    // Index, index once more, archive: each a connection of its own.
    assert_eq!(proxy.asked(), [TO_HOST; 3]);
    assert_eq!(server.requests(), 3);
    // The command line has an environment of its own.
    let mut list = desk.command(&["list", "--available"]);
    let said = done(list.env("http_proxy", proxy.url()));
    assert_done(&said);
    assert_eq!(said.out, "greet 1.0.0 installed\n");
    assert_eq!(proxy.asked(), [TO_HOST]);
    desk.assert_tidy();
}

#[test]
fn a_node_goes_past_the_proxy_where_it_may() {
    let (_repository, server) = one("greet");
    let proxy = Proxy::start(&server.index());
    let desk = Desk::at(&server);
    let options = desk.options().env("HTTP_PROXY", &proxy.url());
    let node = Node::start(options.env("NO_PROXY", "other.example,127.0.0.1"));
    assert_installs(&node);
    assert_eq!(proxy.asked(), [""; 0]);
    // Nothing else would have kept it from the proxy.
    let mut list = desk.command(&["list", "--available"]);
    assert_done(&done(list.env("HTTP_PROXY", proxy.url())));
    assert_eq!(proxy.asked().len(), 1);
}
