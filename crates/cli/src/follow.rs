//! Waiting for a task in sight of the user.

use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use spark_t2i::{Error, EventKind, Image, Task};

use crate::figures;
use crate::session::Session;

/// A task that came to its end.
pub(crate) struct Followed {
    pub(crate) image: Image,
    /// How long the end was not noticed, in seconds, where the clocks tell.
    pub(crate) lag: Option<f64>,
}

/// Waits for the task's end, within what is left of the deadline.
pub(crate) async fn follow(session: &Session, task: &Task) -> Result<Followed, Error> {
    let mut events = task.events_for(Some(session.remaining()));
    let mut noticed = None;
    while let Some(event) = events.next().await {
        session.progress.event(&event);
        match event.kind {
            EventKind::Completed(snapshot) => {
                noticed = lag(snapshot.metadata.completed_at, SystemTime::now(), event.elapsed);
            }
            EventKind::Failed(error) => return Err(error),
            _ => {}
        }
    }
    let image = match task.images().into_iter().next() {
        Some(image) => image,
        // Its end is known: nothing more is sent, and the client says what is wrong with a result without an image.
        None => task.wait_for(session.remaining()).await?,
    };
    Ok(Followed { image, lag: noticed })
}

/// The time since the task's end by the service's clock, if the two clocks agree so far that it makes sense: the end
/// cannot lie in the future. An end before the task was known here was not waited for.
fn lag(completed_at: Option<f64>, now: SystemTime, known_for: Duration) -> Option<f64> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let lag = now.as_secs_f64() - completed_at?;
    (0.0..=known_for.as_secs_f64()).contains(&lag).then(|| figures::to_millis(lag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_told_only_where_the_clocks_make_sense() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_633_404);
        let lag = |completed_at| lag(completed_at, now, Duration::from_secs(10));
        assert_eq!(lag(Some(1_780_633_403.25)), Some(0.75));
        assert_eq!(lag(Some(1_780_633_404.5)), None, "the service's clock is ahead");
        assert_eq!(lag(Some(1_780_633_390.0)), None, "it ended before it was known here");
        assert_eq!(lag(None), None);
    }
}
