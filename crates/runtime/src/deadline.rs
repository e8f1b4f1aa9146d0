//! The budget of the request in hand: set where it enters (`grpc-timeout`, the
//! gateway's own limit), readable anywhere below it, passed on by our channels.

use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    static DEADLINE: Instant;
}

/// The budget was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request's time is over")]
pub struct Elapsed;

impl From<Elapsed> for crate::AppError {
    fn from(elapsed: Elapsed) -> Self {
        Self::new(crate::Code::DeadlineExceeded, "It took too long. Please try again.")
            .caused_by(elapsed)
    }
}

/// What is left of the present request's time; `None` outside of any.
pub fn remaining() -> Option<Duration> {
    DEADLINE.try_with(|at| at.saturating_duration_since(Instant::now())).ok()
}

/// Runs a future within `budget`, or what is left of the outer one if that is less.
pub async fn within<F: Future>(budget: Duration, future: F) -> Result<F::Output, Elapsed> {
    let budget = remaining().map_or(budget, |outer| outer.min(budget));
    let at = Instant::now() + budget;
    tokio::time::timeout_at(at, DEADLINE.scope(at, future)).await.map_err(|_| Elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_inner_budget_never_exceeds_the_outer_one() {
        assert_eq!(remaining(), None);
        let outer = within(Duration::from_secs(1), async {
            within(Duration::from_secs(60), async {
                assert!(remaining().unwrap() <= Duration::from_secs(1));
                tokio::time::sleep(Duration::from_secs(30)).await;
            })
            .await
        });
        let started = Instant::now();
        assert!(matches!(outer.await, Ok(Err(Elapsed)) | Err(Elapsed)));
        assert_eq!(started.elapsed(), Duration::from_secs(1));
    }
}
