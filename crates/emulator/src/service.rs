use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use rand::RngExt;
use rand::rngs::StdRng;
use spark_t2i_core::{Code, Decimal, Request, Size};

use crate::answers::{self, Refusal};
use crate::clock::{Clock, Moment};
use crate::fault::Faults;
use crate::id::{Id, Mint};
use crate::latency::Latency;
use crate::limit::RateLimit;
use crate::state_file::StateFile;
use crate::stats::{Counters, Stats};
use crate::store::Store;
use crate::task::{Fate, Record, Requested};

/// What the service does, apart from HTTP.
pub(crate) struct Service {
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) counters: Counters,
    pub(crate) rules: Rules,
    pub(crate) state: Option<StateFile>,
    pub(crate) draws: Mutex<StdRng>,
    pub(crate) mint: Mint,
    pub(crate) faults: Faults,
}

/// What the emulator was told to do.
pub(crate) struct Rules {
    pub(crate) latency: Latency,
    pub(crate) failure_rate: f64,
    pub(crate) price: Arc<Decimal>,
    pub(crate) api_key: Option<Box<str>>,
    pub(crate) progress: bool,
    pub(crate) limit: Option<RateLimit>,
}

impl Service {
    /// Admits a call of the API, by its key and the rate of calls.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let key = headers.get(AUTHORIZATION).map(|value| bearer(value.as_bytes()));
        let reason = match (key, &self.rules.api_key) {
            (None, _) => Some("the API key is missing: send Authorization: Bearer YOUR_API_KEY"),
            (Some(None), _) => Some("the Authorization header holds no key: send Authorization: Bearer YOUR_API_KEY"),
            (Some(Some(key)), Some(demanded)) if !same(key, demanded.as_bytes()) => {
                Some("the API key is not the right one")
            }
            (Some(Some(_)), _) => None,
        };
        if let Some(reason) = reason {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, reason));
        }
        let Some(limit) = &self.rules.limit else { return Ok(()) };
        limit.admit(self.clock.now()).map_err(|wait| Refusal::rate_limited(whole_seconds(wait)))
    }

    /// Creates a task, and charges it. When this returns, the task outlives the process if there is a state file.
    pub(crate) fn create(&self, request: &Request) -> Result<Vec<u8>, Refusal> {
        let now = self.clock.now();
        let (fate, drawn_seed) = self.draw();
        let requested = Requested {
            prompt: &request.prompt,
            model: &request.model,
            seed: request.seed.and_then(|seed| u64::try_from(seed).ok()).unwrap_or(drawn_seed),
            size: request.expected_size(),
            use_pre_llm: request.use_pre_llm.unwrap_or(true),
        };
        let record = Record::new(now, requested, fate);
        let id = self.free_id(now);
        if let Some(state) = &self.state {
            state.append(id, &record).map_err(|error| {
                tracing::error!(%error, "the state file cannot be written; the create is refused");
                let message = format!("the emulator cannot write its state file, so the task was not created: {error}");
                Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message).with_code(Code::TASK_CREATION_ERROR)
            })?;
        }
        let Size { width, height } = record.size;
        tracing::debug!(%id, width, height, latency = ?record.latency, "task created");
        let answer = answers::created(id, &record);
        let cost = Arc::clone(&record.cost);
        self.store.insert(id, record);
        self.counters.charge(&cost);
        Ok(answer)
    }

    /// What chance decides over a task: always the same draws, so that one request does not shift those of the next.
    fn draw(&self) -> (Fate, u64) {
        let mut rng = self.draws.lock().unwrap_or_else(PoisonError::into_inner);
        let latency = self.rules.latency.draw(&mut rng);
        let fails = rng.random_bool(self.rules.failure_rate);
        let seed = rng.random_range(1..=i64::MAX.unsigned_abs());
        (Fate { latency, fails, cost: Arc::clone(&self.rules.price) }, seed)
    }

    fn free_id(&self, now: Moment) -> Id {
        loop {
            let id = self.mint.next(now);
            if !self.store.contains(id) {
                return id;
            }
        }
    }

    /// The answer to a status request for a task, if there is one with this id; `is_told` if it will reach the client.
    pub(crate) fn status(&self, id: Id, is_told: bool, base_url: impl FnOnce() -> String) -> Option<Vec<u8>> {
        let now = self.clock.now();
        self.store.poll(id, now, is_told, |record| answers::task(id, record, now, self.rules.progress, base_url))
    }

    pub(crate) fn estimate(&self, request: &Request) -> Vec<u8> {
        answers::estimate(request, &self.rules.price, self.counters.charged(), self.clock.now())
    }

    pub(crate) fn stats(&self) -> Stats {
        self.counters.stats(&self.store, self.clock.now())
    }

    /// Takes up a task of an earlier run.
    pub(crate) fn restore(store: &Store, counters: &Counters, id: Id, record: Record) {
        let cost = Arc::clone(&record.cost);
        if store.insert(id, record) {
            counters.restored();
            counters.charge(&cost);
        }
    }
}

/// The key in the value of an `Authorization` header.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked(7)?;
    let key = key.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !key.is_empty()).then_some(key)
}

/// Whether two keys are the same, in a time that does not tell where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differing, (one, other)| differing | (one ^ other)) == 0
}

/// As `Retry-After` says it: whole seconds, and not before the time has passed.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use rand::SeedableRng;

    use super::*;

    fn service(state: Option<StateFile>) -> Service {
        let rules = Rules {
            latency: Latency::default(),
            failure_rate: 0.5,
            price: Arc::default(),
            api_key: None,
            progress: true,
            limit: None,
        };
        Service {
            clock: Clock::start(),
            store: Store::new(),
            counters: Counters::default(),
            rules,
            state,
            draws: Mutex::new(StdRng::seed_from_u64(7)),
            mint: Mint::new(),
            faults: Faults::new(Vec::new(), None),
        }
    }

    #[test]
    fn a_task_that_cannot_be_written_is_refused_and_not_charged() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let service = service(Some(StateFile::unwritable(file.path())));
        let refusal = service.create(&Request::new("a fox")).unwrap_err();
        assert_eq!(refusal.into_response().status(), StatusCode::INTERNAL_SERVER_ERROR);
        let stats = service.stats();
        assert_eq!((stats.tasks.created, stats.charges.count), (0, 0));
    }

    #[test]
    fn keys_are_read_from_bearer_alone() {
        for (value, key) in [
            (&b"Bearer k"[..], Some(&b"k"[..])),
            (b"bearer  k ", Some(b"k")),
            (b"Bearer a b", Some(b"a b")),
            (b"Bearer \xff", Some(b"\xff")),
            (b"Bearer ", None),
            (b"Bearer", None),
            (b"Basic k", None),
            (b"", None),
        ] {
            assert_eq!(bearer(value), key, "{value:?}");
        }
        assert!(same(b"key", b"key") && !same(b"key", b"kez") && !same(b"key", b"keys"));
    }

    #[test]
    fn a_client_that_waits_for_whole_seconds_does_not_come_too_early() {
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(2)), 2);
        assert_eq!(whole_seconds(Duration::from_millis(2001)), 3);
    }
}
