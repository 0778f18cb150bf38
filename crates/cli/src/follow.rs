//! Waiting for a task in sight of the user.

use futures_util::StreamExt;
use spark_t2i::{Error, EventKind, Image, Task};

use crate::figures;
use crate::session::Session;

/// A task that came to its end.
pub(crate) struct Followed {
    pub(crate) image: Image,
    /// How long the end was not noticed, in seconds, where the service tells.
    pub(crate) lag: Option<f64>,
}

/// Waits for the task's end, within what is left of the deadline.
pub(crate) async fn follow(session: &Session, task: &Task) -> Result<Followed, Error> {
    let mut events = task.events_for(Some(session.remaining()));
    while let Some(event) = events.next().await {
        session.progress.event(&event);
        if let EventKind::Failed(error) = event.kind {
            return Err(error);
        }
    }
    let image = match task.images().into_iter().next() {
        Some(image) => image,
        // Its end is known: nothing more is sent, and the client says what is wrong with a result without an image.
        None => task.wait_for(session.remaining()).await?,
    };
    Ok(Followed { image, lag: task.lag_seconds().map(figures::to_millis) })
}
