//! A way to a server that can be led elsewhere, or go silent as when a host
//! vanishes: nothing is refused or closed, and nothing is ever answered.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// Open until it is dropped.
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    to: watch::Sender<Option<SocketAddr>>,
    silences: watch::Sender<u32>,
    _porter: JoinSet<()>,
}

impl Way {
    /// `None`: whoever comes is turned away.
    pub(crate) async fn to(server: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (to, silences) = (watch::Sender::new(server), watch::Sender::new(0));
        let (target, silence) = (to.subscribe(), silences.subscribe());
        let mut porter = JoinSet::new();
        porter.spawn(async move {
            let mut travellers = JoinSet::new();
            loop {
                let (from, _) = listener.accept().await.unwrap();
                if let Some(target) = *target.borrow() {
                    let mut silence = silence.clone();
                    silence.mark_unchanged();
                    travellers.spawn(carry(from, target, silence));
                }
            }
        });
        Self { address, to, silences, _porter: porter }
    }

    /// Where those who come from now on get to.
    pub(crate) fn lead_to(&self, server: Option<SocketAddr>) {
        self.to.send_replace(server);
    }

    /// Whoever is on the way hears nothing any more; those who come later do.
    pub(crate) fn go_silent(&self) {
        self.silences.send_modify(|count| *count += 1);
    }
}

async fn carry(mut from: TcpStream, to: SocketAddr, mut silence: watch::Receiver<u32>) {
    let Ok(mut to) = TcpStream::connect(to).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut from, &mut to) => {}
        // Both stay open.
        _ = silence.changed() => std::future::pending().await,
    }
}
