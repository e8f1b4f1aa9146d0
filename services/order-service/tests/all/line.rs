//! The line to the database, which a test can cut.

use std::net::SocketAddr;

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// Forwards connections while it is whole.
pub(crate) struct Line {
    pub(crate) address: SocketAddr,
    whole: watch::Sender<bool>,
    _forwarding: JoinSet<()>,
}

impl Line {
    /// To whatever listens at `host:port`.
    pub(crate) async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (whole, is_whole) = watch::channel(true);
        let mut forwarding = JoinSet::new();
        forwarding.spawn(forward(listener, target, is_whole));
        Self { address, whole, _forwarding: forwarding }
    }

    /// Breaks every connection, and each new one at once.
    pub(crate) fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub(crate) fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn forward(listener: TcpListener, target: String, is_whole: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let (mut here, _) = listener.accept().await.unwrap();
        let (target, mut is_whole) = (target.clone(), is_whole.clone());
        connections.spawn(async move {
            let talk = async {
                let mut there = TcpStream::connect(target).await?;
                tokio::io::copy_bidirectional(&mut here, &mut there).await
            };
            tokio::select! {
                _ = is_whole.wait_for(|is_whole| !is_whole) => {}
                _ = talk => {}
            }
        });
    }
}
