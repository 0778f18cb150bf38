use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use spark_t2i_core::{Error, TaskSnapshot};
use tokio::sync::Notify;

/// What one who waits is told.
pub(super) struct Inbox {
    /// Whether news on the way to the end are wanted, too.
    pub(super) everything: bool,
    mail: Mutex<Mail>,
    pub(super) arrived: Notify,
}

#[derive(Default)]
pub(super) struct Mail {
    pub(super) news: VecDeque<News>,
    pub(super) trouble: Option<Error>,
}

/// Something about a task.
pub(crate) enum News {
    Seen(Arc<TaskSnapshot>),
    Retrying { cause: Error, delay: Duration },
    Over(Error),
}

impl Inbox {
    pub(super) fn new(everything: bool) -> Self {
        Self { everything, mail: Mutex::default(), arrived: Notify::new() }
    }

    pub(super) fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, news: News) {
        self.mail().news.push_back(news);
        self.arrived.notify_one();
    }
}
