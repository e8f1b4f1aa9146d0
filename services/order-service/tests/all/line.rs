//! A line to an engine, which a test can cut, or on which answers get lost.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::house::PATIENCE;

/// Forwards connections while it is whole.
pub(crate) struct Line {
    pub(crate) address: SocketAddr,
    state: watch::Sender<State>,
    listens_for: Arc<ListensFor>,
    _forwarding: JoinSet<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    is_whole: bool,
    /// How often it was cut.
    cuts: u64,
}

/// What must be said, in this order, until an answer gets lost.
#[derive(Default)]
struct ListensFor {
    words: Mutex<VecDeque<Vec<u8>>>,
    lost: watch::Sender<bool>,
}

impl Line {
    /// To whatever listens at `host:port`.
    pub(crate) async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, its_state) = watch::channel(State { is_whole: true, cuts: 0 });
        let listens_for = Arc::<ListensFor>::default();
        let mut forwarding = JoinSet::new();
        forwarding.spawn(forward(listener, target, its_state, Arc::clone(&listens_for)));
        Self { address, state, listens_for, _forwarding: forwarding }
    }

    /// Breaks every connection, and each new one at once.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| *state = State { is_whole: false, cuts: state.cuts + 1 });
    }

    pub(crate) fn mend(&self) {
        self.state.send_modify(|state| state.is_whole = true);
    }

    /// Once these were said, one after the other on whichever connections, nothing
    /// comes back on that of the last: what it asked for is done, and nobody hears.
    pub(crate) fn lose_the_answer_to(&self, words: &[&str]) {
        self.listens_for.lost.send_replace(false);
        let words = words.iter().map(|word| word.as_bytes().to_vec());
        *self.listens_for.words.lock().unwrap() = words.collect();
    }

    /// Waits until that was said.
    pub(crate) async fn until_said(&self) {
        let mut lost = self.listens_for.lost.subscribe();
        let said = tokio::time::timeout(PATIENCE, lost.wait_for(|lost| *lost)).await;
        said.expect("never said").unwrap();
    }
}

impl ListensFor {
    /// Whether the last of the words is among these bytes.
    fn hears(&self, mut bytes: &[u8]) -> bool {
        let mut words = self.words.lock().unwrap();
        let waits = !words.is_empty();
        while let Some(word) = words.front()
            && let Some(at) = bytes.windows(word.len()).position(|window| window == word)
        {
            bytes = &bytes[at + word.len()..];
            words.pop_front();
        }
        let heard = waits && words.is_empty();
        if heard {
            self.lost.send_replace(true);
        }
        heard
    }
}

async fn forward(
    listener: TcpListener,
    target: String,
    state: watch::Receiver<State>,
    listens_for: Arc<ListensFor>,
) {
    let mut connections = JoinSet::new();
    loop {
        let (here, _) = listener.accept().await.unwrap();
        let (target, mut state) = (target.clone(), state.clone());
        let accepted = *state.borrow_and_update();
        let listens_for = Arc::clone(&listens_for);
        connections.spawn(async move {
            tokio::select! {
                _ = state.wait_for(|now| !accepted.is_whole || now.cuts != accepted.cuts) => {}
                _ = talk(here, target, &listens_for) => {}
            }
        });
    }
}

async fn talk(
    mut here: TcpStream,
    target: String,
    listens_for: &ListensFor,
) -> std::io::Result<()> {
    let mut there = TcpStream::connect(target).await?;
    let (mut from_here, mut to_here) = here.split();
    let (mut from_there, mut to_there) = there.split();
    let deaf = AtomicBool::new(false);
    let asking = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = from_here.read(&mut buffer).await?;
            if count == 0 {
                return to_there.shutdown().await;
            }
            if listens_for.hears(&buffer[..count]) {
                deaf.store(true, Ordering::SeqCst);
            }
            to_there.write_all(&buffer[..count]).await?;
        }
    };
    let answering = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = from_there.read(&mut buffer).await?;
            if count == 0 {
                return to_here.shutdown().await;
            }
            if !deaf.load(Ordering::SeqCst) {
                to_here.write_all(&buffer[..count]).await?;
            }
        }
    };
    tokio::try_join!(asking, answering).map(|_| ())
}
