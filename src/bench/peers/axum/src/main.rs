//! The tutorial's server on axum: a broadcast channel for each room, a task that sends and one that receives.

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::Router;
use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast::{self, error::RecvError};

/// So many messages may a receiver lag behind before it loses some; the tutorial's 100 would lose some in these runs.
const CAPACITY: usize = 4096;

struct App {
    read_buffer: Option<usize>,
    lobby: broadcast::Sender<(u64, Message)>,
    visitors: AtomicU64,
    rooms: Mutex<HashMap<String, broadcast::Sender<Utf8Bytes>>>,
}

type Shared = State<Arc<App>>;

#[derive(Deserialize)]
struct Params {
    prefix: Option<String>,
    user: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum FromClient {
    Chat { text: String },
    Ping,
    Bye,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum ToClient {
    Echo { text: String },
    Pong,
    Error { message: String },
}

impl App {
    fn upgrade(&self, ws: WebSocketUpgrade) -> WebSocketUpgrade {
        match self.read_buffer {
            Some(n) => ws.read_buffer_size(n),
            None => ws,
        }
    }
}

async fn lobby(ws: WebSocketUpgrade, State(app): Shared) -> Response {
    app.clone().upgrade(ws).on_upgrade(move |mut socket| async move {
        let me = app.visitors.fetch_add(1, Ordering::Relaxed);
        let mut others = app.lobby.subscribe();
        if socket.send(Message::text("welcome")).await.is_err() {
            return;
        }
        loop {
            let out = tokio::select! {
                received = socket.recv() => match received {
                    Some(Ok(Message::Text(t))) => {
                        let reply = Message::text(format!("echo: {t}"));
                        let _ = app.lobby.send((me, Message::Text(t)));
                        reply
                    }
                    Some(Ok(Message::Binary(b))) => {
                        let _ = app.lobby.send((me, Message::Binary(b.clone())));
                        Message::Binary(b)
                    }
                    Some(Ok(_)) => continue,
                    _ => return,
                },
                other = others.recv() => match other {
                    Ok((from, _)) if from == me => continue,
                    Ok((_, message)) => message,
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return,
                },
            };
            if socket.send(out).await.is_err() {
                return;
            }
        }
    })
}

async fn echo(ws: WebSocketUpgrade, Query(params): Query<Params>, State(app): Shared) -> Response {
    let prefix = params.prefix.unwrap_or("echo: ".into());
    app.upgrade(ws).on_upgrade(move |mut socket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            let reply = match message {
                Message::Text(t) if prefix.is_empty() => Message::Text(t),
                Message::Text(t) => Message::text(format!("{prefix}{t}")),
                Message::Binary(b) => Message::Binary(b),
                _ => continue,
            };
            if socket.send(reply).await.is_err() {
                return;
            }
        }
    })
}

async fn json(ws: WebSocketUpgrade, State(app): Shared) -> Response {
    app.upgrade(ws).on_upgrade(move |mut socket: WebSocket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            let Message::Text(t) = message else { continue };
            let reply = match serde_json::from_str(&t) {
                Ok(FromClient::Chat { text }) => ToClient::Echo { text },
                Ok(FromClient::Ping) => ToClient::Pong,
                Ok(FromClient::Bye) => {
                    let _ = socket.send(Message::Close(Some(CloseFrame { code: 1000, reason: "bye".into() }))).await;
                    return;
                }
                Err(e) => ToClient::Error { message: e.to_string() },
            };
            if socket.send(Message::text(serde_json::to_string(&reply).unwrap())).await.is_err() {
                return;
            }
        }
    })
}

async fn main_chat(ws: WebSocketUpgrade, params: Query<Params>, app: Shared) -> Response {
    chat(ws, Path("main".into()), params, app).await
}

async fn chat(ws: WebSocketUpgrade, Path(room): Path<String>, Query(params): Query<Params>, State(app): Shared) -> Response {
    let user = params.user.unwrap_or("a user".into());
    app.clone().upgrade(ws).on_upgrade(move |socket| async move {
        let (mut sink, mut stream) = socket.split();
        let tx = app.rooms.lock().unwrap().entry(room).or_insert_with(|| broadcast::channel(CAPACITY).0).clone();
        let mut rx = tx.subscribe();
        let _ = tx.send(format!("* {user} joined").into());
        let mut send_task = tokio::spawn(async move {
            loop {
                match rx.recv().await {
                    Ok(text) => {
                        if sink.send(Message::Text(text)).await.is_err() {
                            break;
                        }
                    }
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => break,
                }
            }
        });
        let (to_all, name) = (tx.clone(), user.clone());
        let mut receive_task = tokio::spawn(async move {
            while let Some(Ok(Message::Text(text))) = stream.next().await {
                let _ = to_all.send(format!("{name}: {text}").into());
            }
        });
        tokio::select! {
            _ = &mut send_task => receive_task.abort(),
            _ = &mut receive_task => send_task.abort(),
        }
        let _ = tx.send(format!("* {user} left").into());
    })
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).map(|v| v.parse::<usize>().unwrap());
    let port = option("--port").or(std::env::var("PORT").ok().and_then(|p| p.parse().ok())).expect("--port or PORT");
    let app = Arc::new(App {
        read_buffer: option("--read-buffer"),
        lobby: broadcast::channel(CAPACITY).0,
        visitors: AtomicU64::new(0),
        rooms: Mutex::default(),
    });
    let routes = Router::new()
        .route("/ws", get(lobby))
        .route("/ws/echo", get(echo))
        .route("/ws/json", get(json))
        .route("/ws/chat", get(main_chat))
        .route("/ws/chat/{room}", get(chat))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port as u16)).await.unwrap();
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes).await.unwrap();
}
