use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Fault;
use super::table::Known;
use crate::stats::Kind;

/// The faults that are set now.
pub(crate) struct Faults {
    seed: Option<u64>,
    /// So that a request costs nothing where there are none.
    any: AtomicBool,
    set: Mutex<Set>,
}

struct Set {
    faults: Vec<Fault>,
    /// One for each kind: how often a client asks for its tasks must not decide which creates are struck.
    draws: [StdRng; 4],
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>, seed: Option<u64>) -> Self {
        Self { seed, any: AtomicBool::new(!faults.is_empty()), set: Mutex::new(Set::new(faults, seed)) }
    }

    /// Sets these in place of all others. The draws begin anew, so that they are the same whatever was before.
    pub(crate) fn set(&self, faults: Vec<Fault>) {
        let mut set = self.lock();
        self.any.store(!faults.is_empty(), Ordering::Relaxed);
        *set = Set::new(faults, self.seed);
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        self.lock().faults.clone()
    }

    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// The fault that strikes the next request of this kind, if one does.
    pub(super) fn draw(&self, kind: Kind) -> Option<&'static Known> {
        let set = &mut *self.lock();
        // Drawn even if no fault can strike: which are set must not shift the draws of later requests.
        let mut left: f64 = set.draws.get_mut(kind as usize)?.random();
        let strikes = |fault: &&Fault| {
            left -= fault.probability;
            left < 0.0
        };
        set.faults.iter().filter(|fault| fault.strikes(kind)).find(strikes).map(|fault| fault.known)
    }

    fn lock(&self) -> MutexGuard<'_, Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Set {
    fn new(faults: Vec<Fault>, seed: Option<u64>) -> Self {
        let draws = [0, 1, 2, 3].map(|kind| {
            let differently = |seed: u64| StdRng::seed_from_u64(seed.wrapping_mul(4).wrapping_add(kind + 1));
            seed.map_or_else(rand::make_rng, differently)
        });
        Self { faults, draws }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(texts: &[&str]) -> Vec<Fault> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn drawn(faults: &Faults, kind: Kind, count: usize) -> Vec<Option<&'static str>> {
        (0..count).map(|_| faults.draw(kind).map(|known| known.name)).collect()
    }

    #[test]
    fn each_fault_has_its_share_as_long_as_there_is_any() {
        let set = Faults::new(faults(&["http-500:0.25", "http-429:0.5", "slow-body", "http-503"]), Some(7));
        let drawn = drawn(&set, Kind::Create, 10_000);
        let share = |name| drawn.iter().filter(|drawn| **drawn == Some(name)).count();
        for (name, expected) in [("http-500", 2500), ("http-429", 5000), ("slow-body", 2500)] {
            assert!(share(name).abs_diff(expected) < 200, "{name}: {}", share(name));
        }
        assert_eq!(share("http-503"), 0);
        let never = Faults::new(faults(&["http-500:0"]), None);
        assert!((0..10_000).all(|_| never.draw(Kind::Create).is_none()));
    }

    #[test]
    fn a_seed_settles_the_draws_of_each_kind() {
        let both = || Faults::new(faults(&["http-500:0.5"]), Some(7));
        let (one, other) = (both(), both());
        let first = drawn(&one, Kind::Create, 100);
        drawn(&other, Kind::Status, 17);
        assert_eq!(first, drawn(&other, Kind::Create, 100), "other kinds do not shift them");
        one.set(one.all());
        assert_eq!(first, drawn(&one, Kind::Create, 100), "setting them begins anew");
        assert_ne!(first, drawn(&other, Kind::Estimate, 100));
        assert_ne!(first, drawn(&Faults::new(one.all(), Some(8)), Kind::Create, 100));
    }

    #[test]
    fn a_kind_that_is_not_meant_is_not_struck() {
        let set = Faults::new(faults(&["http-500@status"]), None);
        assert_eq!(drawn(&set, Kind::Status, 2), [Some("http-500"); 2]);
        for kind in [Kind::Create, Kind::Estimate, Kind::Image, Kind::Other] {
            assert_eq!(drawn(&set, kind, 1), [None]);
        }
    }
}
